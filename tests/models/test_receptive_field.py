import keras
import numpy as np
import pytest

from temnet.config.loading import validate
from temnet.inference.engines.keras_engine import keras_engine
from temnet.inference.probability_maps import predict_probabilities
from temnet.inference.tiling import in_parts
from temnet.models.factory import build_model, size_unit
from temnet.models.receptive_field import receptive_radius


def model(**settings):
    experiment = validate(
        {
            "microscope": {"energy": 80e3},
            "labels": {"classes": ["C"]},
            "model": {"sampling": 0.2, **settings},
            "stages": ["report"],
        },
        "test",
    )
    built = build_model(experiment)
    rng = np.random.default_rng(0)
    for weight in built.weights:
        if "output" in weight.path or "bias" in weight.path:
            weight.assign(rng.normal(0, 0.1, weight.shape))
    return built


def unet(depth, **others):
    return model(kind="unet", depth=depth, filters=2, **others)


def msdnet(depth, most, width=1):
    return model(kind="msdnet", depth=depth, width=width, max_dilation=most)


@pytest.mark.parametrize(
    ("build", "radius"),
    [
        # Two convolutions, with none, one, two levels below them: worked out by hand.
        (lambda: unet(1), 2 + 0.5 + 4 + 1.5 + 2),
        (lambda: unet(2), 2 + 0.5 + 4 + 1 + 8 + 3 + 4 + 1.5 + 2),
        # Merging and splitting reach half a pixel each, the logits one; between them as above.
        (lambda: unet(1, stem=2), 0.5 + 2 * (2 + 0.5 + 4 + 1.5 + 2) + 0.5 + 1),
        (lambda: msdnet(12, 10), 55 + 3),
        (lambda: msdnet(100, 10), 550),
        (lambda: msdnet(3, 4, width=2), 2 + 4 + 2),
    ],
    ids=["shallow", "deeper", "merged pixels", "mixed scales", "a hundred layers", "wide"],
)
def test_radius_of_known_networks(build, radius):
    assert receptive_radius(build()) == radius


@pytest.mark.parametrize(
    "build",
    [
        lambda: unet(1),
        lambda: unet(2, residual=True, skip="add"),
        lambda: unet(1, stem=2),
        lambda: msdnet(6, 3),
    ],
)
def test_pixels_farther_away_do_not_matter_and_nearer_ones_do(build):
    network = build()
    radius, unit = receptive_radius(network), size_unit(network)
    images = np.random.default_rng(1).normal(size=(1, 96, 96, 1)).astype(np.float32)
    row, col = np.mgrid[:96, :96]
    base = network.predict_on_batch(images)[0]
    farthest = 0
    for shift in range(unit):  # how far depends on where in the coarsest pixel it lies
        place = 48 + shift
        touched = images.copy()
        touched[0, place, place] += 100
        moved = np.abs(network.predict_on_batch(touched)[0] - base).max(axis=-1) > 1e-6
        farthest = max(farthest, np.maximum(abs(row - place), abs(col - place))[moved].max())
    assert farthest <= radius
    assert farthest >= 0.6 * radius


@pytest.mark.parametrize("build", [lambda: unet(2), lambda: msdnet(6, 3)])
def test_in_parts_is_as_whole_beyond_the_radius(build):
    network = build()
    images = np.random.default_rng(2).normal(size=(160, 192, 1)).astype(np.float32)
    engine = keras_engine(network)
    whole = predict_probabilities(engine, images)
    assert np.ptp(whole[..., 0]) > 0.01

    def maps(part):
        return predict_probabilities(engine, part)

    margin = int(np.ceil(receptive_radius(network))) + 4
    unit = size_unit(network)
    parts = in_parts(maps, images, 2, 144, margin, blend=8, unit=unit)
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    # Closer to the cuts it differs: that margin is needed.
    short = in_parts(maps, images, 2, 144, 4, blend=8, unit=unit)
    assert np.abs(short - whole).max() > 1e-3


def test_pixelwise_layers_see_one_pixel():
    images = keras.Input((None, None, 1))
    maps = keras.layers.ReLU()(keras.layers.Conv2D(2, 1)(images))
    assert receptive_radius(keras.Model(images, maps)) == 0
