"""The verdict on the terminal and the findings in the log."""

import logging

import pytest

from temnet.inference.checks.finding import Finding
from temnet.stages.prediction.verdict import DETAILS, LOGGER, log_verdict

NOTE = Finding("lattice", "note", "no lattice stands out")
NOISE = Finding("noise", "warning", "more noise", "12 %")


@pytest.mark.parametrize(
    ("verdict", "findings", "level"),
    [
        ("in distribution", [], logging.INFO),
        ("in distribution", [NOTE], logging.INFO),
        ("in distribution", [NOTE, NOISE], logging.WARNING),
        ("out of distribution", [Finding("noise", "out of distribution", "a")], logging.WARNING),
    ],
)
def test_one_line_for_the_user_and_one_of_details_for_each_finding(
    caplog, verdict, findings, level
):
    with caplog.at_level(logging.INFO, "temnet"):
        log_verdict("a.tif", verdict, findings)
    (line,) = (record for record in caplog.records if record.name == LOGGER.name)
    assert line.levelno == level and line.message.startswith("a.tif")
    assert "12 %" not in line.message and NOTE.sentence not in line.message
    details = [record.message for record in caplog.records if record.name == DETAILS.name]
    assert len(details) == len(findings)
    if NOISE in findings:
        assert "12 %" in details[1] and NOTE.sentence in details[0]
