"""Sublattices against Atomap."""

import numpy as np
import pytest

from temnet.errors import InputError
from tests.interoperability.made_columns import made

pytest.importorskip("atomap.api")
pytestmark = pytest.mark.interoperability


def test_atoms_lie_at_x_and_y_in_pixels():
    image = np.random.default_rng(0).random((30, 50))
    sublattice = made(frames=1).to_atomap(image)
    np.testing.assert_allclose(sublattice.x_position, [5, 32.5, 2.5, 5, 20])
    np.testing.assert_allclose(sublattice.y_position, [5, 10, 17.5, 7.5, 3.75])
    np.testing.assert_array_equal(sublattice.image, image)
    assert len(made(frames=1).to_atomap(image, classes=["metal"]).atom_list) == 2
    assert len(made().to_atomap(image, frame=2).atom_list) == 2
    square = made(frames=1, pixel_size=(0.2, 0.2)).to_atomap(image)
    assert (square.pixel_size, square.units) == (0.2, "Å")


def test_atomap_refines_dots_to_their_centres():
    """Found positions are where Atomap sees the atoms: no shift by half a pixel."""
    rows, cols = np.mgrid[:30, :50]
    columns = made(frames=1).select(np.array([1, 2, 4]))
    image = sum(
        np.exp(-((rows - r) ** 2 + (cols - c) ** 2) / 4) for r, c in columns.pixels + [0.2, -0.3]
    )
    sublattice = columns.to_atomap(image)
    sublattice.find_nearest_neighbors(nearest_neighbors=2)
    sublattice.refine_atom_positions_using_center_of_mass(percent_to_nn=0.3)
    np.testing.assert_allclose(
        np.stack([sublattice.y_position, sublattice.x_position], axis=1),
        columns.pixels + [0.2, -0.3],
        atol=0.1,
    )


def test_other_images_and_classes_are_refused():
    with pytest.raises(InputError, match="shape"):
        made(frames=1).to_atomap(np.ones((3, 30, 50)))
    with pytest.raises(InputError, match="shape"):
        made(frames=1).to_atomap(np.ones((30, 20)))
    with pytest.raises(InputError, match="oxide"):
        made(frames=1).to_atomap(np.ones((30, 50)), classes=["oxide"])
