"""README and CONTRIBUTING: every path that they name exists."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

PATH = re.compile(
    r"(?<![\w/.])(?:temnet|tests|experiments|pretrained|data|models|training)/[\w/.-]*[\w/]"
)
"""Paths in a text; those of three packages may leave out `temnet/`."""


def named_paths(text):
    """Paths in a document, without placeholders such as NAME."""
    paths = {path.rstrip(".") for path in PATH.findall(text)}
    return sorted(path for path in paths if "NAME" not in path)


def exists(path):
    return any((REPOSITORY / start / path).exists() for start in ("", "temnet", "experiments"))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_named_path_exists(name):
    paths = named_paths((REPOSITORY / name).read_text(encoding="utf-8"))
    assert len(paths) >= 8
    assert [path for path in paths if not exists(path)] == []


def test_a_wrong_path_is_found():
    text = "See `temnet/config/gone.py`, `tests/test_units.py`. And `models/NAME.yaml`."
    assert named_paths(text) == ["temnet/config/gone.py", "tests/test_units.py"]
    assert not exists("temnet/config/gone.py") and exists("temnet/models/factory.py")
