"""Sites of the classes that are followed, their histories, and the field of view."""

import numpy as np
import pytest

from temnet.config.analysis.occupancy import Occupancy
from temnet.images.unseen import UnseenRegions, pack
from temnet.movies.field_of_view import View
from temnet.records import Peaks
from temnet.reporting.files.series_file import SeriesRecord
from temnet.stages.occupancy import _view, follow_sites, site_histories

CLASSES, FRAMES = ("metal", "oxide"), 6
PLACES = np.stack(np.mgrid[1:8, 1:8], axis=-1).reshape(-1, 2) * 2.5
"""49 columns that neither move nor leave."""

OXIDE = 24
"""The column in the middle is oxide, in its last two frames taken for metal."""


@pytest.fixture
def peaks():
    frame = np.repeat(np.arange(FRAMES), len(PLACES))
    class_index = np.zeros((FRAMES, len(PLACES)), int)
    class_index[:4, OXIDE] = 1
    count = len(frame)
    return Peaks(
        frame, np.tile(PLACES, (FRAMES, 1)), class_index.ravel(), np.ones(count),
        np.ones((count, 2)), np.full(count, np.nan),
    )  # fmt: skip


def followed(peaks, **settings):
    section = Occupancy(tolerance=0.7, **settings)
    return follow_sites(peaks, FRAMES, CLASSES, section, View((20.0, 20.0)))[0]


def test_a_column_taken_for_another_class_has_not_left(peaks):
    sites = followed(peaks, classes=("oxide",))
    np.testing.assert_allclose(sites.positions, PLACES[[OXIDE]])
    assert sites.presence.tolist() == [[True] * FRAMES]
    rest = followed(peaks, classes=("metal",))
    np.testing.assert_allclose(rest.positions, np.delete(PLACES, OXIDE, axis=0))
    assert len(followed(peaks)) == len(followed(peaks, classes=CLASSES)) == len(PLACES)


def test_histories_by_counting_are_the_presence_itself(peaks):
    sites = followed(peaks)
    sites.presence[OXIDE, 2] = False
    histories, fitted = site_histories(sites, "threshold")
    assert fitted is None
    assert histories.occupancy[OXIDE] == pytest.approx(5 / 6)
    assert histories.occupancy[0] == 1


def test_the_field_of_view_reaches_from_the_first_to_the_last_pixel(tmp_path):
    movie = SeriesRecord(
        file="m", frames=1, rows=41, cols=21, sampling=0.2, network="n", classes=CLASSES,
        masked_angstrom=((0.0, 1.0, 2.0, 3.0),),
    )  # fmt: skip
    places = np.array([[7.9, 3.9], [3.9, 7.9], [0.5, 2.5], [4.0, 2.0]])
    view = _view(movie, tmp_path / "unseen.npz")
    assert view.shows(places).tolist() == [True, False, False, True]
    lower = np.zeros((41, 21), bool)
    lower[15:] = True  # from row 3.0 Å on, in frame 0 only
    regions = UnseenRegions((41, 21), {0: {0: pack(lower)}})
    regions.write(tmp_path / "unseen.npz", (0.2, 0.2))
    view = _view(movie, tmp_path / "unseen.npz")
    in_frames = np.broadcast_to(np.array([[[4.0, 2.0]], [[1.0, 1.0]]]), (2, 2, 2))
    shown = view.shows(in_frames, frames=np.array([0, 1]))
    assert shown.tolist() == [[False, True], [True, True]]
