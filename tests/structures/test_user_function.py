"""A function that settings name: `--check` names it, and what goes wrong in it is one sentence."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from temnet import run
from temnet.config.function_source import source_file, source_hash
from temnet.config.structures.from_file import FromFunction
from temnet.errors import InputError
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field
from temnet.structures.user_function import find_function, left_out, only_named, run_function

MARK = "from pathlib import Path\nPath('it-ran').touch()\n"

SPECIMEN = """
import numpy as np
from ase import Atoms
from temnet.structures.columns import make_structure, project


def make(field, classes, rng, spacing=4.0):
    Path("it-ran").touch()
    rows, cols = np.mgrid[2:field.height:spacing, 2:field.width:spacing]
    places = np.column_stack([cols.ravel(), rows.ravel(), 0 * rows.ravel()])
    atoms = Atoms(f"Au{len(places)}", positions=places)
    column = project(atoms, np.ones(len(atoms), bool))
    return make_structure(atoms, column, lambda atoms: "Au", classes, {"spacing": spacing})
"""

YAML = """
structure: {kind: python, function: 'my_crystals:make', negatives: {probability: 0}}
microscope: {energy: 300e3, grid_sampling: 0.1, aperture_mrad: 30}
camera: {sampling: 0.2, dose: 1000}
labels: {classes: [Au], width: 0.4}
data: {image_size: 32, training: 2, selection: 1, validation: 1, workers: 0, folder: sets}
model: {kind: unet, sampling: 0.2, depth: 1, filters: 2}
stages: [gallery, simulate, train, evaluate, report]
"""


@pytest.fixture
def crystals(tmp_path, monkeypatch):
    """From the text of a module `my_crystals` to its file, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a.yaml").write_text(YAML)

    def forget():
        for name in [name for name in sys.modules if name.startswith("my_")]:
            del sys.modules[name]
        find_function.cache_clear()
        source_hash.cache_clear()

    def written(text, name="my_crystals.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        forget()
        return file

    forget()
    yield written
    forget()


def test_check_names_the_function_and_runs_nothing(crystals, capsys):
    file = crystals(MARK + SPECIMEN)
    assert run.main(["a.yaml", "--check"]) == 0
    text = capsys.readouterr().out
    assert f"would be run, from {file}" in text and "my_crystals:make" in text
    assert "columns and time: not known" in text and "simulate" in text and "evaluate" in text
    assert "my_crystals" not in sys.modules and not Path("it-ran").exists()


def test_without_check_it_is_run(crystals, capsys):
    crystals(MARK)  # it has no function: tried, and refused before anything is written
    assert run.main(["a.yaml", "--stage", "gallery"]) == 2
    assert "there is no make in" in capsys.readouterr().err
    crystals(MARK + "def make(*arguments):\n    return 3\n")
    assert run.main(["a.yaml", "--stage", "gallery"]) == 2
    Path("it-ran").unlink()
    assert "returned int; expected" in capsys.readouterr().err
    crystals(MARK + SPECIMEN)
    assert run.main(["a.yaml", "--stage", "gallery"]) == 0 and Path("it-ran").exists()


def returning(value):
    """A specimen with a further parameter."""
    return MARK + SPECIMEN.replace('"spacing": spacing', f'"spacing": spacing, "more": {value}')


WRONG = [
    ("raise SystemExit(3)\ndef make(): pass", "cannot be imported: SystemExit: 3"),
    ("import sys; sys.exit()\ndef make(): pass", "cannot be imported: SystemExit"),
    ("1 / 0\ndef make(): pass", "cannot be imported: ZeroDivisionError: division by zero"),
    ("import my_gone\ndef make(): pass", "cannot be found (No module named 'my_gone')"),
    ("def make(:", "is not valid Python: SyntaxError"),
    ("make = 3", "my_crystals:make is not a function"),
    ("def other(): pass", "there is no make in"),
    (
        "def make(*a, **b):\n    raise SystemExit(0)",
        "failed: SystemExit: 0 (my_crystals.py, line",
    ),
    (
        "def make(*a, **b):\n    return b['gone']",
        "failed: KeyError: 'gone' (my_crystals.py, line",
    ),
    ("def make(*a, **b):\n    return make()", "failed: RecursionError"),
    ("def make():\n    pass", "failed: TypeError"),
    (returning("np.arange(2000)"), "returned 10,916 bytes of parameters; expected at most 4,096"),
    (returning("{1, 2}"), "cannot be stored (set is not a number"),
    ("def make(*a, **b):\n    raise Exception('one\\ntwo')", "failed: Exception: one (my_"),
]


@pytest.mark.parametrize(("text", "part"), WRONG)
def test_whatever_goes_wrong_in_it_is_one_sentence(crystals, capsys, text, part):
    crystals(text)
    assert run.main(["a.yaml", "--stage", "gallery"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("structure.function: ") and message.count("\n") == 1
    assert part in message and "Traceback" not in message
    assert not Path("runs").exists()


def test_numbers_of_numpy_among_its_parameters_become_plain_ones(crystals):
    crystals(returning("{'a': np.int64(3), 'b': np.arange(2), 'c': np.float32(0.5)}"))
    settings = FromFunction(function="my_crystals:make", options={"spacing": np.float64(2.5)})
    field = Field(height=20.0, width=20.0, margin=0.0)
    made = build_structure(settings, field, ["Au"], np.random.default_rng(0))
    assert made.parameters == {"spacing": 2.5, "more": {"a": 3, "b": [0, 1], "c": 0.5}}
    json.dumps(dict(made.parameters))  # which refuses NumPy's numbers


def test_ctrl_c_in_it_is_ctrl_c(crystals):
    crystals("def make():\n    raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        run_function("my_crystals:make")


@pytest.mark.parametrize("name", ["my_gone:make", "my_crystals.deeper:make", "my_pack.gone:make"])
def test_a_missing_module_is_reported_without_running_anything(crystals, name):
    crystals(MARK + "def make(): pass")
    crystals(MARK, "my_pack/__init__.py")
    with pytest.raises(InputError, match=f"there is no module {name.partition(':')[0]}"):
        source_hash(name)
    assert not Path("it-ran").exists()


def test_a_module_in_the_working_folder_is_found_as_the_installed_command_runs(tmp_path):
    """A script's folder is where Python looks first, and the working folder is no such place."""
    (tmp_path / "my_crystals.py").write_text("from pathlib import Path\n" + SPECIMEN)
    (tmp_path / "a.yaml").write_text(YAML)
    script = tmp_path / "bin" / "temnet"
    script.parent.mkdir()
    script.write_text("import sys\nfrom temnet.__main__ import main\nsys.exit(main())\n")
    command = [sys.executable, script, "run", "a.yaml", "--stage", "gallery"]
    path = [str(Path(run.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "it-ran").exists()


def test_the_file_is_that_in_which_the_function_is_written(crystals):
    """Through packages and imports, which are read and not carried out."""
    crystals(MARK + "from .inner.forms import shape as make\n", "my_pack/__init__.py")
    crystals(MARK, "my_pack/inner/__init__.py")
    last = crystals(MARK + "def shape():\n    return 7\n", "my_pack/inner/forms.py")
    crystals("from my_pack import make\n")
    assert source_file("my_crystals:make") == last
    expected = hashlib.sha256(last.read_bytes()).hexdigest()[:16]
    assert source_hash("my_crystals:make") == source_hash("my_pack:make") == expected
    assert not Path("it-ran").exists()
    assert run_function("my_crystals:make") == 7  # Python itself finds the same one
    assert Path("it-ran").exists()


def test_a_name_that_comes_about_while_the_module_runs_is_not_refused(crystals):
    crystals("globals()['make'] = lambda: 5\n")
    assert len(source_hash("my_crystals:make")) == 16
    assert run_function("my_crystals:make") == 5


def test_what_has_no_source_has_the_hash_of_nothing():
    empty = hashlib.sha256(b"").hexdigest()[:16]
    assert source_hash("math:sin") == empty and source_file("math:sin") is None


def test_nothing_is_run_where_functions_are_only_named(crystals):
    crystals(MARK + "def make(): pass")
    structure = FromFunction(function="my_crystals:make")
    assert not left_out(structure)
    with only_named():
        assert left_out(structure) and not left_out(None)
        with pytest.raises(InputError, match="without it"):
            run_function("my_crystals:make")
    assert not left_out(structure) and not Path("it-ran").exists()
