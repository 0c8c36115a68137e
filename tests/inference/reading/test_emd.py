"""Pixel sizes of EMD 0.2 files, which write a unit with a line between its letters."""

import h5py
import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.reading.image_file import open_images


def emd(path, unit, values=(0.0, 0.02)):
    """A file of 20 x 24 pixels as EMD 0.2 describes one: two values calibrate an axis."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"version_major": 0, "version_minor": 2})
        group = file.create_group("data/image")
        group.attrs["emd_group_type"] = 1
        group["data"] = np.random.default_rng(0).poisson(50, (20, 24)).astype(np.float32)
        for number, name in ((1, "y"), (2, "x")):
            axis = group.create_dataset(f"dim{number}", data=np.array(values, np.float32))
            axis.attrs.update({"name": name, "units": unit})
    return path


@pytest.mark.parametrize(
    ("unit", "angstrom"),
    [("n_m", 0.2), ("[n_m]", 0.2), ("N_M", 0.2), ("[ n_m ]", 0.2), ("nm", 0.2), ("[Å]", 0.02),
     ("[p_m]", 2e-4), (np.bytes_("[n_m]"), 0.2)],
)  # fmt: skip
def test_the_unit_of_an_axis_in_any_spelling(tmp_path, unit, angstrom):
    opened = open_images(emd(tmp_path / "a.emd", unit))
    assert opened.shape == (20, 24)
    assert opened.pixel_size == pytest.approx((angstrom, angstrom), rel=1e-5)


@pytest.mark.parametrize("unit", ["[n_m^-1]", "1/n_m", "[m_rad]"])
def test_reciprocal_units_are_those_of_diffraction(tmp_path, unit):
    with pytest.raises(InputError, match="diffraction"):
        open_images(emd(tmp_path / "a.emd", unit))
