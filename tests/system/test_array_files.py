import numpy as np
import pytest

from temnet.errors import InputError
from temnet.system.array_files import read_arrays, write_arrays


def test_arrays_come_back_in_the_order_asked_for(tmp_path):
    path = tmp_path / "a.npz"
    write_arrays(path, {"mask": np.array([True, False]), "name": np.asarray("Mo")})
    name, mask = read_arrays(path, ["name", "mask"], "write it again")
    assert str(name) == "Mo" and mask.tolist() == [True, False] and mask.dtype == bool
    with np.load(path) as file:
        assert set(file.files) == {"mask", "name"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"PK\x03\x04 cut", "cannot be read"), (b"text", "cannot be read")],
)
def test_a_file_that_is_missing_or_damaged_is_named_with_the_remedy(tmp_path, content, words):
    path = tmp_path / "a.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.npz: .*{words}.*; write it again\."):
        read_arrays(path, ["mask"], "write it again")


def test_an_array_that_is_missing_is_named(tmp_path):
    write_arrays(tmp_path / "a.npz", {"mask": np.zeros(1)})
    with pytest.raises(InputError, match="no array name, but mask"):
        read_arrays(tmp_path / "a.npz", ["mask", "name"], "write it again")
