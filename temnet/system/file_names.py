"""Names of files and folders that every operating system accepts."""

from __future__ import annotations

import re

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.I)
"""Names that no file or folder has on Windows."""


def safe_name(text: str) -> str:
    """Text as a part of a file's name on every system.

    >>> safe_name("metal:1-3"), safe_name("a/b c.tif")
    ('metal-1-3', 'a-b c.tif')
    """
    # The last ones stand for bytes that are not UTF-8.
    return re.sub('[\x00-\x1f<>:"/\\\\|?*\ud800-\udfff]', "-", text)


def safe_whole_name(text: str) -> str:
    """Text as the whole name of a file or folder on every system; empty if nothing is left of it.

    Windows drops dots and blanks at the end, and keeps some names for devices.

    >>> safe_whole_name("a:b. ."), safe_whole_name("Con.tif"), safe_whole_name("...")
    ('a-b', 'Con_.tif', '')
    """
    name = safe_name(text).rstrip(". ")
    device = _DEVICE.fullmatch(name)
    return f"{device[1]}_{device[2] or ''}" if device else name
