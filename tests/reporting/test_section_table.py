"""Which sections a page has, and in which order."""

import sys
from types import SimpleNamespace

import pytest

from temnet.config.experiment import STAGES
from temnet.reporting.page import Section
from temnet.reporting.run_results import RunResults
from temnet.reporting.section_table import SECTIONS, sections_of


@pytest.fixture
def source(tmp_path):
    return RunResults(tmp_path, tmp_path / "report", SimpleNamespace())


@pytest.fixture
def made(monkeypatch):
    """Sections of two stages that a test can follow, in the order of the table."""
    calls = []

    def section_maker(name, result):
        def make(source):
            calls.append(name)
            return result

        return make

    module = SimpleNamespace(
        first=section_maker("first", Section("First", [])),
        none=section_maker("none", None),
        last=section_maker("last", Section("Last", [])),
    )
    monkeypatch.setitem(sys.modules, "temnet.made_sections", module)
    table = (
        ("train", "made_sections:first"), ("train", "made_sections:none"),
        ("movie", "made_sections:last"), ("gallery", "no_such_module:section"),
    )  # fmt: skip
    monkeypatch.setattr("temnet.reporting.section_table.SECTIONS", table)
    return calls


def test_sections_of_the_stages_with_results_in_order(source, made):
    (source.root / "movie").mkdir()
    (source.root / "train").mkdir()
    assert [section.title for section in sections_of(source)] == ["First", "Last"]
    assert made == ["first", "none", "last"]


def test_modules_of_stages_without_results_are_not_imported(source, made):
    (source.root / "train").mkdir()
    assert [section.title for section in sections_of(source)] == ["First"]
    (source.root / "gallery").touch()  # a file is no result
    assert "last" not in made and len(list(sections_of(source))) == 1
    (source.root / "gallery").unlink()
    (source.root / "gallery").mkdir()
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        list(sections_of(source))


def test_every_stage_but_the_page_itself_has_a_section():
    assert {stage for stage, _ in SECTIONS} == set(STAGES) - {"report"}
