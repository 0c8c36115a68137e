import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.inference.bad_pixels.faults import find_faults
from temnet.inference.bad_pixels.outliers import find_broken, find_broken_lines


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
    inpainted = find_faults(broken)[0]
    assert np.isnan(flat[5])  # the argument is not changed
    row, col = 4000 // 128, 4000 % 128
    around = np.delete(image[row - 1 : row + 2, col - 1 : col + 2].ravel(), 4)
    assert inpainted[row, col] == np.median(around)
    assert np.abs(inpainted - image).max() < 10 and np.isfinite(inpainted).all()
    untouched = np.ones(image.size, bool)
    untouched[places] = False
    np.testing.assert_array_equal(inpainted.ravel()[untouched], image.ravel()[untouched])


def test_broken_pixels_up_to_some_in_a_hundred_are_found():
    image = np.random.default_rng(0).normal(1000, 30, (256, 256)).astype(np.float32)
    places = np.random.default_rng(1).choice(image.size, image.size // 150, replace=False)
    image.reshape(-1)[places] = 20_000
    assert find_broken(image).tolist() == sorted(places.tolist())


def test_images_without_any_number_or_contrast():
    assert find_broken(np.full((20, 20), np.nan, np.float32)).size == 400
    assert find_broken(np.ones((20, 20), np.float32)).size == 0


def noisy_lattice(seed=0):
    image = 10 * lattice((160, 180))
    return np.random.default_rng(seed).normal(image, 20).astype(np.float32)


def block(rows, cols, low=1.0):
    return np.random.default_rng(5).uniform(low, 1.0, (rows, cols))


SHAPES = {
    "2x2": block(2, 2),
    "3x3": block(3, 3),
    "3x3, uneven": block(3, 3, 0.3),
    "7x7": block(7, 7),
    "streak": np.eye(40) * block(40, 40, 0.6),
    "cross of an overflow": np.where(np.add.outer(np.arange(41) == 20, np.arange(41) == 20), 1, 0),
    "tail": np.exp(-np.arange(40) / 10)[:, None],
    "hot pixel with a halo": np.array([[0.1, 0.2, 0.1], [0.2, 1.0, 0.2], [0.1, 0.2, 0.1]]),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("height", [20_000, 60_000])
def test_hits_of_any_shape_are_found_and_nothing_else(shape, height):
    image = noisy_lattice()
    hit = image.copy()
    rows, cols = shape.shape
    hit[50 : 50 + rows, 60 : 60 + cols] += height * shape
    hurt = np.abs(hit - image) > 1500  # seven times the contrast of the lattice
    found = np.zeros(image.shape, bool)
    found.reshape(-1)[find_broken(hit)] = True
    assert found[hurt].all()
    assert not found[~(hit != image)].any()
    assert find_broken(image).size == 0


@pytest.mark.parametrize("beside", [0.0, 0.1, 0.25])
def test_an_overflow_with_a_halo_is_found(beside):
    image = noisy_lattice()
    hit = image.copy()
    hit[50:55, 60:65] += 65535 * beside
    hit[51:54, 61:64] = 65535
    found = np.zeros(image.shape, bool)
    found.reshape(-1)[find_broken(hit)] = True
    np.testing.assert_array_equal(found, np.abs(hit - image) > 1000)


def test_a_block_of_ten_times_the_mean_moves_nothing_around_it():
    image = noisy_lattice()
    hit = image.copy()
    hit[50:55, 60:65] = 10 * image.mean()
    inpainted, faults = find_faults(hit)
    changed = inpainted != image
    assert faults.broken == 25 and changed.sum() <= 25 and changed[50:55, 60:65].sum() > 20
    assert np.abs(inpainted - image).max() < np.ptp(image)


@pytest.mark.parametrize("width", [2.0, 2.5, 4.0, 8.0])
@pytest.mark.parametrize("height", [400, 2000, 50_000])
def test_a_heavy_atom_on_a_lattice_stays_wherever_it_lies_between_pixels(width, height):
    image = noisy_lattice()
    row, col = np.mgrid[:160, :180]
    for k in range(12):
        place = 20.0 + 10 * k + np.random.default_rng(k).random(2)
        distance = (row - place[0]) ** 2 + (col - place[1]) ** 2
        image += (height * 2.0 ** (-4 * distance / width**2)).astype(np.float32)
    inpainted, faults = find_faults(image)
    assert inpainted is image and faults.broken == 0


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("how", ["dead", "weak", "bright", "noise", "offset"])
@pytest.mark.parametrize("axis", [0, 1])
def test_rows_and_columns_side_by_side_are_replaced(count, how, axis):
    image = noisy_lattice()
    hurt = image.copy()
    lines = (hurt if axis == 0 else hurt.T)[70 : 70 + count]
    noise = np.random.default_rng(3).uniform(0, 100, lines.shape)
    lines[:] = {
        "dead": 0 * lines,
        "weak": 0.3 * lines,
        "bright": 0 * lines + 65535,
        "noise": noise,
        "offset": lines + 800,
    }[how]
    inpainted, _ = find_faults(hurt)
    expected = np.zeros(image.shape, bool)
    (expected if axis == 0 else expected.T)[70 : 70 + count] = True
    np.testing.assert_array_equal(inpainted[~expected], image[~expected])
    assert (inpainted != hurt)[expected].mean() > 0.99
    assert np.abs(inpainted - image).max() < np.ptp(image)


def test_lattice_planes_along_rows_and_an_edge_are_no_broken_lines():
    row = np.arange(200.0)
    for period in (3.0, 4.0, 6.3, 10.0):
        planes = 1000 + 200 * np.cos(2 * np.pi * row / period)[:, None] * (row > 120)[:, None]
        edge = 300 * (row > 120)[:, None]
        fringe = 500 * np.exp(-(((row - 120) / 2) ** 2))[:, None]
        for image in (planes, planes + edge, planes + edge + fringe):
            image = np.random.default_rng(0).normal(image, 30, (200, 150)).astype(np.float32)
            assert find_broken_lines(image) is None
            assert find_broken_lines(image.T) is None


def test_the_dark_edge_of_a_small_particle_stays():
    row, col = np.mgrid[:256, :256]
    inside = 1 / (1 + np.exp(np.hypot(row - 100, col - 90) - 9))
    image = np.random.default_rng(0).normal(1000 - 900 * inside, 10).astype(np.float32)
    assert find_broken(image).size == 0


def test_a_soft_spot_far_outside_all_else_stays_and_is_named():
    image = np.random.default_rng(0).normal(lattice(), 1).astype(np.float32)
    assert find_faults(image)[1].dazzling is None
    row, col = np.mgrid[: image.shape[0], : image.shape[1]]
    spot = np.exp(-((row - 40) ** 2 + (col - 77) ** 2) / (2 * 2.0**2))
    for height in (20_000, -20_000):
        found, faults = find_faults((image + height * spot).astype(np.float32))
        assert faults.dazzling == (40, 77) and faults.broken == 0
        assert abs(found[40, 77]) > 19_000
    atom = find_faults((image + 50 * spot).astype(np.float32))[1]  # three times the lattice
    assert atom.dazzling is None
    hit = image.copy()
    hit[40:43, 77:80] = 65535
    assert find_faults(hit)[1].dazzling is None  # replaced, so that nothing is left to name
