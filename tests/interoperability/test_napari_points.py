"""Tables of points, read back by napari where it is installed."""

import csv

import numpy as np
import pytest

from temnet.interoperability.napari_points import open_points
from tests.interoperability.made_columns import made


@pytest.fixture
def path(tmp_path):
    return tmp_path / "columns.napari.csv"


def written(path, columns, **settings):
    with open_points(path, columns.frames, **settings) as add:
        for frame in range(columns.frames):
            add(columns.in_frame(frame))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_axes_are_frame_row_and_column(path):
    header, *rows = written(path, made(), first_frame=10)
    assert header == ["index", "axis-0", "axis-1", "axis-2", "class", "score"]
    assert [row[0] for row in rows] == list("01234")
    assert rows[3][1:5] == ["12", "7.5", "5", "Mo"]
    header, *rows = written(path, made(frames=1))
    assert header[:3] == ["index", "axis-0", "axis-1"] and rows[1][1:4] == ["10", "32.5", "metal"]


@pytest.mark.interoperability
def test_napari_reads_points_with_their_class(path):
    read = pytest.importorskip("napari_builtins.io")
    written(path, made())
    ((data, about, kind),) = (read.csv_to_layer_data(str(path), require_type="points"),)
    assert kind == "points"
    np.testing.assert_allclose(data[:, 0], [0, 0, 0, 2, 2])
    np.testing.assert_allclose(data[:, 1:], made().pixels)
    assert list(about["properties"]["class"]) == made().class_names.tolist()
