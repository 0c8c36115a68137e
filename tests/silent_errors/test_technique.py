"""Row 9: images of other techniques and scales, filtered images and noise are named.

Run by ``python -m pytest -n0 -s -m long tests/silent_errors/test_technique.py``.
"""

from collections import Counter

import numpy as np
import pytest

from temnet.inference.checks.signs import signs_of
from temnet.inference.checks.technique import name_technique
from temnet.models.checkpoint import load_network
from tests.silent_errors import techniques
from tests.silent_errors.own_images import own_image

pytestmark = pytest.mark.long

SPECIMENS = ("nanoparticle-unet", "graphene-unet", "mos2-unet")
IMAGES = 15
"""Images of each kind and specimen, other ones than those on which the rules were chosen."""

FIRST = 500
"""Number of the first of them."""


def settings(name):
    return load_network(name).experiment.simulation


def named(image, sampling):
    """The name of a technique, empty without one; a focal series counts by its strongest image."""
    if image.ndim == 3:
        image = image[..., int(np.argmax(image.std(axis=(0, 1))))]
    technique = name_technique(signs_of(np.asarray(image, np.float32), sampling))
    return "" if technique is None else technique.name


def confusion(kind, specimens, **more):
    """How often images of a kind get each name."""
    draw = getattr(techniques, kind)
    found = Counter()
    for specimen in specimens:
        own = settings(specimen)
        for index in range(FIRST, FIRST + IMAGES):
            found[named(*draw(own, index, **more)[:2])] += 1
    return found


@pytest.mark.parametrize(
    ("kind", "names", "specimens", "named_rightly", "misnamed"),
    [
        # A STEM image without lines of a scan and without a dark background is not recognised.
        ("stem", {"STEM"}, SPECIMENS, 0.6, 0.1),
        # Of other specimens a few look like STEM images, which is a warning, too.
        ("diffraction", {"diffraction"}, SPECIMENS, 0.8, 0.15),
        ("soot", {"graphitic"}, SPECIMENS[:2], 0.7, 0.1),
        # A JPEG of a noisy image at a high quality keeps its noise.
        ("filtered", {"filtered", "JPEG"}, SPECIMENS, 0.75, 0.1),
        ("low_magnification_called_high", {"low magnification"}, SPECIMENS[:1], 0.65, 0.1),
        # Noise through a scintillator is not white: a low dose of a specimen looks alike.
        ("noise", {"noise"}, SPECIMENS[:1], 0.35, 0.0),
    ],
)
def test_images_are_named_for_what_they_look_like(kind, names, specimens, named_rightly, misnamed):
    found = confusion(kind, specimens)
    count = sum(found.values())
    right, unnamed = sum(found[name] for name in names), found[""]
    wrong = count - right - unnamed
    print(f"{kind}: {count} images, {right} named rightly, {unnamed} unnamed, {wrong} misnamed")
    print(f"  {dict(found)}")
    assert right >= named_rightly * count and wrong <= misnamed * count


@pytest.mark.parametrize("specimen", ["nanoparticle-unet", "graphene-unet", "mos2-unet"])
@pytest.mark.parametrize("ramp", [0.0, 0.3])
def test_images_of_the_training_s_kind_are_not_named(specimen, ramp):
    """Even light, and light that rises by 30 % on either side of the mean."""
    found = Counter()
    for index in range(FIRST, FIRST + 2 * IMAGES):
        own = own_image(settings(specimen), index)
        if own.drawn["structure"] in ("empty", "graphitic"):
            continue  # noise and soot are their names
        light = 1 + ramp * np.linspace(-1, 1, own.frame.shape[0])[:, None, None]
        found[named(own.frame * light, own.sampling)] += 1
    wrong = sum(found.values()) - found[""] - found["noise"]
    print(f"{specimen}, ramp of {ramp:.0%}: {dict(found)}")
    assert wrong <= 1 and found["noise"] <= 2


def test_coarse_pixels_are_a_low_magnification():
    from temnet.inference.checks.technique import TechniqueCheck
    from temnet.records import ImageSeries

    image, sampling = techniques.low_magnification(settings(SPECIMENS[0]), FIRST)
    check = TechniqueCheck(ImageSeries(image[None, ..., None].astype(np.float32), sampling))
    (found,) = check.findings()
    assert sampling >= 0.5 and found.severity == "out of distribution"
