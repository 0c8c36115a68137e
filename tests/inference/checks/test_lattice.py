from types import SimpleNamespace

import numpy as np
import pytest

from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.inference.checks.finding import without_repeats
from temnet.inference.checks.lattice import LatticeCheck
from temnet.inference.checks.lattice_comparison import LatticeTable
from temnet.records import ImageSeries
from temnet.structures.lattices.known_lattices import known_lattices

SAMPLING = 0.2


def crystal(spacings, angles, shape=(200, 240), noise=0.5, seed=0, turn=0.3):
    """Counts of plane waves of some spacings [Å] and directions [deg] at 0.2 Å per pixel."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[: shape[0], : shape[1]] * SAMPLING
    image = noise * rng.standard_normal(shape)
    for spacing, angle in zip(spacings, angles, strict=True):
        along = np.radians(angle) + turn
        way = col * np.cos(along) - row * np.sin(along)
        image += np.cos(2 * np.pi * way / spacing + rng.uniform(0, 6))
    return 100 + 10 * image


def check(image, structure, given=SAMPLING):
    network = SimpleNamespace(materials=known_lattices(structure))
    return LatticeCheck(network, ImageSeries(image[None, ..., None].astype(np.float32), given))


PARTICLES = Nanoparticle(
    element={"choice": ["Pt", "Au"]},
    zone_axis={"choice": ["110", "100", "111", "211"]},
    support={"kind": "CeO2"},
)
SHEET = DefectedGraphene(bond_length=1.42)
PLATINUM = (2.263, 2.263, 1.960, 1.386), (0, 70.5, 125.3, 35.3)
GRAPHENE = (2.13, 2.13, 2.13), (0, 60, 120)


@pytest.mark.parametrize(
    ("planes", "structure", "name"),
    [(PLATINUM, PARTICLES, "Pt [110]"), (GRAPHENE, SHEET, "graphene")],
)
def test_the_right_pixel_size_agrees_and_the_spacings_are_found(planes, structure, name):
    found = check(crystal(*planes), structure)
    assert found.findings() == () and found.lattice.materials == (name,)
    assert found.lattice.compared and not found.lattice.proposed
    assert sorted(found.lattice.spacings) == pytest.approx(sorted(planes[0]), rel=3e-3)


@pytest.mark.parametrize("error", [-0.2, -0.1, -0.05, 0.05, 0.1, 0.2])
def test_a_wrong_pixel_size_is_found_and_the_right_one_proposed(error):
    found = check(crystal(*GRAPHENE), SHEET, SAMPLING * (1 + error))
    (finding,) = found.findings()
    assert (finding.kind, finding.severity) == ("pixel size", "out of distribution")
    assert found.lattice.proposed[0].sampling == pytest.approx(SAMPLING, rel=5e-3)
    assert found.lattice.proposed[0].materials == ("graphene",)


def test_platinum_whose_pixels_are_too_large_by_four_per_cent_is_gold():
    assert check(crystal(*PLATINUM), PARTICLES, 1.04 * SAMPLING).findings() == ()
    found = check(crystal(*PLATINUM), PARTICLES, 0.9 * SAMPLING)
    sizes = {one.materials: one.sampling for one in found.lattice.proposed}
    assert sizes["Pt [110]",] == pytest.approx(SAMPLING, rel=0.01)
    assert sizes["Au [110]",] == pytest.approx(1.04 * SAMPLING, rel=0.01)


def test_a_lattice_of_another_material_means_that_classes_mean_nothing():
    spacings = (3.6, 3.3, 2.9, 2.2, 1.9, 1.7)  # of no cubic crystal
    found = check(crystal(spacings, (0, 80, 38, 14, 61, 120)), PARTICLES)
    (finding,) = found.findings()
    assert (finding.kind, finding.severity) == ("material", "out of distribution")
    assert found.lattice.foreign and not found.lattice.materials


def test_without_a_lattice_or_materials_nothing_is_compared():
    noise = np.random.default_rng(1).poisson(100, (160, 160))
    found = check(noise, SHEET)
    assert found.lattice.spacings == () and not found.lattice.compared and not found.findings()
    assert check(noise[:20, :20], SHEET).lattice.spacings == ()
    unknown = LatticeCheck(
        SimpleNamespace(materials=None), ImageSeries(crystal(*GRAPHENE)[None, ..., None], SAMPLING)
    )
    assert len(unknown.lattice.spacings) == 3 and not unknown.findings()


def test_a_mirrored_lattice_counts_only_where_it_differs():
    straight = known_lattices(SHEET)
    assert len(LatticeTable(straight).names) == 1
    oblique = SimpleNamespace(
        name="oblique", spacings=(3.0, 2.5, 2.0), angles=(0, 80, 31), strengths=(0.4, 0.3, 0.3),
        spread=0.0,
    )  # fmt: skip
    assert LatticeTable([oblique]).names == ["oblique", "oblique"]


def test_a_strange_lattice_is_not_reported_twice():
    found = check(crystal(*GRAPHENE), SHEET, 1.1 * SAMPLING).findings()
    strange = SimpleNamespace(kind="lattice", severity="out of distribution")
    assert without_repeats([strange, *found]) == [*found]
    assert without_repeats([strange]) == [strange]
