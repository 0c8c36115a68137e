"""Regions of interest, read back by roifile."""

import numpy as np
import pytest

from temnet.interoperability.imagej_rois import open_rois
from tests.interoperability.made_columns import made

roifile = pytest.importorskip("roifile")


def written(path, columns, **settings):
    with open_rois(path, **settings) as add:
        for frame in range(columns.frames):
            add(columns.in_frame(frame))
    return roifile.roiread(path)


def test_each_frame_and_class_is_a_multipoint_at_the_centres_of_pixels(tmp_path):
    regions = written(tmp_path / "a.zip", made(), first_image=10)
    assert [one.name for one in regions] == ["0000_Mo", "0000_metal", "0002_Mo", "0002_metal"]
    assert {one.roitype for one in regions} == {roifile.ROI_TYPE.POINT}
    assert [one.position for one in regions] == [11, 11, 13, 13]
    np.testing.assert_allclose(regions[0].coordinates(), [[5, 5], [2.5, 17.5]])  # x, y
    np.testing.assert_allclose(regions[3].coordinates(), [[20, 3.75]])
    assert regions[0].stroke_color != regions[1].stroke_color


def test_one_frame_is_shown_on_all_images(tmp_path):
    regions = written(tmp_path / "a.zip", made(frames=1, foci=3))
    assert [one.position for one in regions] == [0, 0]
    regions = written(tmp_path / "b.zip", made(foci=3))
    assert [one.position for one in regions] == [1, 1, 7, 7]


def test_no_columns_are_an_empty_file(tmp_path):
    assert not written(tmp_path / "a.zip", made(frames=1).select(np.zeros(5, bool)))
