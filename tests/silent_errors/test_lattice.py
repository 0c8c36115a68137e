"""Wrong pixel sizes and other materials by the lattice: how often they are noticed.

Images of the networks' own kinds at the camera's pixels, with a given pixel size that is wrong by a
known error.  A proposed size is right if it is that of the image, after the lattice constant that
was drawn for the specimen: it cannot be known better than the lattice constant is.
"""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from other_crystals import CRYSTALS, other_crystal
from own_images import own_image
from tifffile import imread

from temnet.inference.checks.lattice import LatticeCheck
from temnet.models.description import training_materials
from temnet.models.network_folders import find_network
from temnet.models.network_settings import read_settings
from temnet.records import ImageSeries

pytestmark = pytest.mark.long

IMAGES = {"nanoparticle-unet": 60, "mos2-unet": 40, "graphene-unet": 50}
ERRORS = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)
OTHER_IMAGES = 8
DOSES = (0, 30, 100, 300, 1000, np.inf)  # e/Å²
EXAMPLES = Path(__file__).parents[2] / "experiments/images"


def settings_of(name):
    return read_settings(find_network(name) / "experiment.yaml")


def network_of(name):
    return SimpleNamespace(materials=training_materials(settings_of(name)))


def checked(network, image, error=0.0):
    series = ImageSeries(image.frame[None].astype(np.float32), image.sampling * (1 + error))
    return LatticeCheck(network, series)


def kinds(check):
    """Kinds of its warnings."""
    return [one.kind for one in check.findings() if one.severity != "note"]


def nearest(check, image):
    """Relative error of the proposed size that is nearest to the true one; NaN without any."""
    drawn = image.drawn
    usual = {"Pt": 3.92, "Au": 4.08}.get(drawn.get("element"), 3.16)
    true = image.sampling
    if "bond_length" in drawn:
        true *= 1.42 / drawn["bond_length"]
    elif "lattice_constant" in drawn and drawn.get("support") is None:
        true *= usual / drawn["lattice_constant"]
    errors = [abs(one.sampling / true - 1) for one in check.lattice.proposed]
    return min(errors, default=np.nan)


@pytest.fixture(scope="module")
def own():
    """For each network its materials and images."""
    found = {}
    for name, count in IMAGES.items():
        simulation = settings_of(name).simulation
        found[name] = network_of(name), [own_image(simulation, index) for index in range(count)]
    return found


@pytest.mark.parametrize("name", IMAGES)
def test_right_pixel_sizes_cause_no_warning(own, name):
    network, images = own[name]
    checks = [checked(network, image) for image in images]
    found = np.mean([bool(one.lattice.spacings) for one in checks])
    warned = np.mean([bool(kinds(one)) for one in checks])
    print(f"{name}: lattice found in {found:.0%}, warned of a right pixel size {warned:.1%}")
    assert warned <= 0.02


WARNED = {
    "nanoparticle-unet": (0.7, 0.35),  # 5 % is the difference of Pt and Au: half cannot be seen
    "mos2-unet": (0.95, 0.85),
    "graphene-unet": (0.65, 0.35),  # most images are one to three weak spots of a broken sheet
}
"""Fraction of images with a lattice that are warned of at 10 % and more, and at 5 %."""


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("error", ERRORS)
def test_wrong_pixel_sizes_are_warned_of_and_the_right_one_proposed(own, name, error):
    network, images = own[name]
    checks = [(checked(network, image, error), image) for image in images]
    seen = [(one, image) for one, image in checks if one.lattice.spacings]
    warned = np.mean([bool(kinds(one)) for one, _ in seen])
    away = np.array([nearest(one, image) for one, image in seen if one.lattice.proposed])
    within = [np.mean(away < limit) for limit in (0.01, 0.015, 0.02)]
    print(
        f"{name} {error:+.0%}: warned {warned:.0%} of {len(seen)} with a lattice; right size "
        f"proposed within 1 / 1.5 / 2 %: {within[0]:.0%} / {within[1]:.0%} / {within[2]:.0%}"
    )
    large, small = WARNED[name]
    assert warned >= (small if abs(error) < 0.06 else large)
    # The aim is 1 % for all: in 32 Å of image it is reached for 70 to 100 % of the warnings.
    assert within[0] >= 0.65 and within[2] >= 0.9


def test_how_far_down_in_dose_a_lattice_checks_the_pixel_size(own):
    for name, (network, images) in own.items():
        for low, high in zip(DOSES[:-1], DOSES[1:], strict=True):
            part = [one for one in images if low <= one.drawn["dose"] < high]
            if part:
                checks = [checked(network, one, -0.1) for one in part]
                found = np.mean([bool(one.lattice.spacings) for one in checks])
                warned = np.mean([bool(kinds(one)) for one in checks])
                print(
                    f"{name} {low:g} to {high:g} e/Å²: {len(part)} images, lattice in {found:.0%}, "
                    f"-10 % noticed in {warned:.0%} of all"
                )


@pytest.mark.parametrize("error", [0.0, *ERRORS])
@pytest.mark.parametrize(
    ("file", "sampling", "name"),
    [
        ("pt_ceo2_raw.tif", 0.202, "nanoparticle-unet"),
        ("graphene_flower_raw.tif", 0.2177, "graphene-unet"),
    ],
)
def test_the_example_images_are_checked(file, sampling, name, error):
    frames = np.asarray(imread(EXAMPLES / file), np.float32)
    frames = frames.reshape(-1, *frames.shape[-2:], 1)
    check = LatticeCheck(network_of(name), ImageSeries(frames, sampling * (1 + error)))
    sizes = [one.sampling for one in check.lattice.proposed]
    print(f"{file} {error:+.0%}: {kinds(check) or 'no warning'}, proposed {sizes} Å")
    if not error:
        assert not check.findings()
    else:
        assert kinds(check) == ["pixel size"]
        assert min(abs(size / sampling - 1) for size in sizes) < 0.01


EQUAL = ("Fe [001]", "Si [110]")
"""Crystals whose lattice is that of a known one."""

NOTED = ("SrTiO3 [001]",)
"""2.0 % off CeO2 [100]: a note, as calibrations of microscopes differ by as much."""


@pytest.mark.parametrize("name", CRYSTALS)
def test_other_crystals_are_flagged(name, tmp_path):
    network, simulation = network_of("nanoparticle-unet"), settings_of("nanoparticle-unet")
    images = [
        other_crystal(simulation.simulation, name, index, tmp_path) for index in range(OTHER_IMAGES)
    ]
    checks = [checked(network, one) for one in images]
    flagged = np.mean([bool(kinds(one)) for one in checks])
    noted = np.mean([bool(one.findings()) for one in checks])
    material = np.mean([one.lattice.foreign for one in checks])
    print(f"{name}: warned {flagged:.0%}, warned or noted {noted:.0%}, class column {material:.0%}")
    if name in NOTED:
        assert noted >= 0.9
    elif name not in EQUAL:
        assert flagged >= 0.9
    else:
        assert flagged <= 0.3
