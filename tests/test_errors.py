"""Errors of users' input and of the disk."""

import errno
import shutil
from pathlib import Path

import pytest

from temnet.errors import InputError, disk_errors_as_input_errors


@pytest.mark.parametrize(
    ("number", "error", "text"),
    [(errno.ENOSPC, InputError, "^copy: the disk is full"), (errno.EIO, shutil.Error, "broken")],
)
def test_a_disk_that_refuses_the_copy_of_a_folder(tmp_path, monkeypatch, number, error, text):
    def fails(*arguments, **options):
        raise OSError(number, "it is full or broken")

    monkeypatch.setattr(shutil, "copyfile", fails)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    with pytest.raises(error, match=text), disk_errors_as_input_errors(Path("copy")):
        shutil.copytree(tmp_path / "folder", tmp_path / "copy")
