"""NumPy files: versions of the header, orders of axes."""

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.reading.formats import large_files
from temnet.inference.reading.formats.npy import read_npy

MOVIE = np.random.default_rng(0).integers(0, 4000, (5, 20, 30), dtype=np.uint16)


def write(path, array, version):
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version)
    return path


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_those_that_were_saved(tmp_path, monkeypatch, version, large, order):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if large else 2**25)
    found = read_npy(write(tmp_path / "a.npy", np.asarray(MOVIE, order=order), version))
    assert found.lazy == large and found.axes == () and found.notes == ()
    assert isinstance(found.data, np.ndarray) != large
    np.testing.assert_array_equal(found.data[3,], MOVIE[3])


def test_a_version_that_is_not_known_is_refused(tmp_path):
    path = write(tmp_path / "a.npy", MOVIE, (2, 0))
    content = bytearray(path.read_bytes())
    content[6] = 9
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"version \(9, 0\)"):
        read_npy(path)
