"""The stored sets of an experiment: what is missing, damaged or of other settings."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from temnet.config.loading import validate
from temnet.data.generate import generate_set
from temnet.data.shards import SHARD
from temnet.errors import InputError
from temnet.stages.stored_sets import StoredSets

COUNT = SHARD + 3


def settings(folder, **data):
    return {
        "structure": {"kind": "mos2", "holes": 0},
        "microscope": {
            "energy": 50e3, "grid_sampling": 0.25, "aperture_mrad": 30,
            "defocus": {"steps": [0, 50]},
        },
        "camera": {"sampling": 0.25, "dose": 1e4},
        "labels": {"classes": ["Mo", "S2"], "width": 0.4},
        "data": {"image_size": [16, 24], "training": 1, "selection": 1, "validation": COUNT,
                 "workers": 0, "augment": False, "folder": str(folder), **data},
        "model": {"kind": "unet", "sampling": 0.25, "depth": 1},
        "stages": ["simulate"],
    }  # fmt: skip


def sets(folder, **data):
    return StoredSets.of(validate(settings(folder, **data), "test"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A whole set of one shard and three examples."""
    one = sets(tmp_path_factory.mktemp("sets"))
    folder = one.folder("validation")
    generate_set(one.simulation, one.data, "validation", folder, lambda count: None)
    return one


def test_fresh_training_examples_are_not_stored(tmp_path):
    assert sets(tmp_path).splits == ["training", "selection", "validation"]
    assert sets(tmp_path, source="fresh").splits == ["selection", "validation"]


def test_missing_examples_are_counted(made, tmp_path):
    assert made.missing("validation") == 0 and made.missing("training") == 1
    more = replace(made, data=made.data.model_copy(update={"validation": COUNT + 5}))
    assert more.missing("validation") == 5
    assert sets(tmp_path).missing("validation") == COUNT


def test_examples_come_in_order_and_spread_ones_from_all_of_the_set(made):
    every = list(made.examples("validation"))
    assert len(every) == COUNT
    chosen = made.spread_examples("validation", 4)
    assert list(chosen) == [0, 5, 10, 15]  # steps of 19 / 4, rounded up
    for index, example in chosen.items():
        np.testing.assert_array_equal(example.images, every[index].images)


def test_a_set_of_other_settings_is_refused(made):
    made.check(["validation", "training"])
    camera = made.simulation.camera.model_copy(update={"dose": 20.0})
    other = replace(made, simulation=replace(made.simulation, camera=camera))
    with pytest.raises(InputError, match=r"camera\.dose"):
        other.check(["validation"])


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is not a folder"):
        sets(tmp_path / "file" / "sets").check(["training"])


def test_damaged_examples_are_missing_after_the_repair(made, tmp_path):
    folder = made.folder("validation").parent
    shutil.copytree(folder, tmp_path / "copy")
    copy = sets(tmp_path / "copy")
    files = copy.folder("validation").glob("images/c/0/**/*")  # of the first shard
    chunk = next(path for path in files if path.is_file())
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 0xFF
    chunk.write_bytes(content)
    lines = copy.repair()
    assert f"validation: damaged examples 0 to {SHARD - 1}" in lines
    assert copy.missing("validation") == SHARD
    assert "validation: nothing damaged" in made.repair()


def test_the_size_is_that_of_half_precision_images(made):
    assert made.size(10) == 10 * 16 * 24 * 2 * 2  # two focal images, two bytes
