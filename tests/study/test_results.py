"""Results of a study: tables, sentences and files of earlier versions."""

from dataclasses import replace
from math import nan

import pytest

from temnet.score_records import Baseline
from temnet.study.intervals import Estimate
from temnet.study.network_section import PublishedStudy, studies_page
from temnet.study.page import StudyPage, write_study_page
from temnet.study.records import (
    ArmDifference,
    ArmScores,
    StudyBaselines,
    StudyRow,
    StudySummary,
    TestResults,
)
from temnet.study.results import StudyResults, read_study_results
from temnet.study.settings import Study
from temnet.tables.csv_rows import write_rows
from temnet.tables.json_records import as_values, from_values, write_record


def estimates(macro, error):
    known = Estimate(macro, macro - 0.1, macro + 0.1)
    return {"macro_f1": known, "f1_C": known, "rms_error_pm": Estimate(error, nan, nan)}


ROWS = [
    StudyRow(
        test="all", arm=arm, network="net", seed=1, macro_f1=f1, f1={"C": f1}, mean_image_f1=f1,
        rms_error_pm=9.0, seconds=120.0, waited=6.0, processor_seconds=210.0,
    )
    for arm, f1 in (("one", 0.5), ("two", 0.6))
]  # fmt: skip

SUMMARY = StudySummary(
    question="Which arm?", settings="0", seeds=[1, 2, 3], arms=["one", "two"], networks=["net"],
    training_differences={"one": "", "two": "seed was 1, is 2"},
    tests={
        "all": TestResults(
            images=4, specimens=2, baselines=StudyBaselines("one", Baseline(0.05, 0.05, {})),
            means=[ArmScores("one", "net", estimates(0.5, 9.0)),
                   ArmScores("two", "net", estimates(0.6, 8.0))],
            differences=[ArmDifference("one", "two", "net", estimates(0.1, -1.0))],
            other_images={"two": ""},
        )
    },
)  # fmt: skip

RESULTS = StudyResults(ROWS, SUMMARY)


def old_values():
    """The same as an earlier version wrote it."""
    values = as_values(SUMMARY)
    values["taught"] = values.pop("training_differences")  # old key
    for key in ("means", "differences"):
        entries = values["tests"]["all"][key]
        values["tests"]["all"][key] = [one | one.pop("scores") for one in entries]
    return values


def test_files_are_read_as_they_were_written(tmp_path):
    write_rows(tmp_path / "study.csv", ROWS, StudyRow, ["C"])
    write_record(tmp_path / "summary.json", SUMMARY)
    found = read_study_results(tmp_path)
    assert list(found.rows) == ROWS and as_values(found.summary) == as_values(SUMMARY)
    first = (tmp_path / "study.csv").read_text().splitlines()[0]
    assert first == (
        "test,arm,network,seed,macro_f1,f1_C,mean_image_f1,rms_error_pm,seconds,waited,"
        "processor_seconds"
    )


def test_a_summary_of_an_earlier_version_is_read():
    assert "scores" not in old_values()["tests"]["all"]["means"][0]
    found = from_values(old_values(), StudySummary, "summary.json")
    assert as_values(found) == as_values(SUMMARY)


def test_tables_have_a_line_for_each_arm():
    header, lines = RESULTS.means_table("all")
    assert header == ("arm", "network", "mean F1 over classes", "F1 of C", "position error (pm)")
    assert lines[1] == ("two", "net", "0.600 [0.500, 0.700]", "0.600 [0.500, 0.700]", "8.0")
    _, (line,) = RESULTS.differences_table("all")
    assert line[0] == "two − one" and line[2].startswith("+0.100 [")
    assert RESULTS.arms_table()[1] == [("one", "–"), ("two", "seed was 1, is 2")]


def test_of_two_trainings_the_brackets_are_their_range():
    seconds = [replace(row, seed=2, macro_f1=row.macro_f1 - 0.3, rms_error_pm=nan) for row in ROWS]
    seconds[1] = replace(seconds[1], macro_f1=0.1)
    twice = StudyResults([*ROWS, *seconds], replace(SUMMARY, seeds=[1, 2]))
    _, lines = twice.means_table("all")
    assert [line[2] for line in lines] == ["0.500 [0.200, 0.500]", "0.600 [0.100, 0.600]"]
    assert lines[0][-1] == "9.0"  # of one training alone
    _, (line,) = twice.differences_table("all")
    assert line[2] == "+0.100 [-0.100, +0.100]"  # of the same seed, 0.1 - 0.2 and 0.6 - 0.5
    assert "no confidence intervals" in twice.intervals and "95 %" in RESULTS.intervals
    assert "95 %" not in twice.caption and "two trainings" in twice.front_caption
    lacking = replace(twice, rows=ROWS)  # a line of study.csv was lost
    assert [line[2] for line in lacking.means_table("all")[1]] == ["0.500", "0.600"]
    assert lacking.differences_table("all")[1][0][2] == "+0.100"
    point = twice.front("all").axes[0].collections[0].get_segments()[0]
    assert point[:, 1] == pytest.approx([0.2, 0.5])
    panel = twice.figure("all").axes[0]
    assert not panel.collections  # no bars, but both trainings
    assert sorted(panel.lines[0].get_ydata()) == pytest.approx([0.2, 0.5])


