import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.inference.peaks import _apart, default_min_distance, find_peaks
from temnet.records import Columns
from temnet.simulation.labels import draw_labels

SAMPLING, WIDTH = 0.2, 0.4


def predicted(places, classes, shape=(60, 80), height=1.0):
    """Perfect prediction for columns at ``places`` [Å]."""
    places = np.array(places, float).reshape(-1, 2)
    columns = Columns(places, np.array(classes, np.int64), np.ones(len(places), np.int64))
    labels, _ = draw_labels(columns, shape, SAMPLING, WIDTH, 3)
    labels = labels.astype(float)
    labels[..., :-1] *= height
    labels[..., -1] = 1 - labels[..., :-1].sum(axis=-1)
    return labels


def find(probabilities, threshold=0.5, distance=1.2):
    return find_peaks(probabilities, SAMPLING, threshold, distance)


def test_columns_come_back_with_place_class_and_score():
    places = [[3.07, 4.21], [3.3, 9.95], [8.04, 6.0]]
    peaks = find(predicted(places, [0, 2, 1]))
    order = np.argsort(peaks.positions @ [10, 1])
    np.testing.assert_allclose(peaks.positions[order], places, atol=0.02)
    assert peaks.class_index[order].tolist() == [0, 2, 1]
    assert np.all(peaks.score > 0.9)
    np.testing.assert_allclose(peaks.probabilities.sum(axis=1), peaks.score, atol=1e-6)
    swapped = peaks.positions[order][:, ::-1]
    assert np.abs(swapped - places).max() > 1


@given(st.floats(2, 9), st.floats(2, 13))
def test_places_between_pixels_are_found(row, col):
    peaks = find(predicted([[row, col]], [1]))
    assert len(peaks) == 1
    np.testing.assert_allclose(peaks.positions[0], [row, col], atol=0.02)


def test_the_threshold_is_absolute():
    assert len(find(predicted([[4, 4]], [0], height=0.3))) == 0
    assert len(find(predicted([[4, 4]], [0], height=0.6))) == 1
    blank = predicted([], [])
    assert len(find(blank, threshold=1e-3)) == 0
    noise = blank + 0
    noise[..., 0] += 0.01 * np.random.default_rng(0).random(noise.shape[:2])
    noise[..., -1] = 1 - noise[..., 0]
    assert len(find(noise, threshold=0.05)) == 0


def test_of_two_peaks_too_close_the_better_stays():
    probabilities = np.maximum(
        predicted([[4, 4]], [0], height=0.7), predicted([[4, 5.0]], [1], height=0.9)
    )
    probabilities[..., -1] = 1 - probabilities[..., :-1].sum(axis=-1)
    assert len(find(probabilities, distance=0.3)) == 2
    peaks = find(probabilities, distance=1.2)
    assert len(peaks) == 1 and peaks.class_index[0] == 1


def test_a_plateau_is_one_peak_in_its_middle():
    probabilities = np.zeros((20, 20, 2))
    probabilities[8:11, 8:13, 0] = 0.9
    probabilities[..., 1] = 1 - probabilities[..., 0]
    peaks = find(probabilities)
    assert len(peaks) == 1
    np.testing.assert_allclose(peaks.positions[0], [9 * SAMPLING, 10 * SAMPLING])


def one_class(score):
    return np.stack([score, 1 - score], axis=-1)


def test_a_shelf_beside_a_higher_pixel_is_not_a_peak():
    score = np.zeros((20, 30))
    score[8:11, 8:14] = 0.7  # its far end does not touch the higher pixel
    score[9, 14] = 0.9
    peaks = find(one_class(score), distance=0.1)
    assert len(peaks) == 1
    np.testing.assert_allclose(peaks.positions[0], [9 * SAMPLING, 14 * SAMPLING], atol=0.1)
    score[9, 14] = 0.0
    assert len(find(one_class(score), distance=0.1)) == 1  # now it is a plateau


def brute_force(score, threshold):
    """Plateaus, pixel by pixel, that nothing higher touches."""
    rows, cols = score.shape
    seen, found = np.zeros(score.shape, bool), set()

    def near(row, col):
        for r in range(max(row - 1, 0), min(row + 2, rows)):
            yield from ((r, c) for c in range(max(col - 1, 0), min(col + 2, cols)))

    for start in np.ndindex(rows, cols):
        if seen[start] or score[start] < threshold:
            continue
        plateau, todo = {start}, [start]
        while todo:
            new = {each for each in near(*todo.pop()) if score[each] == score[start]} - plateau
            plateau |= new
            todo += new
        for each in plateau:
            seen[each] = True
        if all(score[other] <= score[start] for each in plateau for other in near(*each)):
            found.add(frozenset(plateau))
    return found


