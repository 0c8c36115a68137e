"""Pages of TIFF files by themselves."""

import numpy as np
import pytest
import tifffile

from temnet.inference.reading.formats.tiff_pages import TiffPages, page_candidate, page_is_whole

STACK = np.random.default_rng(0).integers(0, 4000, (2, 3, 20, 30), dtype=np.uint16)


def write(path, **options):
    tifffile.imwrite(path, STACK, photometric="minisblack", compression="zlib", **options)
    return path


def test_pages_are_indexed_by_all_outer_axes(tmp_path):
    pages = TiffPages(write(tmp_path / "a.tif"), range(6), (2, 3))
    assert pages.shape == STACK.shape and pages.dtype == np.uint16
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(pages[index], STACK[index])
    chosen = TiffPages(tmp_path / "a.tif", [4, 1], (2,))
    np.testing.assert_array_equal(chosen[0,], STACK[1, 1])
    np.testing.assert_array_equal(TiffPages(tmp_path / "a.tif", [5], ())[()], STACK[1, 2])


def test_a_page_is_whole_up_to_its_last_byte(tmp_path):
    with tifffile.TiffFile(write(tmp_path / "a.tif")) as file:
        page = file.pages[3]
        end = page.dataoffsets[-1] + page.databytecounts[-1]
        assert page_is_whole(page, end) and not page_is_whole(page, end - 1)


@pytest.mark.parametrize(("subfiletype", "reduced"), [(0, False), (1, True), (2, False)])
def test_the_kind_of_a_page(tmp_path, subfiletype, reduced):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0, 0], subfiletype=subfiletype)
    with tifffile.TiffFile(path) as file:
        found = page_candidate(file.pages[0], 7)
    assert (found.rows, found.cols, found.bits, found.count) == (20, 30, 16, 7)
    assert found.reduced == reduced and not found.coloured
    tifffile.imwrite(path, np.zeros((20, 30, 3), np.uint8), photometric="rgb")
    with tifffile.TiffFile(path) as file:
        assert page_candidate(file.pages[0], 1).coloured
