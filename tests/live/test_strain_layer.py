"""The strain layer against a lattice whose strain is known."""

from dataclasses import replace

import numpy as np
import pytest
from live_stand_ins import found as stand_in_found

from temnet.live.frame_format import FrameHead
from temnet.live.live_settings import LiveSettings
from temnet.live.messages import Frame
from temnet.live.strain_layer import SHOWN, strain_json
from temnet.records import Peaks

PIXEL = 0.2
LONGER = 1.03  # the right half of the lattice, along a row


def frame(number, drift=(0.0, 0.0), noise=0.0, leave_out=()):
    rows, cols = np.mgrid[:14, :28] * 2.0
    stretched = np.where(cols < 28, cols, 28 + (cols - 28) * LONGER)
    points = np.stack([rows.ravel(), stretched.ravel()], axis=1) + 4.0
    points = np.delete(points, list(leave_out), axis=0)
    points = points + drift + np.random.default_rng(number).normal(0, noise, points.shape)
    many = len(points)
    columns = Peaks(
        np.zeros(many, np.int64), points, np.zeros(many, np.int64), np.ones(many),
        np.ones((many, 2)), np.full(many, np.nan),
    )  # fmt: skip
    pixels = np.zeros((180, 320), np.uint16)
    head = FrameHead(pixels.shape, "<u2", (PIXEL, PIXEL))
    one = Frame(number, head, pixels, LiveSettings("tiny"), 0.0, (PIXEL, PIXEL))
    return replace(stand_in_found(one), columns=columns, threshold=0.5)


def mean_e_xx(values, left, right):
    """Mean strain between two columns of pixels, away from the edges."""
    col, e_xx = np.array(values["col"]) * PIXEL, np.array(values["e_xx"], float)
    row = np.array(values["row"]) * PIXEL
    inside = (col > left) & (col < right) & (row > 10) & (row < 24)
    return np.nanmean(e_xx[inside])


def test_the_strain_of_one_frame():
    values = strain_json([frame(1)])
    step = mean_e_xx(values, 42, 52) - mean_e_xx(values, 10, 24)
    assert step == pytest.approx(LONGER - 1, abs=0.002) and values["frames"] == 1
    assert {len(values[name]) for name in ("row", "col", *SHOWN)} == {14 * 28}
    assert all(abs(one) < 1e-3 for one in values["e_yy"] if one is not None)


def test_sites_are_averaged_in_the_place_of_the_newest_frame():
    """The noise of one frame hides the strain that the mean of twenty shows."""
    drifts = [(0.1 * number, -0.05 * number) for number in range(20)]
    frames = [frame(k, drift, 0.1, [100 + k]) for k, drift in enumerate(drifts)]
    many, one = strain_json(frames), strain_json(frames[-1:])
    assert many["frames"] == 20 and len(many["row"]) == 14 * 28
    first = np.min(np.array([many["row"], many["col"]]), axis=1) * PIXEL
    np.testing.assert_allclose(first, np.array(drifts[-1]) + 4.0, atol=0.15)
    step = mean_e_xx(many, 42, 52) - mean_e_xx(many, 10, 24)
    assert step == pytest.approx(LONGER - 1, abs=0.004)

    def error(values):
        return np.median([each for each in values["errors"]["e_xx"] if each is not None])

    assert error(many) < 0.4 * error(one)


def test_requests(server):
    assert server.request("GET", "/v1/strain").status == 409
    for _ in range(3):
        server.post()
    assert server.request("GET", "/v1/strain?frames=3").status in (200, 422)  # of one column
    for wrong in ("0", "-1", "201", "a", "1e2", "%C2%B2"):
        assert server.request("GET", f"/v1/strain?frames={wrong}").status in (400, 422)
    assert server.is_well()
    assert [one.frame.number for one in server.session.recent(2)] == [3, 4]
