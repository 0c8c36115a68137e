import numpy as np
import pytest

from temnet.images.unseen import UnseenRegions, pack
from temnet.movies.field_of_view import View

PLACES = np.array([[0.0, 0.0], [5.0, 10.0], [10.0, 20.0], [10.1, 5.0], [5.0, 20.1], [-0.1, 5.0]])


def test_the_image_ends_at_its_last_pixels_and_rows_are_not_columns():
    view = View((10.0, 20.0))
    assert view.shows(PLACES).tolist() == [True, True, True, False, False, False]
    assert View((20.0, 10.0)).shows(PLACES).tolist() == [True, True, False, True, False, False]


@pytest.mark.parametrize(("margin", "seen"), [(0.9, True), (1.1, False)])
def test_a_margin_holds_at_the_border_and_around_masks(margin, seen):
    masked = View((10.0, 20.0), [(6.0, 8.0, 0.0, 20.0)])
    border, below = np.array([[1.0, 5.0]]), np.array([[5.0, 5.0]])
    assert masked.shows(border, margin).item() is seen
    assert masked.shows(below, margin).item() is seen
    assert not masked.shows(np.array([[7.0, 5.0]])).item()


def test_a_region_without_image_hides_places_in_its_own_frame_only():
    hidden = np.zeros((20, 30), bool)
    hidden[:5, 20:] = True  # rows 0 to 2 Å, columns 10 to 15 Å of pixels of 0.5 Å
    view = View((9.5, 14.5), unseen=UnseenRegions((20, 30), {1: {0: pack(hidden)}}),
                pixel_size=(0.5, 0.5))  # fmt: skip
    places = np.array([[1.0, 12.0], [12.0, 1.0], [5.0, 5.0]])
    shown = view.shows(np.repeat(places[:, None], 3, axis=1), frames=np.arange(3))
    assert shown.tolist() == [[True, False, True], [False] * 3, [True] * 3]
    assert view.shows(places).tolist() == [True, False, True]
