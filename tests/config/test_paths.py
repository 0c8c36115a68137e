"""Paths count from the YAML that names them, and nothing is read while settings are validated."""

import os
import sys
from typing import get_args

import numpy as np
import pytest

from temnet.config import paths
from temnet.config.experiment import Experiment
from temnet.config.external_files import with_tables
from temnet.config.instrument.camera import Camera
from temnet.config.loading import (
    dump_settings,
    load_experiment,
    parse_assignments,
    write_experiment,
)
from temnet.config.names import PathName
from temnet.config.settings import Settings
from temnet.errors import InputError

MTF = "0 1\n0.5 0.6\n1 0.3\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder `work` beside folders of YAML files and of data."""
    for name in ("work", "yamls/parts", "data", "old"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("data/a.tif", "data/b.tif", "yamls/c.cif", "yamls/parts/c.cif", "work/old.cif"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / "work")
    paths._warned.clear()
    return tmp_path


def loaded(here, text, *assignments, name="yamls/x.yaml"):
    (here / name).write_text(text + "\nstages: [report]\n")
    return load_experiment(here / name, parse_assignments(assignments))


def path_settings(root):
    """Every setting of type `PathName` by its section and key; sections of a kind share a name."""
    found, waiting = set(), [("", root)]
    while waiting:
        section, model = waiting.pop()
        for key, field in model.model_fields.items():
            if repr(PathName) in repr(field.annotation) or "_path" in repr(field.metadata):
                found.add((section, key))
            types = [field.annotation]
            while types:
                kind = types.pop()
                types += get_args(kind)
                if isinstance(kind, type) and issubclass(kind, Settings):
                    waiting.append((key, kind))
    return found


def test_every_path_of_an_experiment_follows_the_rule():
    tables = {("counting_mtf", "table"), ("scintillator_mtf", "table")}  # paths or numbers
    assert path_settings(Experiment) | tables == paths.PATHS | paths.NAMES_OR_PATHS


def test_paths_count_from_the_folder_of_the_yaml(here):
    (here / "yamls/mtf.txt").write_text(MTF)
    experiment = loaded(
        here,
        "images: {files: [../data/*.tif, ../data/a.tif]}\n"
        "structure: {kind: file, path: c.cif}\n"
        "vibrations: {kind: coordination, table: [gold_300K, ./c.cif]}\n"
        "camera: {sampling: 0.1, dose: 1, counting_mtf: {table: mtf.txt}}\n"
        "compare: {runs: [parts, ../data]}\n"
        "data: {folder: sets}\n"
        "training: {start_from: ../data}\n"
        "evaluation: {networks: [mos2-unet, ./parts]}\n",
    )
    data, yamls = here / "data", here / "yamls"
    assert experiment.images.files == (f"{yamls}/../data/*.tif", str(data / "a.tif"))
    assert experiment.structure.path == str(yamls / "c.cif")
    assert experiment.vibrations.table == ("gold_300K", str(yamls / "c.cif"))
    assert experiment.camera.counting_mtf.table == str(yamls / "mtf.txt")
    assert experiment.compare.runs == (str(yamls / "parts"), str(data))
    assert experiment.data.folder == str(yamls / "sets")  # not there yet
    assert experiment.training.start_from == str(data)
    assert experiment.evaluation.networks == ("mos2-unet", str(yamls / "parts"))


def test_a_base_counts_from_its_own_folder(here, monkeypatch):
    (here / "yamls/parts/base.yaml").write_text("structure: {kind: file, path: c.cif}\n")
    experiment = loaded(here, "base: parts/base.yaml")
    assert experiment.structure.path == str(here / "yamls/parts/c.cif")
    monkeypatch.chdir(here)  # below the working folder the path is a relative one
    assert load_experiment("yamls/x.yaml").structure.path == "yamls/parts/c.cif"


def test_the_command_line_counts_from_the_working_folder(here, caplog):
    experiment = loaded(here, "structure: {kind: file, path: c.cif}", "structure.path=old.cif")
    assert experiment.structure.path == "old.cif" and not caplog.text


@pytest.mark.parametrize("name", ["old.cif", "o*.cif"])
def test_the_earlier_rule_works_with_one_warning(here, caplog, name):
    text = f"images: {{files: [{name}, ../data/a.tif]}}"
    for _ in range(2):
        experiment = loaded(here, text)
        assert experiment.images.files == (name, str(here / "data/a.tif"))
    assert caplog.text.count("images.files") == 1 and str(here / "yamls") in caplog.text


def test_of_two_files_that_of_the_new_rule_is_taken(here, caplog):
    (here / "work/c.cif").touch()
    experiment = loaded(here, "structure: {kind: file, path: c.cif}")
    assert experiment.structure.path == str(here / "yamls/c.cif") and not caplog.text


def test_whole_paths_and_missing_ones_stay_as_they_are(here):
    text = f"images: {{files: [{here}/gone.tif, ~/x.tif, gone/*.tif]}}"
    assert loaded(here, text).images.files == (f"{here}/gone.tif", "~/x.tif", "gone/*.tif")


def test_brackets_in_the_name_of_a_folder_are_no_pattern(here):
    (here / "day [1]").mkdir()
    for name in ("a.tif", "d[1].tif"):
        (here / "day [1]" / name).touch()
    experiment = loaded(here, "images: {files: ['*.tif', 'd[1].tif']}", name="day [1]/x.yaml")
    folder = str(here / "day [1]")
    assert experiment.images.files == (
        f"{here}/day [[]1]/*.tif", os.path.join(folder, "d[1].tif"),
    )  # fmt: skip


def test_links_lead_where_the_system_follows_them(here):
    (here / "link").symlink_to(here / "yamls/parts")
    experiment = loaded(here, "structure: {kind: file, path: ../c.cif}", name="link/x.yaml")
    assert os.path.samefile(experiment.structure.path, here / "yamls/c.cif")


def test_what_is_written_elsewhere_reads_back_to_the_same_files(here, monkeypatch):
    monkeypatch.chdir(here)
    text = (
        "images: {files: [../data/a.tif]}\nstructure: {kind: file, path: c.cif}\n"
        "training: {start_from: ./parts}\nevaluation: {networks: [mos2-unet]}\n"
    )
    experiment = loaded(here, text)
    assert experiment.structure.path == "yamls/c.cif"
    for folder, start in (("yamls", "./parts"), ("old", "../yamls/parts")):
        write_experiment(experiment, here / folder / "out.yaml")
        written = (here / folder / "out.yaml").read_text()
        assert f"start_from: {start}\n" in written and "- mos2-unet\n" in written
        assert load_experiment(here / folder / "out.yaml") == experiment
    monkeypatch.chdir(here / "work")  # from another working folder the same files are found
    again = load_experiment(here / "old/out.yaml")
    assert again.structure.path == str(here / "yamls/c.cif")


TOUCHED = (
    "structure: {kind: python, function: 'writes_a_file:make'}\n"
    "vibrations: {kind: snapshots, file: gone.npz}\n"
    "camera: {sampling: 0.1, dose: 1, counting_mtf: {table: gone.txt}}\n"
    "images: {files: [gone.tif]}\nprediction: {network: ./gone}\n"
    "compare: {runs: [gone, gone2]}\ntraining: {start_from: ./gone}\n"
)


def test_nothing_is_read_or_run_while_settings_are_validated(here, monkeypatch):
    (here / "work/writes_a_file.py").write_text("open('it-ran', 'w')\ndef make(): pass\n")
    monkeypatch.syspath_prepend(here / "work")
    opened = []
    (here / "yamls/gone.txt").write_text("no table")

    def note(event, arguments):
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(str(here)):
            opened.append(os.path.basename(arguments[0]))

    sys.addaudithook(note)
    experiment = loaded(here, TOUCHED)
    assert set(opened) == {"x.yaml"} and not (here / "work/it-ran").exists()
    assert experiment.camera.counting_mtf.table == str(here / "yamls/gone.txt")


def test_a_measured_transfer_function_is_its_content(here):
    (here / "work/mtf.txt").write_text(MTF)
    camera = Camera(sampling=0.1, dose=1, counting_mtf={"table": "mtf.txt", "power": 3})
    read = with_tables(camera).counting_mtf
    assert read.table == ((0, 1), (0.5, 0.6), (1, 0.3)) and read.power == 3
    assert with_tables(camera).scintillator_mtf == camera.scintillator_mtf
    np.testing.assert_equal(with_tables(with_tables(camera)), with_tables(camera))


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "camera.counting_mtf.table: the file 'mtf.txt' does not exist"),
        ("a b\n", "two columns of numbers"),
        ("0 1 2\n1 1 1\n", "pairs"),
        ("0 1\n", "two or more pairs"),
        ("0 0.9\n1 0.5\n", "the value 1 at q = 0"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_sentence(here, content, part):
    if content is not None:
        (here / "work/mtf.txt").write_text(content)
    camera = Camera(sampling=0.1, dose=1, counting_mtf={"table": "mtf.txt"})
    with pytest.raises(InputError) as caught:
        with_tables(camera)
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_dumps_without_a_folder_count_from_the_working_folder(here):
    experiment = loaded(here, "structure: {kind: file, path: c.cif}")
    assert f"path: {here}/yamls/c.cif" in dump_settings(experiment)
