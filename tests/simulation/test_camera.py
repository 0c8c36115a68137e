import numpy as np
import pytest

from temnet.config.external_files import with_tables
from temnet.config.instrument.camera import Camera, TransferFunction
from temnet.simulation.camera import Detector, Motion, Transfer, blur, draw_detector, record
from temnet.simulation.exit_wave import plan_grid

GRID = plan_grid(30.0, 24.0, 4.0, 0.2)
FLAT = np.ones((1, *GRID.shape), np.float32)
STILL = np.zeros((1, 2))


def detector(**changes):
    plain = {
        "sampling": 0.15,
        "dose": 400.0,
        "kind": "ideal",
        "signal_mtf": None,
        "event_mtf": None,
        "readout_noise": 0.0,
    }
    return Detector(**(plain | changes))


def shoot(
    intensity=FLAT,
    shape=(200, 160),
    seed=0,
    spread=0.0,
    shifts=STILL,
    drift=(0.0, 0.0),
    magnifications=(1.0,),
    **changes,
):
    rng = np.random.default_rng(seed)
    motion = Motion(np.asarray(shifts), spread, np.asarray(drift), np.asarray(magnifications))
    return record(intensity, GRID, detector(**changes), shape, motion, rng)


def test_counts_are_poisson_with_the_dose():
    image = shoot()
    expected = 400 * 0.15**2
    assert image.mean() == pytest.approx(expected, rel=0.01)
    assert image.var() == pytest.approx(expected, rel=0.03)
    assert shoot(dose=4.0).mean() == pytest.approx(4 * 0.15**2, rel=0.1)


def test_noise_power_follows_the_event_mtf_and_the_dose_is_conserved():
    transfer = Transfer(floor=0.1, half=0.2, power=2.0)
    image = shoot(shape=(192, 192), event_mtf=transfer)[..., 0]
    expected = 400 * 0.15**2
    assert image.mean() == pytest.approx(expected, rel=0.01)
    power = np.abs(np.fft.fft2(image - image.mean())) ** 2 / image.size
    frequency = np.fft.fftfreq(192) * 2
    radius = np.hypot(frequency[:, None], frequency[None, :])
    for low in (0.1, 0.4, 0.8):
        ring = (radius > low) & (radius < low + 0.1)
        theory = expected * np.mean(transfer(radius[ring]) ** 2)
        assert power[ring].mean() == pytest.approx(theory, rel=0.12)


def test_signal_mtf_leaves_the_noise_white_and_damps_the_signal():
    transfer = Transfer(floor=0.0, half=0.5, power=2.0)
    rows = np.arange(GRID.shape[0]) / GRID.shape[0]
    cycles = round(GRID.extent[0] * 1.0)  # 1 per Å: 0.3 of the camera's Nyquist frequency
    wave = 1 + 0.2 * np.cos(2 * np.pi * cycles * rows)
    intensity = (wave[:, None] * np.ones(GRID.shape))[None].astype(np.float32)
    frequency = cycles / GRID.extent[0]

    def amplitude(**changes):
        image = shoot(intensity, dose=1e6, **changes)[..., 0]
        angle = 2 * np.pi * frequency * 0.15 * np.arange(image.shape[0])
        waves = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
        constant, *parts = np.linalg.lstsq(waves, image.mean(axis=1), rcond=None)[0]
        return np.hypot(*parts) / constant

    assert amplitude() == pytest.approx(0.2, rel=0.02)
    expected = 0.2 * transfer(np.array(frequency * 2 * 0.15))
    assert amplitude(signal_mtf=transfer) == pytest.approx(float(expected), rel=0.02)
    noise = shoot(signal_mtf=transfer)
    assert noise.var() == pytest.approx(noise.mean(), rel=0.03)


def test_pixels_lie_where_they_should_and_axes_are_not_swapped():
    """A spot at (row, col) = (12, 7) Å of the image appears there, and its shift moves it."""
    rows, cols = (np.arange(n) * GRID.sampling for n in GRID.shape)
    spot = np.exp(
        -((rows[:, None] - GRID.origin[0] - 12) ** 2 + (cols[None] - GRID.origin[1] - 7) ** 2) / 0.5
    )
    intensity = (1 + spot)[None].astype(np.float32)
    image = shoot(intensity, dose=1e7)[..., 0]
    peak = np.array(np.unravel_index(image.argmax(), image.shape)) * 0.15
    np.testing.assert_allclose(peak, [12, 7], atol=0.08)
    moved = shoot(intensity, dose=1e7, shifts=np.array([[1.5, -0.9]]))[..., 0]
    peak = np.array(np.unravel_index(moved.argmax(), moved.shape)) * 0.15
    np.testing.assert_allclose(peak, [13.5, 6.1], atol=0.08)


