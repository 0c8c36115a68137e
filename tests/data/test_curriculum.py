import numpy as np
import pytest

from temnet.config.distributions import support
from temnet.config.loading import validate
from temnet.data.curriculum import narrowed
from temnet.data.fresh import fresh_examples
from tests.data.sets import batch_settings

SETTINGS = {
    "structure": {"kind": "mos2"},
    "microscope": {
        "energy": 80e3,
        "aperture_mrad": 30,
        "grid_sampling": 0.15,
        "defocus": {"start": {"uniform": [-100, 60]}},
        "Cs_um": {"normal": [0, 5]},
    },
    "camera": {
        "sampling": 0.2, "dose": {"log_uniform": [100, 10000]},
        "kind": {"choice": ["counting", "scintillator"]},
    },
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
    "data": {"image_size": 32, "source": "fresh", "workers": 0},
    "model": {"kind": "unet", "sampling": 0.25, "depth": 2},
    "training": {
        "images_per_epoch": 8, "batch_size": 4, "curriculum": {"start": 0.25, "epochs": 3},
    },
    "stages": ["train"],
}  # fmt: skip


@pytest.fixture
def experiment():
    return validate(SETTINGS, "test")


def test_ranges_widen_about_their_middles(experiment):
    settings, fraction = experiment.simulation, experiment.training.range_fraction
    assert [fraction(epoch) for epoch in range(5)] == [0.25, 0.5, 0.75, 1, 1]
    first = narrowed(settings, 0.25)
    assert support(first.microscope.defocus.start) == (-40, 0)
    assert first.microscope.Cs_um.normal == (0, 1.25)
    np.testing.assert_allclose(support(first.camera.dose), [10**2.75, 10**3.25])
    assert first.camera.kind == settings.camera.kind
    assert support(narrowed(settings, 0.75).microscope.defocus.start) == (-80, 40)
    assert narrowed(settings, 1) is settings
    assert first.structure == settings.structure


def test_the_ranges_of_every_variant_are_narrowed():
    variants = [
        {"defocus": {"start": {"uniform": [20, 100]}}, "Cs_um": {"uniform": [0, 8]}},
        {"defocus": {"scherzer": {"uniform": [0.8, 1.6]}}, "energy": 60e3},
    ]
    microscope = {**SETTINGS["microscope"], "variants": variants}
    experiment = validate({**SETTINGS, "microscope": microscope}, "test")
    first, second = narrowed(experiment.simulation, 0.25).microscope.every_variant
    assert support(first.defocus.start) == (50, 70) and support(first.Cs_um) == (3, 5)
    assert support(second.defocus.scherzer) == pytest.approx((1.1, 1.3))
    assert support(second.defocus.start) == (-40, 0) and second.energy == 60e3
    assert support(first.defocus.scherzer) == (0, 0)
    assert first.aperture_mrad == 30


def test_fresh_training_images_follow_it_and_others_do_not(experiment):
    def foci(split, start, count):
        examples = fresh_examples(batch_settings(experiment), split, start)
        return [next(examples).parameters["defocus"][0] for _ in range(count)]

    early = foci("training", 0, 8)
    assert -40 <= min(early) and max(early) <= 0
    assert foci("training", 5, 3) == early[5:]  # a resumed training sees the same
    late = foci("training", 24, 16)
    assert min(late) < -40 or max(late) > 0
    chosen = foci("selection", 0, 16)
    assert min(chosen) < -40 or max(chosen) > 0