@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from([np.float32, np.float64]))
def test_every_plateau_that_nothing_exceeds_is_one_peak(seed, levels, dtype):
    score = np.random.default_rng(seed).integers(0, levels + 1, (9, 11)) / (levels + 1)
    plateaus = brute_force(score, 0.3)
    found = find_peaks(one_class(score).astype(dtype), 1.0, 0.3, 1e-6)
    assert len(found) == len(plateaus)
    for plateau in plateaus:
        apart = np.abs(found.positions[:, None] - np.array(list(plateau))).max(axis=-1)
        assert apart.min() <= 0.5


def test_classes_that_quarrel_make_one_column_of_the_likelier():
    mixed = np.zeros((40, 40, 4))
    row, col = np.mgrid[:40, :40]
    spot = np.exp(-((row - 20) ** 2 + (col - 18) ** 2) / 8)
    aside = np.exp(-((row - 20) ** 2 + (col - 21) ** 2) / 8)  # half the distance apart
    mixed[..., 1], mixed[..., 2] = 0.5 * spot, 0.45 * aside
    mixed[..., 3] = 1 - mixed[..., :3].sum(axis=-1)
    peaks = find(mixed)
    assert len(peaks) == 1 and peaks.class_index[0] == 1
    # Neither class alone passes this threshold, the two together do.
    assert peaks.score[0] > 0.6 and len(find(mixed, threshold=0.6)) == 1
    assert peaks.probabilities[0].max() < 0.6


def test_positions_of_gaussian_labels_are_unbiased():
    rng = np.random.default_rng(0)
    sampling, width = 0.12, 0.35
    places = np.stack(np.mgrid[:12, :12], -1).reshape(-1, 2) * 3.0 + 2 + rng.random((144, 2))
    columns = Columns(places, np.zeros(144, np.int64), np.ones(144, np.int64))
    labels, _ = draw_labels(columns, (330, 330), sampling, width, 1)
    peaks = find_peaks(labels, sampling, 0.5, 1.0)
    nearest = np.argmin(np.linalg.norm(peaks.positions[:, None] - places, axis=-1), axis=1)
    error = peaks.positions - places[nearest]
    assert len(peaks) == 144
    assert np.abs(error).max() < 2e-4  # 0.02 pm


def test_peaks_at_the_border_stay_in_the_image():
    peaks = find(predicted([[0.0, 5.0], [11.79, 15.75], [-0.3, 9.0]], [0, 0, 0]))
    assert len(peaks) == 3
    assert np.all(peaks.positions >= 0)
    assert np.all(peaks.positions <= [59 * SAMPLING, 79 * SAMPLING])


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_image_turns_the_peaks(turns):
    probabilities = predicted([[3.07, 4.21], [8.04, 6.0]], [0, 1], shape=(60, 60))
    straight = find(probabilities).positions
    turned = find(np.rot90(probabilities, turns)).positions
    for _ in range(turns):
        straight = np.column_stack([59 * SAMPLING - straight[:, 1], straight[:, 0]])
    np.testing.assert_allclose(
        turned[np.argsort(turned[:, 0])], straight[np.argsort(straight[:, 0])], atol=1e-6
    )


def test_twenty_thousand_columns_take_under_a_second():
    places = np.stack(np.mgrid[:140, :140], axis=-1).reshape(-1, 2) * 1.6 + 2.0
    probabilities = predicted(places, np.arange(len(places)) % 3, shape=(1140, 1140))
    start = time.process_time()
    peaks = find(probabilities)
    assert time.process_time() - start < 0.5  # 0.03 s on a free core
    assert len(peaks) == len(places)


def test_default_distance_follows_the_label_width():
    assert default_min_distance(0.4) == pytest.approx(1.2)


@given(st.integers(0, 10**6), st.integers(0, 60), st.floats(0.1, 3))
def test_the_better_of_two_stays_as_one_by_one(seed, count, distance):
    places = np.random.default_rng(seed).random((count, 2)) * 5
    kept = []
    for number, place in enumerate(places):
        if all(np.linalg.norm(place - places[other]) > distance for other in kept):
            kept.append(number)
    assert np.flatnonzero(_apart(places, distance)).tolist() == kept


def test_a_million_peaks_of_noise_take_no_minutes():
    noise = np.random.default_rng(0).random((1000, 1000))
    start = time.process_time()
    assert len(find_peaks(one_class(noise), 0.2, 0.05, 1.0)) > 10_000
    assert time.process_time() - start < 5  # 0.15 s on a free core
