import pytest

from temnet.system.file_names import safe_whole_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CON", "CON_"),
        ("nul.x", "nul_.x"),
        ("Nul .tar.gz", "Nul_.tar.gz"),
        ("aux.", "aux_"),
        ("COM¹", "COM¹_"),
        ("lpt9.dm4", "lpt9_.dm4"),
        ("CONIN$", "CONIN$_"),
        ("end. .", "end"),
        ('a:b<c>d"e/f\\g|h?i*j\tk', "a-b-c-d-e-f-g-h-i-j-k"),
        ("\udcff", "-"),
        ("", ""),
        (". .", ""),
        # These are fine:
        ("console", "console"),
        ("com10", "com10"),
        ("lpt", "lpt"),
        ("my.con", "my.con"),
        (".hidden", ".hidden"),
        ("Åµ–é", "Åµ–é"),
    ],
)
def test_names_are_those_that_windows_keeps(text, expected):
    """The rules of Microsoft's page "Naming Files, Paths, and Namespaces"."""
    assert safe_whole_name(text) == expected
    assert safe_whole_name(expected) == expected
