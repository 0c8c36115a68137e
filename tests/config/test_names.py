"""Names of files as messages, tables and pages show them."""

import pytest

from temnet.config.names import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Größe 图 e\u0301.tif", "Größe 图 e\u0301.tif"),
        ("\u0639\u0631\u0628\u064a.tif", "\u0639\u0631\u0628\u064a.tif"),  # Arabic itself
        ("\U0001f468\u200d\U0001f469.tif", "\U0001f468\u200d\U0001f469.tif"),  # joined signs
        ("a\nb\x1b[2J\x7f", r"a\nb\x1b[2J\x7f"),
        ("fit\u202efit.exe", r"fit\u202efit.exe"),  # it would be seen as `fitexe.tif`
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("a\u2028b\u2029c\x85", r"a\u2028b\u2029c\x85"),  # line ends of Unicode
        ("\udcff.tif", r"\xff.tif"),
    ],
)
def test_signs_that_hide_something_become_escapes(name, shown):
    assert printable(name) == shown
    assert len(printable(name).splitlines()) == 1
