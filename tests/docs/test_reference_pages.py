"""Generated pages of the reference: nothing of the code is left out."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from reference_pages import commands, crystals, networks, settings, tables

from temnet.__main__ import SUBCOMMANDS
from temnet.config.schema import json_schema
from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.tables.csv_rows import column_help

REPOSITORY = Path(__file__).parents[2]
WRITERS = ("write_rows", "RowWriter")


def modules_with(*words):
    """The syntax trees of the modules whose text has one of these words."""
    for path in (REPOSITORY / "temnet").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in words):
            yield ast.parse(text)


def row_types_that_are_written():
    """Names of the classes that are written as rows, read off the calls in the code."""
    for module in modules_with(*WRITERS):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRITERS:
                for argument in node.args:
                    if isinstance(argument, ast.Name) and argument.id[:1].isupper():
                        yield argument.id


def test_every_compound_has_a_line():
    page = crystals.page()
    for name in COMPOUNDS:
        assert f"| {name} |" in page
    # Gold, a = 4.0782 Å: columns along [110] are a√(3/8) apart.
    assert "[110] 2.50" in page.partition("| Au |")[2].partition("\n")[0]


def test_every_table_is_on_the_page():
    shown = {one.row_type.__name__ for one in tables.tables()}
    written = set(row_types_that_are_written())
    assert len(written) >= 12 and written <= shown
    # Classes by name, since some tables are written in a loop.
    named = {
        node.name
        for module in modules_with("Row:", "Row(")
        for node in module.body
        if isinstance(node, ast.ClassDef) and re.search(r"[a-z]Row$", node.name)
        and any("dataclass" in ast.unparse(each) for each in node.decorator_list)
    }  # fmt: skip
    assert {"ColumnRow", "SiteRow"} <= named <= shown


def test_every_file_name_in_the_code_is_on_the_page():
    """Names of tables that the stages write."""
    page = tables.page()
    for path in (REPOSITORY / "temnet" / "stages").glob("*.py"):
        for name in re.findall(r'"(\w+\.csv)"', path.read_text(encoding="utf-8")):
            assert re.search(rf"^### .*\b{re.escape(name)}", page, re.MULTILINE), name


def test_every_column_is_explained():
    page = tables.page()
    for one in tables.tables():
        for name, text in column_help(one.row_type).items():
            assert len(text) > 8
            assert f"| `{name}` | {tables.markdown(text)} |" in page


def test_every_option_of_every_command_is_on_the_page():
    page = commands.page()
    for name, subcommand in SUBCOMMANDS.items():
        section = page.split(f"\n## `temnet {name}`\n")[1].split("\n## ")[0]
        parser = import_module(subcommand.module)._parser()
        for action in parser._actions:
            for option in action.option_strings:
                assert option in ("-h", "--help") or option in section, (name, option)
    assert "--outputs LIST" in page and str(REPOSITORY) not in page


def test_every_setting_is_on_the_page():
    page, schema = settings.page(), json_schema()
    for name, section in schema["$defs"].items():
        start = page.index(f"(setting-{name.lower()})=")
        part = page[start:].split("\n(setting-")[0]
        for setting in set(section["properties"]) - {"base", "kind"}:
            assert f"| `{setting}` |" in part, (name, setting)
    for setting in set(schema["properties"]) - {"base"}:
        assert f"| `{setting}` |" in page
    anchors = re.findall(r"\(#(setting-\w+)\)", page)
    assert all(f"({anchor})=" in page for anchor in anchors)
    # From temnet/config/analysis/images.py: a default, a unit and bounds.
    assert "| `spacing` | number [Å], above 0.5, below 50 |" in page
    assert "| `max_shift` | number [Å], above 0, up to 20 | `1.5` |" in page


def test_the_networks_have_their_pages():
    pages = networks.pages(REPOSITORY / "pretrained", "../../../../pretrained")
    names = {path.parent.name for path in (REPOSITORY / "pretrained").glob("*/card.json")}
    assert set(pages) == {"index.md", "studies.md"} | {f"{name}.md" for name in names}
    place = REPOSITORY / "docs" / "reference" / "generated" / "networks"
    for text in pages.values():
        for mark, _, target in networks.LINK.findall(text):
            path, _, heading = target.partition("#")
            if not path:
                assert f"\n## {heading}\n" in text
                continue
            assert path in pages or (place / path).resolve().is_file() or "://" in path
            assert not (mark and path in pages)


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("[a](b-unet/README.md)", ".", "[a](b-unet.md)"),
        ("[a](studies/README.md#c)", ".", "[a](studies.md#c)"),
        ("[a](../README.md)", "b-unet", "[a](index.md)"),
        ("![a](x/y.png)", "studies", "![a](up/studies/x/y.png)"),
        ("[a](https://b.c/README.md) [d](#e)", ".", "[a](https://b.c/README.md) [d](#e)"),
    ],
)
def test_links_are_moved(text, place, expected):
    assert networks.moved(text, place, "up") == expected
