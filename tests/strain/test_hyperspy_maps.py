"""Maps of strain against HyperSpy."""

import numpy as np
import pytest

import temnet
from temnet.errors import InputError
from temnet.interoperability.found_columns import FoundColumns
from temnet.records import Peaks
from tests.strain.crystals import crystal, peaks_at

hs = pytest.importorskip("hyperspy.api")
pytestmark = pytest.mark.interoperability

SIZE = (0.25, 0.2)
"""Height and width of a pixel [Å]."""


def measured(frames=1):
    """A square lattice whose right half is 4 % wider; each frame is 1 Å further down."""
    points = crystal("fcc [100]", 12.0)
    points[:, 0] *= np.where(points[:, 0] > 0, 1.04, 1.0)
    parts = [peaks_at(points + [16.0, -14.0 - frame], frame) for frame in range(frames)]
    columns = FoundColumns.of(
        Peaks.concatenate(parts), classes=("gold",), pixel_size=SIZE, frames=frames, file="a"
    )
    strain = temnet.strain_map(columns, reference="region", region=(0, 40, 0, 12), neighbours=8)
    return strain, points


def signal(*outer):
    made = hs.signals.Signal2D(np.zeros((*outer, 120, 170)))
    x, y = made.axes_manager.signal_axes
    x.scale, x.offset, x.units, x.name = 0.02, 5.0, "nm", "x"
    y.scale, y.offset, y.units, y.name = 0.025, -1.0, "nm", "y"
    return made


def test_discs_lie_on_the_columns_with_the_axes_of_the_image():
    strain, _ = measured()
    image = signal()
    found = strain.to_hyperspy(image, "e_xx")
    assert found.data.shape == (120, 170)
    for own, given in zip(
        found.axes_manager.signal_axes, image.axes_manager.signal_axes, strict=True
    ):
        assert (own.scale, own.offset, own.units) == (given.scale, given.offset, given.units)
    row, col = np.rint(strain.columns.pixels).astype(int).T
    np.testing.assert_allclose(found.data[row, col], strain.value("e_xx"), atol=1e-7)
    fitted = strain.state == 0
    wide = fitted & (strain.columns.positions[:, 1] > 20)
    assert np.median(found.data[row[wide], col[wide]]) == pytest.approx(0.04, abs=1e-6)
    covered = np.isfinite(found.data).mean() * 120 * 170 * np.prod(SIZE)
    assert covered == pytest.approx(fitted.sum() * np.pi * (2.04**2) / 4, rel=0.1)
    errors = strain.to_hyperspy(image, "rotation", error=True)
    np.testing.assert_allclose(errors.data[row, col], strain.error("rotation"), rtol=1e-6)
    assert errors.metadata.General.title == "standard error of rotation"


def test_frames_are_the_navigation_axis():
    strain, _ = measured(frames=3)
    found = strain.to_hyperspy(signal(3), "e_yy")
    assert found.data.shape == (3, 120, 170)
    assert found.axes_manager.navigation_shape == (3,)
    np.testing.assert_array_equal(found.data[1, 4:], found.data[0, :-4])  # 1 Å is 4 pixels
    assert not np.array_equal(found.data[1], found.data[0], equal_nan=True)


def test_what_has_no_pixels_is_refused():
    strain, points = measured()
    with pytest.raises(InputError, match="expected one of e_xx"):
        strain.to_hyperspy(signal(), "e_zz")
    with pytest.raises(InputError, match="without a pixel size"):
        temnet.strain_map(peaks_at(points)).to_hyperspy(signal())
    with pytest.raises(InputError, match="4 frames"):
        measured(frames=3)[0].to_hyperspy(signal(4))
