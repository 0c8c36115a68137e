"""Means of sites over frames that drift, against the places that they were drawn from."""

import numpy as np
import pytest

from temnet.records import Peaks
from temnet.strain.site_means import site_means
from tests.strain.crystals import crystal, peaks_at


def movie(points, frames, sigma, drift, missing=0.0, seed=0):
    """Columns of all frames, the site of each, and one column without a site in each frame."""
    rng = np.random.default_rng(seed)
    parts, sites = [], []
    for frame in range(frames):
        kept = np.flatnonzero(rng.random(len(points)) >= missing)
        shifted = points[kept] + drift[frame] + rng.normal(0, sigma, (len(kept), 2))
        parts.append(peaks_at(np.concatenate([shifted, [[500.0, 500.0]]]), frame))
        sites += [kept, [-1]]
    return Peaks.concatenate(parts), np.concatenate(sites)


def test_sites_come_back_with_their_errors():
    points, frames, sigma = crystal("fcc [100]", 14.0), 25, 0.1
    drift = np.cumsum(np.random.default_rng(1).normal(0, 0.5, (frames, 2)), axis=0)
    peaks, site = movie(points, frames, sigma, drift, missing=0.3)
    found = site_means(peaks, site)
    np.testing.assert_array_equal(found.site, np.arange(len(points)))
    assert found.frames.mean() == pytest.approx(0.7 * frames, rel=0.05)
    place = found.peaks.positions[:, ::-1] * [1, -1] - points
    place -= place.mean(axis=0)  # where the first frame lies is that of its columns
    expected = sigma / np.sqrt(found.frames)
    assert np.sqrt(np.mean((place / expected[:, None]) ** 2)) == pytest.approx(1, abs=0.08)
    assert np.sqrt(np.mean((found.error / expected) ** 2)) == pytest.approx(1, abs=0.08)


def test_averaged_frames_count_less():
    points = crystal("fcc [100]", 10.0)
    peaks, site = movie(points, 12, 0.1, np.zeros((12, 2)))
    single, averaged = site_means(peaks, site), site_means(peaks, site, averaged=4)
    np.testing.assert_allclose(averaged.error, 2 * single.error)


def test_a_site_of_few_frames_has_the_error_of_all_sites():
    points = crystal("fcc [100]", 12.0)
    peaks, site = movie(points, 30, 0.1, np.zeros((30, 2)))
    rare = (site != 5) | (peaks.frame == 7)
    found = site_means(peaks.select(rare), site[rare])
    assert found.frames[5] == 1
    assert found.error[5] == pytest.approx(0.1, rel=0.05)
    assert np.median(found.error) == pytest.approx(0.1 / np.sqrt(30), rel=0.1)


def test_one_frame_has_no_error_and_no_columns_no_sites():
    points = crystal("fcc [100]", 8.0)
    peaks, site = movie(points, 1, 0.0, np.zeros((1, 2)))
    found = site_means(peaks, site)
    np.testing.assert_allclose(found.peaks.positions[:, ::-1] * [1, -1], points)
    assert np.isnan(found.error).all()
    assert len(site_means(Peaks.empty(2), np.zeros(0, np.int64)).site) == 0
