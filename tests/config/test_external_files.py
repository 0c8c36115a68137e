"""Files and functions of specimens are identified by their content."""

import importlib
import sys

import pytest

from temnet.config.external_files import TABLES, source_hashes
from temnet.config.function_source import source_hash
from temnet.config.loading import validate
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.vibrations import (
    CoordinationVibrations,
    NoVibrations,
    SnapshotVibrations,
)
from temnet.data.store import describe
from temnet.errors import InputError
from temnet.stages.simulate import settings
from temnet.structures.user_function import find_function

VALUES = {
    "seed": 1,
    "structure": {"kind": "nanoparticle"},
    "vibrations": {"kind": "coordination", "table": "gold_300K", "sigma": {"default": 0.05}},
    "microscope": {"energy": 300e3, "grid_sampling": 0.05, "aperture_mrad": 50},
    "camera": {"sampling": 0.2, "dose": 1000},
    "labels": {"classes": ["metal"], "width": 0.4},
    "data": {"image_size": 64},
    "model": {"kind": "unet", "sampling": 0.2},
    "stages": ["simulate"],
}

SECTIONS = {
    "structure.path": lambda file: {
        "structure": {"kind": "file", "path": file},
        "labels": {"classes": ["Au"], "width": 0.4},
    },
    "vibrations.file": lambda file: {"vibrations": {"kind": "snapshots", "file": file}},
    "vibrations.table": lambda file: {
        "vibrations": {"kind": "coordination", "table": ["gold_300K", file]}
    },
}


def known_by(experiment):
    """Everything that distinguishes stored sets and results."""
    simulation = experiment.simulation
    return simulation.identity(), describe(simulation, "validation"), settings(experiment)


@pytest.mark.parametrize("key", SECTIONS)
def test_a_file_is_known_by_its_content(key, tmp_path):
    file = tmp_path / "a.x"
    experiment = validate({**VALUES, **SECTIONS[key](str(file))}, "test")
    file.write_text("4.08")
    before = known_by(experiment)
    file.write_text("5.20")
    for old, new in zip(before, known_by(experiment), strict=True):
        assert old != new
    file.write_text("4.08")  # at another time, but the same
    assert known_by(experiment) == before


@pytest.mark.parametrize("key", SECTIONS)
def test_a_missing_file_is_named_in_one_sentence(key, tmp_path):
    experiment = validate({**VALUES, **SECTIONS[key](str(tmp_path / "gone.x"))}, "test")
    with pytest.raises(
        InputError, match=rf"^{key}: the (file|table) .*gone\.x.* does not exist.*\.$"
    ):
        experiment.simulation.identity()


def test_the_name_of_a_shipped_table_stands_for_it():
    """Sets that were made before files counted keep their identity."""
    assert validate(VALUES, "test").simulation.identity() == "c494069004f90e23"
    named = CoordinationVibrations(table="gold_300K")
    assert source_hashes(None, named) == source_hashes(None, NoVibrations()) == {}
    by_path = CoordinationVibrations(table=str(TABLES / ".." / "tables" / "gold_300K.yaml"))
    assert len(source_hashes(None, by_path)) == 1


def test_every_source_has_a_hash_of_its_own(tmp_path):
    for name in ("a.cif", "b.npz"):
        (tmp_path / name).write_text(name)
    hashes = source_hashes(
        FromFile(path=str(tmp_path / "a.cif")), SnapshotVibrations(file=str(tmp_path / "b.npz"))
    )
    # printf a.cif | sha256sum | head -c 16
    assert hashes == {
        "content of structure.path": "1def110ed7cba6e2",
        "content of vibrations.file": "5dcff8f4b25c7df5",
    }


@pytest.fixture
def specimens(tmp_path, monkeypatch):
    """From the text of a module to the hashes that a new process would find."""
    monkeypatch.syspath_prepend(tmp_path)

    def imported(text, function="make"):
        (tmp_path / "my_specimens.py").write_text(text)
        sys.modules.pop("my_specimens", None)
        importlib.invalidate_caches()
        find_function.cache_clear()
        source_hash.cache_clear()
        return source_hashes(FromFunction(function=f"my_specimens:{function}"), NoVibrations())

    yield imported
    sys.modules.pop("my_specimens", None)
    find_function.cache_clear()
    source_hash.cache_clear()


PLAIN = "def make(field, classes, rng):\n    return 1\n"


def test_a_function_is_known_by_its_source(specimens):
    first = specimens(PLAIN)
    assert list(first) == ["content of structure.function"]
    assert specimens(PLAIN.replace("1", "2")) != first
    assert specimens(PLAIN) == first


def test_a_function_that_was_imported_stays_what_it_was(specimens, tmp_path):
    """Its file may change while a process runs, which continues with the imported source."""
    first = specimens(PLAIN)
    (tmp_path / "my_specimens.py").write_text(PLAIN.replace("1", "2"))
    again = source_hashes(FromFunction(function="my_specimens:make"), NoVibrations())
    assert again == first


def test_a_function_made_from_another_is_known_by_its_module(specimens):
    made = "import functools\n" + PLAIN + "half = functools.partial(make, 1)\n"
    assert specimens(made, "half") == specimens(made, "make")
    assert specimens(made + "\n", "half") != specimens(made[:-1], "half")


def test_a_wrapped_function_is_known_by_its_own_file(specimens, tmp_path):
    (tmp_path / "my_wrapper.py").write_text(
        "import functools\n\n\ndef wrapped(f):\n    @functools.wraps(f)\n"
        "    def other(*arguments):\n        return f(*arguments)\n    return other\n"
    )
    text = "from my_wrapper import wrapped\n\n\n@wrapped\n" + PLAIN
    assert specimens(text) != specimens(text.replace("1", "2"))
    sys.modules.pop("my_wrapper", None)