def test_a_single_training_has_no_intervals():
    once = replace(RESULTS, summary=replace(SUMMARY, seeds=[1]))
    assert "there are no intervals" in once.intervals and "interval" not in once.caption
    assert "In brackets" in RESULTS.intervals and "95 % intervals" in RESULTS.caption
    assert once.front_caption == RESULTS.front_caption and "Bars" not in once.front_caption


def test_sentences_follow_from_the_summary():
    assert "reach 0.050" in RESULTS.chance("all") and "same images" in RESULTS.images("all")
    other = replace(SUMMARY.tests["all"], other_images={"two": "camera.dose was 1, is 2"})
    results = replace(RESULTS, summary=replace(SUMMARY, tests={"all": other}))
    assert "two differ from those of one: camera.dose" in results.images("all")


def test_pages_show_every_table(tmp_path):
    published = PublishedStudy("focal", RESULTS, {"all": "focal/test_1.png"}, "> Two.\n\nA remark.")
    page = studies_page([published])
    assert "\n\n## focal\n\nWhich arm?\n\n> Two.\n\n| arm |" in page
    assert page.endswith("\n\nA remark.\n")
    assert "(focal/test_1.png)" in page and "| two − one | net |" in page
    study = Study(
        question="Which arm?", experiment={}, networks={"net": {}}, seeds=(1,),
        arms={"one": {}, "two": {}},
    )  # fmt: skip
    path = write_study_page(tmp_path, StudyPage(study, RESULTS, {}, {}))
    page = path.read_text()
    assert "Which arm?" in page and "two − one" in page
    assert "<td>2.0</td><td>0.1</td><td>3.5</td>" in page.replace(' class="number"', "")
    assert (tmp_path / "report/test_1.svg").is_file()


def with_networks(*names):
    """The results of one arm, repeated for each network at a tenth more F1 and twice the time."""
    row, mean = ROWS[0], SUMMARY.tests["all"].means[0]
    rows = [
        replace(row, network=name, macro_f1=0.5 + 0.1 * i, processor_seconds=60.0 * 2**i, seed=seed)
        for i, name in enumerate(names)
        for seed in (1, 2)
    ]
    means = [
        replace(mean, network=name, scores=estimates(0.5 + 0.1 * i, 9.0))
        for i, name in enumerate(names)
    ]
    test = replace(SUMMARY.tests["all"], means=means, differences=[])
    summary = replace(SUMMARY, arms=["one"], networks=list(names), tests={"all": test})
    return StudyResults(rows, summary)


def test_of_many_networks_scores_stand_against_time(tmp_path):
    results = with_networks("slim", "wide", "deep")
    assert results.compares_times and not RESULTS.compares_times
    (line, *_) = results.front("all").axes[0].lines
    assert line.get_xdata() == pytest.approx([1.0, 2.0, 4.0])
    assert line.get_ydata() == pytest.approx([0.5, 0.6, 0.7])
    header, lines = results.means_table("all")
    assert header[-1] == "processor time (min)"
    assert [line[-1] for line in lines] == ["1.0", "2.0", "4.0"]
    earlier = [replace(row, processor_seconds=nan) for row in results.rows]
    assert not replace(results, rows=earlier).compares_times
    front = {"all": "sizes/test_1_front.png"}
    published = PublishedStudy("sizes", results, {"all": "sizes/test_1.png"}, "", front)
    assert "(sizes/test_1_front.png)" in studies_page([published])
    study = Study(
        question="Which size?", experiment={}, networks={"net": {}}, seeds=(1,),
        arms={"one": {}, "two": {}},
    )  # fmt: skip
    write_study_page(tmp_path, StudyPage(study, results, {}, {}))
    assert (tmp_path / "report/test_1_front.svg").is_file()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Exception, match=r"summary\.json is missing"):
        read_study_results(tmp_path)
