import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.config.learning.augmentation import Augmentation
from temnet.data.augment import apply_symmetry, augmented
from temnet.data.batches import prepare
from temnet.errors import InputError
from temnet.simulation.example import simulate_example
from tests.data.sets import batch_settings


def maps(size=12):
    """Images of two foci, labels of two classes and weights, all with the pixel as value."""
    place = np.arange(size * size, dtype=np.float32).reshape(size, size)
    return np.stack([place, 2 * place], -1), np.stack([place, -place], -1), place + 1


@pytest.mark.parametrize("symmetry", range(8))
def test_symmetries_move_images_and_labels_alike(symmetry):
    spot = np.zeros((5, 5, 2))
    spot[0, 1] = [1, 2]
    turned = apply_symmetry(spot, symmetry)
    assert turned.shape == spot.shape
    np.testing.assert_array_equal(turned[turned[..., 0] == 1], [[1, 2]])
    assert len({apply_symmetry(spot, k).tobytes() for k in range(8)}) == 8


@given(st.integers(0, 10**6), st.booleans(), st.none() | st.integers(16, 20))
def test_every_pixel_keeps_its_label_and_every_focus_its_partner(position, symmetries, crop):
    settings = Augmentation(symmetries=symmetries, crop=crop, brightness=0.3, contrast=0.3)
    images, labels, weights = augmented(maps(20), settings, 1, position)
    size = crop or 20
    assert images.shape == (size, size, 2) and weights.shape == (size, size)
    np.testing.assert_array_equal(labels[..., 0] + 1, weights)
    place = labels[..., 0].astype(float)
    gain, offset = np.polyfit(place.ravel(), images[..., 0].ravel(), 1)
    np.testing.assert_allclose(images[..., 1], 2 * gain * place + offset, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(images, augmented(maps(20), settings, 1, position)[0])


def test_draws_have_the_widths_that_were_asked_for():
    settings = Augmentation(symmetries=False, brightness=0.2, contrast=0.1)
    drawn = [augmented(maps(), settings, 1, position)[0] for position in range(400)]
    offset = np.array([image[0, 0, 0] for image in drawn])
    gain = np.array([image[0, 1, 0] - image[0, 0, 0] for image in drawn])
    assert offset.std() == pytest.approx(0.2, rel=0.1) and abs(offset.mean()) < 0.03
    assert np.log(gain).std() == pytest.approx(0.1, rel=0.1)


def test_all_symmetries_and_places_come(settings):
    seen = {augmented(maps(), Augmentation(), 1, k)[2].tobytes() for k in range(100)}
    assert len(seen) == 8
    corners = {augmented(maps(20), Augmentation(symmetries=False, crop=16), 1, k)[2][0, 0]
               for k in range(300)}  # fmt: skip
    assert len(corners) == 25


def test_only_training_is_augmented(settings):
    strong = {"symmetries": True, "crop": 16, "brightness": 1, "contrast": 1}
    experiment = settings(data={"augment": strong})
    example = simulate_example(experiment, 0)
    plain = prepare(example, batch_settings(settings(data={"augment": False})), 5, "training")
    for split in ("selection", "validation"):
        for found, expected in zip(
            prepare(example, batch_settings(experiment), 5, split), plain, strict=True
        ):
            np.testing.assert_array_equal(found, expected)
    assert prepare(example, batch_settings(experiment), 5, "training")[0].shape[0] == 16


def test_a_crop_larger_than_the_image_is_refused(settings):
    with pytest.raises(InputError, match="data.augment.crop to at most 32"):
        settings(data={"augment": {"crop": 64}})
