"""README, CONTRIBUTING and the documentation: every path and page that they name exists."""

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


DOCS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in (REPOSITORY / "docs").rglob("*.md")
    if not {"generated", "_build"} & set(path.parts)
)

GENERATED = re.compile(
    r"reference/generated/(?:(?:commands|settings|crystals|tables)\.md|networks/)"
)
"""Pages that are written while the site is built."""


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", *DOCS])
def test_every_named_path_exists(name):
    paths = named_paths((REPOSITORY / name).read_text(encoding="utf-8"))
    assert name in DOCS or len(paths) >= 5
    assert [path for path in paths if not exists(path)] == []


def links(text):
    """Targets of the links in a document, without anchors and without other sites."""
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```\w*\n.*?```", "", text, flags=re.DOTALL))
    targets = [target.partition("#")[0] for target in found if "://" not in target]
    return [target for target in targets if target]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", *DOCS])
def test_every_link_leads_somewhere(name):
    place = REPOSITORY / name
    for target in links(place.read_text(encoding="utf-8")):
        path = (place.parent / target).resolve()
        generated = GENERATED.match(path.relative_to(REPOSITORY / "docs").as_posix()) if (
            path.is_relative_to(REPOSITORY / "docs")
        ) else None  # fmt: skip
        assert generated or path.is_file(), target


def test_every_page_is_in_a_list_of_contents():
    listed = set()
    for name in DOCS:
        for block in re.findall(
            r"```\{toctree\}\n(.*?)```", (REPOSITORY / name).read_text(), re.DOTALL
        ):
            for entry in block.split():
                listed.add(((REPOSITORY / name).parent / entry).resolve())
    pages = {(REPOSITORY / name).with_suffix("").resolve() for name in DOCS}
    left_out = {page for page in pages - listed if page.name != "out_of_distribution"}
    assert left_out == {REPOSITORY / "docs" / "index"}


def test_a_wrong_path_is_found():
    text = "See `temnet/config/gone.py`, `tests/test_units.py`. And `models/NAME.yaml`."
    assert named_paths(text) == ["temnet/config/gone.py", "tests/test_units.py"]
    assert not exists("temnet/config/gone.py") and exists("temnet/models/factory.py")
