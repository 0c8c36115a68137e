"""The stage report: a page of whatever results a run has."""

from temnet.config.loading import validate
from temnet.stages.report import STAGE
from temnet.workflow.stage import Work, silent

EXPERIMENT = validate({"stages": ["report"]}, "a-run")


def page(root):
    STAGE.run(Work(EXPERIMENT, root, root / "report", None, silent))
    return (root / "index.html").read_text(encoding="utf-8")


def test_it_depends_on_no_setting_and_runs_every_time():
    other = validate({"seed": 7, "stages": ["report"]}, "b")
    assert STAGE.always and STAGE.settings(EXPERIMENT) == STAGE.settings(other)
    assert STAGE.requires == () and STAGE.check(EXPERIMENT) is None


def test_the_page_shows_what_is_there_and_links_only_to_it(tmp_path):
    root = tmp_path / "a-run"
    root.mkdir()
    empty = page(root)
    assert "a-run" in empty and "no results" in empty and "log.txt" not in empty
    (root / "log.txt").write_text("text")
    found = page(root)
    assert found.count('href="log.txt"') == 1 and found != empty
