"""The section of the page on the scores of networks."""

import html
import re

from temnet.reporting.sections.scores import evaluate_section


def text(section):
    shown = re.sub(r"<[^>]*>", " ", " ".join(part.text for part in section.parts))
    return re.sub(r"\s+", " ", html.unescape(shown))


def test_the_section_has_the_numbers_of_both_networks(scored_run):
    section = evaluate_section(scored_run)
    shown = text(section)
    for part in (
        "9 simulated images",
        "by chance 0.123 0.100",
        "never S 0.500 0.400",
        "S 2 1 1 – – 0.500",  # columns, found, false positives, precision, recall, F1
        "two minus one 2 2 0.100 [0.000, 0.200] 1 1 0.5",
        "All scored images have columns.",
        "evaluate/thresholds.csv",
    ):
        assert part in shown, part
    for name in ("f1_histogram", "confusion", "precision_recall", "reliability", "f1_difference"):
        assert (scored_run.figures / f"{name}.png").is_file()
    # Neither conditions that differ nor a sweep.
    assert not (scored_run.figures / "conditions.png").exists()
    assert not (scored_run.figures / "sweep.png").exists()


def test_before_the_stage_there_is_no_section(scored_run):
    (scored_run.root / "evaluate/summary.json").unlink()
    assert evaluate_section(scored_run) is None
