"""The token that programs and the page show the server, in a file that only its user can read."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from platformdirs import user_data_path

from temnet.errors import InputError
from temnet.system.files import beside, put_in_place

BYTES = 32
"""Random bytes of a token."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,200}")


def default_token_file(port: int) -> Path:
    """The file of a server's token in the user's data folder.

    Args:
        port: The server's port.
    """
    return user_data_path("temnet", appauthor=False) / "live" / f"token-{port}"


def write_new_token(path: Path) -> str:
    """Writes a new token; an older file is replaced.

    Raises:
        OSError: If the file cannot be written.
    """
    token = secrets.token_urlsafe(BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path, "part")
    temporary.unlink(missing_ok=True)
    # Never readable by others, not even before its permissions are set.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(token)
    put_in_place(temporary, path)
    return token


def read_token(path: Path) -> str:
    """The token in a file.

    Raises:
        InputError: If the file is missing, holds no token, or others can read it.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"{path}: the token cannot be read; start `temnet live`, which writes it, or give the "
            "file that it names."
        ) from error
    if not _TOKEN.fullmatch(text):
        raise InputError(
            f"{path}: this file holds no token; expected 32 to 200 letters, digits, - or _ alone."
        )
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError(
            f"{path}: other users may read this token; make it yours alone: chmod 600 {path}"
        )
    return text
