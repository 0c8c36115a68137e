import numpy as np
import pytest
from ase import Atoms

from temnet.config.structures.vibrations import SnapshotVibrations
from temnet.errors import InputError
from temnet.structures.columns import make_structure
from temnet.structures.geometry import random_rotation
from temnet.structures.vibrations.displacements import displaced
from temnet.structures.vibrations.snapshots import Snapshots, encode_snapshots, read_snapshots


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 20, (30, 3))
    return Snapshots(np.repeat([79, 6], 15), places, rng.normal(0, 0.1, (8, 30, 3)))


@pytest.fixture
def path(frames, tmp_path):
    file = tmp_path / "snapshots.npz"
    file.write_bytes(encode_snapshots(frames))
    return str(file)


def structure(positions, numbers):
    return make_structure(
        Atoms(numbers=numbers, positions=positions), np.arange(len(numbers)), lambda c: "x",
        ("x",), {},
    )  # fmt: skip


def test_frames_turn_with_the_specimen(frames, path):
    rotation = random_rotation(np.random.default_rng(1))
    specimen = structure(frames.places @ rotation.T + [3, -2, 7], frames.numbers)
    settings = SnapshotVibrations(file=path, configurations=8)
    found = displaced(specimen, settings, np.random.default_rng(2))
    shifts = np.stack([one.atoms.positions - specimen.atoms.positions for one in found])
    turned = frames.moves @ rotation.T
    # Each frame once, in some order.
    distance = np.abs(shifts[:, None] - turned[None]).max(axis=(2, 3))
    np.testing.assert_array_equal(np.sort(distance.argmin(axis=1)), np.arange(8))
    assert distance.min(axis=1).max() < 1e-5
    (halved,) = displaced(
        specimen, SnapshotVibrations(file=path, scale=0.5), np.random.default_rng(2)
    )
    shift = halved.atoms.positions - specimen.atoms.positions
    assert np.abs(shift - 0.5 * turned).max(axis=(1, 2)).min() < 1e-5


def test_another_specimen_is_refused(frames, path):
    settings = SnapshotVibrations(file=path)
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="a specimen of 30 atoms, but the structure has 29"):
        displaced(structure(frames.places[1:], frames.numbers[1:]), settings, rng)
    with pytest.raises(InputError, match="differs from the simulated one"):
        displaced(structure(1.05 * frames.places, frames.numbers), settings, rng)
    with pytest.raises(InputError, match="more than the 8 snapshots"):
        displaced(
            structure(frames.places, frames.numbers),
            SnapshotVibrations(file=path, configurations=9), rng,
        )  # fmt: skip


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="x.npz cannot be read as snapshots"):
        read_snapshots(str(tmp_path / "x.npz"))
    with pytest.raises(InputError, match="vibrations.file: the file '.*none.npz' does not"):
        read_snapshots(str(tmp_path / "none.npz"))
