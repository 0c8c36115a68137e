"""Rings in pictures, by their pixels, and on the page."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from temnet.config.experiment import Experiment
from temnet.inference.rings import RING_SIZES
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.reporting.files.kept_frames import FrameIndex, open_frames
from temnet.reporting.files.prediction_rows import RingRow
from temnet.reporting.report import write_report
from temnet.reporting.run_results import RunResults
from temnet.reporting.sections.rings import COLOURS, MARKED, NAMES, PLAIN, ring_figure
from temnet.tables.csv_rows import write_rows

PLACES = {5: (3.0, 4.0), 6: (3.0, 14.0), 7: (9.0, 4.0)}  # an L: chiral, (row, col) in Å


def polygon(count):
    angle = 2 * np.pi * np.arange(count) / count
    return PLACES[count] + 1.6 * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def test_each_ring_is_filled_with_the_colour_of_its_size():
    figure = ring_figure(np.zeros((60, 90)), 0.2, [polygon(count) for count in PLACES], "t")
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255

    def colour(place):
        x, y = figure.axes[0].transData.transform(place[::-1])
        return image[image.shape[0] - round(y), round(x)]

    grey = colour((9.0, 14.0))  # the flat image, beside the rings
    for count, place in PLACES.items():
        opacity = PLAIN if count == 6 else MARKED
        expected = opacity * np.array(to_rgb(COLOURS[count])) + (1 - opacity) * grey
        np.testing.assert_allclose(colour(place), expected, atol=0.02)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["5 atoms: 1", "6 atoms: 1", "7 atoms: 1"]


def test_every_size_has_a_name_and_a_colour_of_its_own():
    sizes = list(range(RING_SIZES[0], RING_SIZES[1] + 1))
    assert list(COLOURS) == list(NAMES) == sizes and len(set(COLOURS.values())) == len(sizes)


@pytest.mark.parametrize("sizes", [(5, 7, 7), ()])
def test_the_page_counts_the_rings(tmp_path, sizes):
    for name in ("predict", "report"):
        (tmp_path / name).mkdir()
    columns, rings = [], []
    for size in sizes:
        lines = " ".join(map(str, range(len(columns), len(columns) + size)))
        rings.append(RingRow("m.tif", 0, size, 1.0, 1.0, 5.0, 5.0, lines))
        columns += polygon(size).tolist()
    write_rows(tmp_path / "predict/rings.csv", rings, RingRow)
    none, zero = np.zeros(len(columns)), np.zeros(len(columns), int)
    places = np.array(columns).reshape(-1, 2)
    with ColumnTableWriter(tmp_path / "predict/columns.csv", ["C"]) as table:
        table.write(Peaks(zero, places, zero, none, none[:, None], none), 0.2, "m.tif")
    index = FrameIndex(("m.tif",), np.zeros(1, int), np.array([0.2]))
    with open_frames(tmp_path / "predict/images.npz", index, (60, 90)) as writer:
        writer.add(np.zeros((60, 90), np.float32))
    experiment = Experiment(
        images={"files": ("m.tif",)}, prediction={"network": "n", "rings": {}}, stages=("report",)
    )
    source = RunResults(tmp_path, tmp_path / "report", experiment)
    text = write_report(source).read_text(encoding="utf-8")
    assert f"{len(sizes)} rings of bonded columns" in text
    assert (tmp_path / "report/rings_0000.png").is_file()
    row = "<tr><td>7</td><td>heptagons</td><td>2</td><td>0.667</td></tr>"
    assert (row in text) == (7 in sizes)
