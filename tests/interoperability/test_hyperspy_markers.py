"""Markers against HyperSpy."""

import numpy as np
import pytest

from temnet.errors import InputError
from tests.interoperability.made_columns import made

hs = pytest.importorskip("hyperspy.api")
pytestmark = pytest.mark.interoperability


def signal(*outer):
    made_signal = hs.signals.Signal2D(np.zeros((*outer, 30, 50)))
    x, y = made_signal.axes_manager.signal_axes
    x.scale, x.offset, x.units = 0.01, 5.0, "nm"
    y.scale, y.offset, y.units = 0.02, -1.0, "nm"
    return made_signal


def test_markers_lie_on_the_columns_in_each_frame():
    film = signal(3)
    mo, metal = made().to_hyperspy_markers(film)
    film.add_marker([mo, metal], permanent=True)  # checks the shape
    offsets = mo.kwargs["offsets"]
    assert [len(one) for one in offsets] == [2, 0, 1]
    # Frame 0, first column: row 1 Å is pixel 5, column 0.5 Å pixel 5; x comes first.
    np.testing.assert_allclose(offsets[0][0], [5.0 + 0.01 * 5, -1.0 + 0.02 * 5])
    np.testing.assert_allclose(metal.kwargs["offsets"][2][0], [5.0 + 0.01 * 20, -1 + 0.02 * 3.75])
    film.axes_manager.indices = (2,)
    np.testing.assert_allclose(mo.get_current_kwargs()["offsets"], offsets[2])


def test_one_frame_is_shown_everywhere():
    mo, metal = made(frames=1).to_hyperspy_markers(signal())
    assert mo.kwargs["offsets"].shape == (3, 2) and metal.kwargs["offsets"].shape == (2, 2)
    (only,) = made(frames=1).select(np.array([0])).to_hyperspy_markers(signal(4))
    assert only.kwargs["offsets"].shape == (1, 2)


@pytest.mark.parametrize("focus_first", [False, True])
def test_a_frame_of_a_focal_series_has_its_columns_in_each_focus(focus_first):
    film = signal(2, 3) if focus_first else signal(3, 2)
    axes = film.axes_manager.navigation_axes  # in the reverse order of the array
    axes[0 if focus_first else 1].name, axes[1 if focus_first else 0].name = "time", "defocus"
    mo = made(foci=2).to_hyperspy_markers(film)[0]
    film.add_marker(mo, permanent=True)
    counts = np.vectorize(len)(mo.kwargs["offsets"])
    by_frame = counts if focus_first else counts.T
    assert by_frame.tolist() == [[2, 2], [0, 0], [1, 1]]


def test_another_number_of_frames_is_refused():
    with pytest.raises(InputError, match="4 frames"):
        made().to_hyperspy_markers(signal(4))
