"""Statistics of an image, and their comparison with training images."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from temnet.inference.checks.image_statistics import (
    Appearance,
    appearance,
    bin_edges,
    frame_appearance,
)
from temnet.inference.checks.out_of_distribution import (
    COMPARED_FRAMES,
    SeriesComparison,
    compare,
    reference,
)
from temnet.inference.column_finder import FoundFrame
from temnet.inference.reading.read_images import read_images
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import find_network, read_card
from temnet.records import Columns, Example, Peaks
from temnet.training.finish import FEWEST_IMAGES, describe_images

SAMPLING, WIDTH, SIDE = 0.2, 12.0, 128


def image(rng, dose, spacing=None, sampling=SAMPLING, contrast=0.15, side=SIDE):
    """Counts (row, col, 1) of a lattice of random direction, or of none."""
    row, col = np.mgrid[:side, :side] * sampling
    mean = np.ones((side, side))
    if spacing is not None:
        angle = rng.uniform(0, np.pi)
        for turn in (0, np.pi / 2):
            along = row * np.cos(angle + turn) + col * np.sin(angle + turn)
            mean += contrast * np.cos(2 * np.pi * along / spacing + rng.uniform(0, 6))
    return rng.poisson(dose * sampling**2 * mean).astype(np.float32)[..., None]


def training(count, seed):
    """Frames like those of one microscope: 200 to 4000 e/Å², spacings of 1.95 to 2.4 Å."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        dose = np.exp(rng.uniform(np.log(200), np.log(4000)))
        yield image(rng, dose, rng.uniform(1.95, 2.4), contrast=rng.uniform(0.1, 0.2))


def seen(frame, sampling=SAMPLING):
    return frame_appearance(frame, sampling, SAMPLING, WIDTH)


@pytest.fixture(scope="module")
def card():
    """The card's entry, as it comes back from the file."""
    return reference([seen(one) for one in training(120, 1)], SAMPLING)


def report(frame, card, sampling=SAMPLING):
    return compare([seen(frame, sampling)], sampling, (0.1, 0.24), card)


@pytest.mark.parametrize("dose", [30.0, 1000.0])
def test_the_noise_of_counted_electrons_is_that_of_their_dose(dose):
    frame = image(np.random.default_rng(0), dose, side=256)
    assert seen(frame).noise_dose == pytest.approx(dose, rel=0.05)
    # A gain does not matter; with values below zero the dose is unknown.
    assert seen(7.5 * frame).noise_dose == pytest.approx(dose, rel=0.05)
    assert np.isnan(seen(frame - 2 * frame.mean()).noise_dose)


def test_white_noise_has_a_flat_spectrum_of_its_variance():
    frame = np.random.default_rng(0).normal(10, 1, (320, 320, 1))
    spectrum = seen(frame).spectrum
    assert len(spectrum) == len(bin_edges(SAMPLING)) - 1
    # Normalised to variance 1, spread over 1 / sampling² of frequencies.
    np.testing.assert_allclose(spectrum[1:], np.log10(SAMPLING**2), atol=0.12)


@pytest.mark.parametrize("spacing", [1.2, 2.35, 3.12])
@pytest.mark.parametrize("side", [100, 161, 300])
def test_the_lattice_is_found_at_its_frequency(spacing, side):
    frame = image(np.random.default_rng(1), 1000, spacing, side=side)
    assert 1 / seen(frame).spots[0] == pytest.approx(spacing, rel=0.01)


def test_noise_alone_shows_no_lattice():
    rng = np.random.default_rng(2)
    assert all(len(seen(image(rng, 500)).spots) == 0 for _ in range(40))


def test_frequencies_beyond_the_cameras_are_not_report():
    edges = bin_edges(SAMPLING)
    frame = image(np.random.default_rng(3), 1000, 2.2, sampling=0.4)
    known = np.isfinite(seen(frame, 0.4).spectrum)
    np.testing.assert_array_equal(known, edges[1:] <= 0.95 * 0.5 / 0.4 + 1e-9)


def test_a_turned_image_has_the_same_statistics():
    frame = image(np.random.default_rng(4), 1000, 2.2, side=150)
    one, other = seen(frame), seen(np.rot90(frame))
    np.testing.assert_allclose(one.spectrum, other.spectrum, atol=1e-4)
    np.testing.assert_allclose(one.spots, other.spots, rtol=1e-3)


def test_few_images_of_the_training_s_kind_are_out_of_distribution(card):
    """Two comparisons, each beyond all 120 images in at most one of 121, and 1 %: 2.7 %."""
    alarms = [bool(report(frame, card).out_of_distribution) for frame in training(200, 2)]
    assert np.mean(alarms) <= 0.05


@pytest.mark.parametrize("stated", [0.7, 1.3])
def test_a_pixel_size_that_is_wrong_by_a_third_is_noticed(card, stated):
    reports = [
        report(frame, card, SAMPLING * stated).out_of_distribution for frame in training(20, 3)
    ]
    assert np.mean([bool(sentences) for sentences in reports]) >= 0.9
    assert any(
        "a lattice that training images do not show" in sentence
        for sentences in reports
        for sentence in sentences
    )


def test_a_hundredth_of_the_dose_is_noticed(card):
    rng = np.random.default_rng(4)
    sentences = [
        report(image(rng, dose / 100, 2.2), card).out_of_distribution for dose in (200, 900, 4000)
    ]
    assert all("more noise" in " ".join(one) for one in sentences)


