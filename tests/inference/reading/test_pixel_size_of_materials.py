import numpy as np
import pytest

from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.errors import InputError
from temnet.inference.reading.image_array import array_file
from temnet.inference.reading.read_images import images_of
from temnet.structures.lattices.known_lattices import known_lattices

SAMPLING = 0.2
GOLD = known_lattices(Nanoparticle(element="Au", zone_axis="110"))
BOTH = known_lattices(Nanoparticle(element={"choice": ["Pt", "Au"]}, zone_axis="110"))
SHEET = known_lattices(DefectedGraphene())
PLANES = {2.355: 0, 2.3551: 70.53, 2.0395: 125.26, 1.442: 35.26}
"""Of gold along [110]: spacing [Å] and direction [deg]."""


def image(planes, noise=0.3):
    rng = np.random.default_rng(0)
    row, col = np.mgrid[:180, :200] * SAMPLING
    waves = [
        np.cos(2 * np.pi / spacing * (col * np.cos(angle) - row * np.sin(angle)))
        for spacing, angle in ((one, np.radians(turn + 20)) for one, turn in planes.items())
    ]
    return (100 + 20 * sum(waves) + 100 * noise * rng.standard_normal(row.shape)).astype(np.float32)


def read(array, lattices, tmp_path, header=None):
    file = array_file(array, "a")
    object.__setattr__(file, "pixel_size", None if header is None else (header, header))
    return images_of([file], "auto", lattices=lattices)


@pytest.mark.parametrize("header", [None, 0.17, 0.2, 0.24])
def test_the_pixel_size_is_that_at_which_the_material_explains_the_lattice(tmp_path, header):
    series = read(image(PLANES), GOLD, tmp_path, header)
    assert series.sampling == pytest.approx(SAMPLING, rel=3e-3)
    measured = series.metadata["calibration"]
    assert measured["taken"] and measured["spots"] >= 3
    assert abs(series.sampling - SAMPLING) < 3 * measured["uncertainty"]
    assert measured["spacing"] == pytest.approx(min(PLANES, key=lambda d: abs(d - 2.355)), rel=0.2)


def test_of_two_metals_a_header_decides_and_without_it_both_are_named(tmp_path):
    with pytest.raises(InputError, match=r"several pixel sizes.*Pt \[110\].*Au|Au.*Pt \[110\]"):
        read(image(PLANES), BOTH, tmp_path)
    assert read(image(PLANES), BOTH, tmp_path, 0.2).sampling == pytest.approx(SAMPLING, rel=3e-3)


def test_no_lattice_and_another_lattice_are_refused(tmp_path):
    with pytest.raises(InputError, match="no lattice stands out"):
        read(image({}), GOLD, tmp_path)
    oblique = {3.6: 0, 3.3: 80, 2.9: 38, 2.2: 14, 1.9: 61}
    with pytest.raises(InputError, match="fits none of the materials|several pixel sizes"):
        read(image(oblique), SHEET, tmp_path)
    with pytest.raises(InputError, match="materials are not known"):
        read(image(PLANES), (), tmp_path)
