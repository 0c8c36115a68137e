"""A file for the HDF5 library, which crashes the process if a disk refuses its writes."""

from __future__ import annotations

import io
from pathlib import Path


class Hdf5Disk(io.RawIOBase):
    """A new file whose writes never raise; the first failure is kept.

    HDF5 1.14.6 ends the process by a segmentation fault if a full disk refuses the last writes
    while it closes a file.  After the first failure everything is discarded.

    Attributes:
        failure: Error of the disk; None where all was written.
    """

    def __init__(self, path: Path) -> None:
        # Without a buffer, whose errors would come when it is emptied.
        self._file = path.open("w+b", buffering=0)
        self._place = 0
        self.failure: OSError | None = None

    def check(self) -> None:
        """Checks that all was written so far.

        Raises:
            OSError: If the disk refused a write.
        """
        if self.failure is not None:
            raise self.failure

    def write(self, data) -> int:
        """Takes all of it."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            self._file.seek(self._place)
            while self.failure is None and len(left):
                left = left[self._file.write(left) :]
        except OSError as error:
            self.failure = error
        self._place += size
        return size

    def readinto(self, buffer) -> int:
        """Reads; zeros where nothing was written."""
        view = memoryview(buffer).cast("B")
        self._file.seek(self._place)
        found = self._file.readinto(view) or 0
        view[found:] = bytes(len(view) - found)
        self._place += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place."""
        if whence == io.SEEK_END:
            offset += self._file.seek(0, io.SEEK_END)
        elif whence == io.SEEK_CUR:
            offset += self._place
        self._place = offset
        return offset

    def truncate(self, size: int | None = None) -> int:
        """Sets the file's length."""
        length = self._place if size is None else size
        try:
            self._file.truncate(length)
        except OSError as error:
            self.failure = self.failure or error
        return length

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Ends the file."""
        if not self.closed:
            self._file.close()
        super().close()
