"""A file for HDF5: it holds what was written, and keeps the first failure."""

import errno

import pytest

from temnet.reporting.files.hdf5_disk import Hdf5Disk


def test_written_bytes_are_read_back_and_gaps_are_zero(tmp_path):
    with Hdf5Disk(tmp_path / "a") as disk:
        disk.write(b"abc")
        disk.seek(5)
        disk.write(b"de")
        assert disk.tell() == 7 and disk.seek(0, 2) == 7
        disk.seek(1)
        buffer = bytearray(8)
        assert disk.readinto(buffer) == 8 and buffer == b"bc\0\0de\0\0"
        disk.check()
    assert (tmp_path / "a").read_bytes() == b"abc\0\0de"


def test_the_first_failure_is_kept_and_raised_when_asked_for(tmp_path):
    class Full:
        def __init__(self, file):
            self.file, self.left = file, 4

        def write(self, data):
            if not self.left:
                raise OSError(errno.ENOSPC, "No space left on device")
            count = self.file.write(data[: self.left])
            self.left -= count
            return count

        def __getattr__(self, name):
            return getattr(self.file, name)

    with Hdf5Disk(tmp_path / "a") as disk:
        disk._file = Full(disk._file)
        assert disk.write(b"abcdef") == 6  # taken, as HDF5 wants it
        assert disk.write(b"gh") == 2
        with pytest.raises(OSError, match="No space left"):
            disk.check()
    assert (tmp_path / "a").read_bytes() == b"abcd"