def test_blurred_and_filtered_images_are_noticed(card):
    from scipy.ndimage import gaussian_filter

    frame = image(np.random.default_rng(5), 1000, 2.2)
    blurred = gaussian_filter(frame, (1.5, 1.5, 0))
    kinds = [one.kind for one in report(blurred, card).findings]
    assert "power spectrum" in kinds
    (found,) = (one for one in report(blurred, card).findings if one.kind == "power spectrum")
    assert "more than 100 times" in found.detail and "filtered" in found.sentence


def test_an_image_without_a_lattice_gets_a_note(card):
    (note,) = report(image(np.random.default_rng(6), 1000), card).findings
    assert (note.kind, note.severity) == ("lattice", "note") and "100%" in note.detail


@pytest.mark.parametrize(
    ("sampling", "part"),
    [
        (0.3, "0.3 Å are coarser than in training (0.1 to 0.24 Å)"),
        (0.05, "finer"),
    ],
)
def test_pixel_sizes_outside_of_the_training_s(sampling, part):
    assert part in compare([], sampling, (0.1, 0.24), None).out_of_distribution[0]


@pytest.mark.parametrize("sampling", [0.1, 0.2, 0.24, 0.245])
def test_pixel_sizes_that_were_training(sampling):
    assert compare([], sampling, (0.1, 0.24), None).out_of_distribution == ()
    assert compare([], sampling, None, None).out_of_distribution == ()


def test_the_median_of_a_movies_frames_counts(card):
    rng = np.random.default_rng(7)
    good, bad = seen(image(rng, 900, 2.2)), seen(image(rng, 5, 2.2))
    assert compare([good, good, bad], SAMPLING, None, card).out_of_distribution == ()
    assert compare([good, bad, bad], SAMPLING, None, card).out_of_distribution != ()


def test_evenly_spaced_frames_of_a_series_are_compared_as_they_pass(card):
    rng = np.random.default_rng(10)
    frames = [image(rng, 900 if number % 2 else 5, 2.2) for number in range(22)]
    network = SimpleNamespace(
        card=SimpleNamespace(camera_sampling=(0.1, 0.24), image_statistics=card),
        sampling=SAMPLING,
        labels=SimpleNamespace(normalisation_width=WIDTH),
    )
    comparison = SeriesComparison(network, len(frames), SAMPLING)
    for number, frame in enumerate(frames):
        comparison.add(FoundFrame(number, frame, Peaks.empty(2)))
    chosen = [0, 3, 6, 9, 12, 15, 18, 21]
    assert len(chosen) == COMPARED_FRAMES
    each = [seen(frames[number]) for number in chosen]
    assert comparison.report() == compare(each, SAMPLING, (0.1, 0.24), card)


def test_an_image_of_one_value_and_a_tiny_one_do_no_harm(card):
    for frame in (np.ones((64, 64, 1)), np.eye(16)[..., None]):
        assert isinstance(seen(frame), Appearance)
        report(frame, card)


def test_compared_properties_are_reported(card):
    frame = image(np.random.default_rng(9), 1000, 2.2)
    everything = ("pixel size", "power spectrum", "noise", "lattice")
    assert report(frame, card).compared == everything
    # With values below zero the dose is unknown; one such frame of several does not matter.
    signed = frame - frame.mean()
    reports = [
        report(signed, card),
        compare([seen(frame), seen(signed)], SAMPLING, (0.1, 0.24), card),
    ]
    assert [one.compared for one in reports] == [("pixel size", "power spectrum", "lattice"),
                                                  everything]  # fmt: skip
    assert any("noise was not compared" in note for note in reports[0].notes)
    assert reports[1].notes == ()
    # Nor is there a lattice to compare where none stands out.
    assert "lattice" not in report(image(np.random.default_rng(6), 1000), card).compared
    assert compare([], SAMPLING, (0.1, 0.24), None).compared == ("pixel size",)


def test_a_series_counts_as_one(card):
    rng = np.random.default_rng(8)
    frame = np.concatenate([image(rng, 900, 2.2) for _ in range(3)], axis=-1)
    found = appearance(frame, SAMPLING, SAMPLING, WIDTH)
    assert found.noise_dose == pytest.approx(900, rel=0.1)


MOVIE = Path(__file__).parents[3] / "experiments" / "images" / "pt_ceo2_raw.tif"


def of_the_movie(sampling):
    network = read_card(find_network("nanoparticle-unet"))
    frames = read_images(MOVIE, sampling=sampling, axes="frames").images[::10]
    each = [seen(frame, sampling) for frame in frames]
    return compare(each, sampling, network.camera_sampling, network.image_statistics)


def test_the_movie_is_like_the_images_of_the_network_that_comes_along():
    assert of_the_movie(0.202).out_of_distribution == ()


def test_the_movie_at_a_wrong_pixel_size_is_not():
    """By 30 %: 10 % are as strange as the rarest of the training images, of 200 as of 2,000."""
    sentences = of_the_movie(0.202 * 1.3).out_of_distribution
    assert any("a lattice that training images do not show" in one for one in sentences)


def test_too_few_images_are_no_description():
    """By the statistics of a few images most others would be reported."""
    experiment = load_network("nanoparticle-unet").experiment
    images = [
        Example(one, one, one[..., 0], Columns.empty(), {"camera_sampling": SAMPLING}, SAMPLING)
        for one in training(FEWEST_IMAGES, 5)
    ]
    assert describe_images(images[1:], experiment.labels, experiment.sampling) is None
    assert describe_images(images, experiment.labels, experiment.sampling).count == FEWEST_IMAGES