def test_vibration_blurs_and_readout_noise_adds():
    rng = np.random.default_rng(1)
    rough = (1 + 0.1 * rng.standard_normal((1, *GRID.shape))).astype(np.float32)
    assert shoot(rough, dose=1e6, spread=0.5).std() < 0.5 * shoot(rough, dose=1e6).std()
    noisy = shoot(readout_noise=5.0)
    assert noisy.var() == pytest.approx(400 * 0.15**2 + 25, rel=0.03)


def test_blur_keeps_a_flat_image_and_a_knife_edge_returns_the_mtf():
    transfer = Transfer(floor=0.05, half=0.2, power=2.0)
    assert blur(np.full((16, 12, 1), 3.0), transfer) == pytest.approx(3.0)
    edge = np.zeros((256, 8, 1))
    edge[128:] = 1
    spread = np.diff(blur(edge, transfer)[:, 0, 0])
    measured = np.abs(np.fft.rfft(spread, 512))
    frequency = np.arange(257) / 256
    use = slice(2, 200)
    np.testing.assert_allclose(measured[use], transfer(frequency[use]), atol=0.02)


def test_kinds_of_camera_blur_before_or_after_counting():
    plain = {"sampling": 0.1, "dose": 100.0}
    rng = np.random.default_rng(0)
    ideal = draw_detector(Camera(**plain), rng)
    assert ideal.signal_mtf is None and ideal.event_mtf is None
    counting = draw_detector(Camera(kind="counting", **plain), rng)
    assert counting.signal_mtf is not None and counting.event_mtf is None
    scintillator = draw_detector(Camera(kind="scintillator", **plain), rng)
    assert scintillator.signal_mtf is None and scintillator.event_mtf is not None


def test_transfer_function_is_one_at_zero_and_one_half_at_twice_half():
    transfer = Transfer(**TransferFunction(half=0.25, power=3.0).model_dump())
    assert transfer(np.zeros(1)) == 1
    assert transfer(np.array(0.5)) == pytest.approx(0.5)


def waves(period, axis=1):
    """A cosine along an axis with a whole number of periods in the box, and its frequency."""
    side = GRID.extent[axis]
    periods = round(side / period)
    place = np.arange(GRID.shape[axis]) * GRID.sampling
    wave = 1 + 0.5 * np.cos(2 * np.pi * periods * place / side)
    image = np.broadcast_to(wave if axis else wave[:, None], GRID.shape)
    return image[None].astype(np.float32), periods / side


def amplitude(image, frequency, axis=1):
    """Of a cosine of that frequency in an image of unit mean."""
    mean = image[..., 0].mean(axis=1 - axis)
    phase = np.exp(-2j * np.pi * frequency * np.arange(len(mean)) * 0.15)
    window = np.hanning(len(mean))
    return 2 * abs(np.sum((mean / mean.mean() - 1) * phase * window)) / window.sum()


def test_gain_multiplies_what_was_counted():
    plain, gained = shoot(), shoot(gain=8.0)
    np.testing.assert_allclose(gained, 8 * plain)
    # Variance over mean is the gain: the electrons are counted first.
    assert gained.var() / gained.mean() == pytest.approx(8, rel=0.03)


def test_uneven_illumination_keeps_the_dose_and_its_amplitude():
    settings = Camera(sampling=0.15, dose=400, uneven_illumination=0.3)
    for seed in range(5):
        drawn = draw_detector(settings, np.random.default_rng(seed)).illumination
        assert np.abs(drawn).sum() == pytest.approx(0.3)
    slope = shoot(illumination=(0.3, 0, 0, 0, 0), dose=4000.0)[..., 0]
    assert slope.mean() == pytest.approx(4000 * 0.15**2, rel=0.02)
    columns = slope.mean(axis=0)
    assert columns[-5:].mean() / columns[:5].mean() == pytest.approx(1.27 / 0.73, rel=0.03)
    rows = slope.mean(axis=1)
    assert rows[-5:].mean() / rows[:5].mean() == pytest.approx(1, rel=0.03)


