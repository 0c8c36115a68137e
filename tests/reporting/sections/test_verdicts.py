"""The verdict on each series as the page's first paragraph."""

from temnet.inference.checks.finding import Finding
from temnet.reporting.files.series_file import SeriesRecord
from temnet.reporting.sections.verdicts import MOST_NAMED, verdicts

KNOWN = ("pixel size", "power spectrum")


def series(file, **values):
    given = {"frames": 1, "rows": 8, "cols": 9, "sampling": 0.21, "network": "n", "classes": ("m",)}
    return SeriesRecord(file=file, **(given | values))


def test_each_series_has_a_paragraph_and_those_out_of_distribution_come_first():
    few = Finding("few columns", "warning", "most frames find too little", "3 of 40")
    parts = [
        series("in.tif", compared_by=KNOWN),
        series("old.tif"),
        series("size.tif", compared_by=("pixel size",)),
        series("out.tif", compared_by=KNOWN, out_of_distribution=("noisy", "coarse")),
        series("noted.tif", compared_by=KNOWN, notes=("it was cut",)),
        series("warned.tif", compared_by=KNOWN, findings=(few,), notes=(few.text,)),
        series("also.tif", compared_by=KNOWN),
    ]
    texts = [part.text.removeprefix("<p>") for part in verdicts(parts)]
    starts = [
        "out.tif is out of distribution: noisy; coarse.",
        "noted.tif is in distribution: pixel size and power spectrum are ",
        "warned.tif is in distribution",
        "in.tif and also.tif are in distribution: pixel size and power spectrum are within",
        "size.tif was not compared",
    ]
    assert len(texts) == len(starts)
    assert sorted(text[:9] for text in texts[1:]) == sorted(start[:9] for start in starts[1:])
    assert texts[0].startswith(starts[0])
    assert all(any(text.startswith(start) for text in texts) for start in starts)
    warned = next(text for text in texts if text.startswith("warned"))
    assert warned.count("too little") == 1 and "Warning: most" in warned and "3 of 40" in warned
    assert "Note: it was cut." in next(text for text in texts if text.startswith("noted"))


def test_a_page_of_thousands_of_files_stays_short():
    parts = [
        series(f"{n}.tif", compared_by=KNOWN, out_of_distribution=(f"reason {n}",))
        for n in range(MOST_NAMED + 5)
    ]
    texts = verdicts(parts)
    assert len(texts) == MOST_NAMED + 1 and "5 more" in texts[-1].text
