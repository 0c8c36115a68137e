import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.inference.pixels import find_broken, painted_block, replaced, saturated_fraction


def lattice(shape=(96, 128), period=7.0):
    """Bright columns 20 % above the background, on a slope."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    waves = np.cos(2 * np.pi * row / period) + np.cos(2 * np.pi * col / period)
    return (100 + 10 * waves + 0.1 * row).astype(np.float32)


@pytest.mark.parametrize("dose", [1e-3, 0.01, 0.045, 0.1, 0.19, 0.3, 1, 3, 10, 100, 1e4])
@pytest.mark.parametrize("gain", [1.0, 0.37])
def test_nothing_in_an_image_of_counts_is_broken(dose, gain):
    for seed in range(3):
        counts = np.random.default_rng(seed).poisson(dose * lattice((512, 512)) / 100)
        assert find_broken((gain * counts).astype(np.float32)).size == 0


@given(
    period=st.floats(2.0, 40.0),
    contrast=st.floats(0.01, 1.0),
    power=st.integers(1, 12),
    seed=st.integers(0, 100),
)
def test_lattice_contrast_is_never_broken(period, contrast, power, seed):
    row, col = np.mgrid[:64, :64] + np.random.default_rng(seed).random((2, 1, 1))
    wave = 0.25 * (2 + np.cos(2 * np.pi * row / period) + np.cos(2 * np.pi * col / period))
    assert find_broken((100 * (1 + contrast * wave**power)).astype(np.float32)).size == 0


def test_single_bright_atoms_two_pixels_wide_are_not_broken():
    image = np.random.default_rng(0).normal(10, 1, (256, 256))
    row, col = np.mgrid[:256, :256]
    for place in ((40.0, 50.5), (200.3, 100.7)):
        distance = (row - place[0]) ** 2 + (col - place[1]) ** 2
        image += 1000 * np.exp(-4 * np.log(2) * distance / 2.0**2)
    assert find_broken(image.astype(np.float32)).size == 0
    hit = image.copy()
    hit[128, 128] += 1000  # the same brightness in one pixel
    assert find_broken(hit.astype(np.float32)).tolist() == [128 * 256 + 128]


@pytest.mark.parametrize("dose", [0.1, 0.3, 10])
def test_hits_in_low_dose_images_are_found(dose):
    image = np.random.default_rng(0).poisson(dose, (200, 300)).astype(np.float32)
    places = np.array([0, 299, 12_345, 12_346, 59_999])  # in corners too, and two side by side
    image.reshape(-1)[places] = 500
    assert find_broken(image).tolist() == places.tolist()


def test_dead_hot_and_undefined_pixels_get_the_median_of_good_neighbours():
    image = lattice() + 900
    broken = image.copy()
    flat = broken.reshape(-1)
    places = np.array([5, 1000, 1001, 4000, 7777])
    flat[places] = [np.nan, 0, np.inf, 5000, -np.inf]
    found = find_broken(broken)
    assert found.tolist() == places.tolist()
    mended = replaced(broken, found)
    assert np.isnan(flat[5])  # what was given is left alone
    row, col = 4000 // 128, 4000 % 128
    around = np.delete(image[row - 1 : row + 2, col - 1 : col + 2].ravel(), 4)
    assert mended[row, col] == np.median(around)
    assert np.abs(mended - image).max() < 10 and np.isfinite(mended).all()
    untouched = np.ones(image.size, bool)
    untouched[places] = False
    np.testing.assert_array_equal(mended.ravel()[untouched], image.ravel()[untouched])


def test_broken_pixels_up_to_some_in_a_hundred_are_found():
    image = np.random.default_rng(0).normal(1000, 30, (256, 256)).astype(np.float32)
    places = np.random.default_rng(1).choice(image.size, image.size // 150, replace=False)
    image.reshape(-1)[places] = 20_000
    assert find_broken(image).tolist() == sorted(places.tolist())


def test_a_block_without_good_neighbours_stays_undefined():
    image = lattice()
    image[10:17, 20:27] = np.nan
    mended = replaced(image, find_broken(image))
    np.testing.assert_array_equal(np.argwhere(np.isnan(mended)).min(axis=0), [12, 22])
    assert np.isnan(mended).sum() == 9


def test_images_without_any_number_or_contrast():
    assert find_broken(np.full((20, 20), np.nan, np.float32)).size == 400
    assert find_broken(np.ones((20, 20), np.float32)).size == 0


def test_saturation_is_told_from_the_largest_count():
    counts = np.random.default_rng(0).poisson(1000, (100, 100)).astype(float)
    assert saturated_fraction(counts) == 0
    clipped = np.minimum(counts, 1040)
    assert saturated_fraction(clipped) == np.mean(counts >= 1040) > 0.05
    assert saturated_fraction(np.random.default_rng(0).poisson(0.3, (100, 100))) == 0
    assert saturated_fraction(np.ones((10, 10))) == 0


def test_a_painted_bar_is_seen_and_a_specimen_is_not():
    image = np.random.default_rng(0).integers(0, 256, (100, 120)).astype(float)
    assert painted_block(image) is None
    image[80:85, 10:50] = 255
    assert painted_block(image) == ((80, 85, 10, 50), 255)
    image[:8] = 0  # the larger of two
    assert painted_block(image) == ((0, 8, 0, 120), 0)


@pytest.mark.parametrize("dose", [0.001, 0.05, 0.3, 2])
def test_the_empty_pixels_of_low_doses_are_no_paint(dose):
    assert painted_block(np.random.default_rng(0).poisson(dose, (256, 256))) is None