def test_gain_noise_is_the_same_in_each_image():
    twice = np.repeat(FLAT, 2, axis=0)
    images = shoot(
        twice, gain_noise=0.1, dose=1e6, shifts=np.zeros((2, 2)), magnifications=(1.0, 1.0)
    )
    first, second = images[..., 0], images[..., 1]
    assert first.std() / first.mean() == pytest.approx(0.1, rel=0.03)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.98


def test_broken_pixels_have_their_fraction_and_are_repaired():
    raw = shoot(dead_pixels=0.02, hot_pixels=0.01, repair=False, dose=4e4)[..., 0]
    assert np.mean(raw == 0) == pytest.approx(0.02, abs=0.004)
    assert np.mean(raw > 5 * np.median(raw)) == pytest.approx(0.01, abs=0.003)
    mended = shoot(dead_pixels=0.02, hot_pixels=0.01, dose=4e4)[..., 0]
    assert mended.min() > 0.7 * np.median(mended) and mended.max() < 1.3 * np.median(mended)


def test_drift_blurs_along_itself_by_a_sinc():
    image, frequency = waves(3.0, axis=1)
    still = amplitude(shoot(image, dose=1e6), frequency)
    along = amplitude(shoot(image, dose=1e6, drift=(0.0, 1.0)), frequency)
    across = amplitude(shoot(image, dose=1e6, drift=(1.0, 0.0)), frequency)
    assert along / still == pytest.approx(np.sinc(frequency * 1.0), rel=0.01)
    assert across / still == pytest.approx(1, rel=0.01)


def test_magnification_is_about_the_middle():
    image, frequency = waves(3.0, axis=1)
    magnified = shoot(image, dose=1e6, magnifications=(1.3,))
    assert amplitude(magnified, frequency / 1.3) > 3 * amplitude(magnified, frequency * 1.3)
    spot = np.zeros((1, *GRID.shape), np.float32) + 0.1
    middle = (np.array([199, 159]) * 0.15 / 2 + GRID.origin) / GRID.sampling
    row, col = np.round(middle).astype(int)
    spot[0, row - 2 : row + 3, col - 2 : col + 3] = 1
    places = []
    for factor in (1.0, 1.05):
        found = shoot(spot, dose=1e5, magnifications=(factor,))[..., 0]
        found = found - np.median(found)
        found[found < found.max() / 3] = 0
        grid = np.mgrid[: found.shape[0], : found.shape[1]]
        places.append((grid * found).sum(axis=(1, 2)) / found.sum())
    np.testing.assert_allclose(places[0], places[1], atol=0.1)


def test_a_measured_mtf_is_interpolated():
    table = ((0.0, 1.0), (0.5, 0.6), (1.0, 0.2))
    settings = Camera(sampling=0.15, dose=400, kind="counting", counting_mtf={"table": table})
    transfer = draw_detector(settings, np.random.default_rng(0)).signal_mtf
    np.testing.assert_allclose(transfer(np.array([0, 0.25, 0.75, 3.0])), [1, 0.8, 0.4, 0.2])
    with pytest.raises(ValueError, match="value 1 at q = 0"):
        TransferFunction(table=((0.0, 0.9), (1.0, 0.2)))


def test_a_part_of_a_mtf_takes_the_rest_from_its_camera():
    whole = Camera(sampling=0.15, dose=400)
    part = Camera(sampling=0.15, dose=400, scintillator_mtf={"floor": 0.1})
    assert part.scintillator_mtf.floor == 0.1
    assert part.scintillator_mtf.half == whole.scintillator_mtf.half
    assert part.scintillator_mtf.half != TransferFunction().half


def test_a_measured_mtf_is_that_of_its_file(tmp_path):
    path = tmp_path / "mtf.txt"
    path.write_text("# q  MTF\n0 1\n0.5 0.6\n1 0.2\n")
    camera = Camera(sampling=0.15, dose=400, kind="counting", counting_mtf={"table": str(path)})
    measured = draw_detector(with_tables(camera), np.random.default_rng(0)).signal_mtf
    np.testing.assert_allclose(measured(np.array([0, 0.25, 0.75, 1])), [1, 0.8, 0.4, 0.2])
    with pytest.raises(TypeError, match="content"):
        draw_detector(camera, np.random.default_rng(0))
