import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.structures.lattices.known_lattices import known_lattices


def by_name(settings):
    return {one.name: one for one in known_lattices(settings)}


def planes(one):
    return dict(zip(zip(one.spacings, one.angles, strict=True), one.strengths, strict=True))


def test_a_metal_along_110_shows_111_200_and_220():
    found = by_name(Nanoparticle(element="Pt", zone_axis="110", negatives={"probability": 0}))
    (one,) = found.values()
    # a = 3.92 Å; {111} at 70.53°, {200} between them, {220} across {200}; {110}, {100} are extinct.
    expected = 3.92 / np.sqrt([3, 3, 4, 8])
    np.testing.assert_allclose(one.spacings[:4], expected, rtol=2e-3, atol=0)
    np.testing.assert_allclose(one.angles[:4], [0, 70.53, 125.26, 35.26], rtol=0, atol=0.02)
    assert one.spread == pytest.approx(0.006, rel=0.1)  # lattice_constant_scale
    assert sum(one.strengths) == pytest.approx(1, abs=1e-3)


def test_each_material_and_zone_axis_is_named_once():
    settings = Nanoparticle(
        element={"choice": ["Pt", "Au", "Pt"]},
        zone_axis={"choice": ["110", "100"]},
        support={"kind": "CeO2"},
        negatives={"graphitic": 0.1, "off_axis": 0.1},
    )
    names = [one.name for one in known_lattices(settings)]
    crystals = {f"{name} [{zone}]" for name in ("Pt", "Au", "CeO2") for zone in ("110", "100")}
    assert crystals | {"CeO2 [111]", "graphitic carbon", "Pt off axis", "CeO2 off axis"} <= {*names}
    assert len([name for name in names if name.endswith("]")]) == 7
    ceria = by_name(settings)["CeO2 [100]"]
    np.testing.assert_allclose(ceria.spacings[:3], [2.7055, 2.7055, 1.9131], rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    ("settings", "name", "spacing", "spread"),
    [
        (DefectedGraphene(bond_length=1.42), "graphene", 2.13, 0),
        (MoS2(lattice_constant=3.16), "MoS2 [001]", 2.7366, 0),
        (MoS2(lattice_constant=3.16, strain=0.01), "MoS2 [001]", 2.7366, 0.01),
    ],
)
def test_sheets_show_three_planes_at_60_degrees(settings, name, spacing, spread):
    one = by_name(settings)[name]
    np.testing.assert_allclose(one.spacings[:3], [spacing] * 3, rtol=1e-3, atol=0)
    np.testing.assert_allclose(one.angles[:3], [0, 60, 120], rtol=0, atol=0.01)
    assert one.spacings[3] == pytest.approx(spacing / np.sqrt(3), rel=1e-3)
    assert one.spread == pytest.approx(spread)


def test_a_crystal_in_a_file_by_its_zone_axis(tmp_path):
    file = tmp_path / "copper.xyz"
    write(file, bulk("Cu", "fcc", a=3.615, cubic=True), format="extxyz")
    (one,) = known_lattices(FromFile(path=str(file), zone_axis=(1, -1, 0), scale=1.02))
    assert one.name == "copper [1-10]"
    expected = 1.02 * 3.615 / np.sqrt([3, 3, 4, 8])
    np.testing.assert_allclose(one.spacings[:4], expected, rtol=1e-3, atol=0)
    write(file, Atoms("CO", positions=[(0, 0, 0), (1.1, 0, 0)]), format="extxyz")
    assert known_lattices(FromFile(path=str(file))) == ()  # a molecule


def test_a_function_of_the_user_is_not_known():
    assert known_lattices(FromFunction(function="own:specimen")) is None
