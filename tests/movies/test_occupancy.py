import numpy as np
import pytest

from temnet.movies.history_files import read_histories, write_histories
from temnet.movies.occupancy import (
    Histories,
    counted_histories,
    inferred_histories,
    share,
)
from temnet.movies.rates import groups, rate_rows, region_groups
from temnet.movies.regions import EDGE, INTERIOR, layer, neighbours, region
from temnet.movies.site_tables import frame_rows, site_rows, wilson_interval
from temnet.movies.sites import Sites
from temnet.movies.transitions import dwell_times, transition_rows


def make_sites(presence, places=None, in_view=None, usable=None):
    presence = np.array(presence, bool)
    count, frames = presence.shape
    places = np.arange(2.0 * count).reshape(-1, 2) if places is None else np.array(places, float)
    return Sites(
        positions=places,
        class_index=np.zeros(count, np.int64),
        presence=presence,
        in_view=np.ones((count, frames), bool) if in_view is None else np.array(in_view, bool),
        peak_site=np.zeros(0, np.int64),
        usable=np.ones(frames, bool) if usable is None else np.array(usable, bool),
        drift=np.zeros((frames, 2)),
    )


def square(size, spacing=2.0):
    return np.stack(np.mgrid[:size, :size], axis=-1).reshape(-1, 2) * spacing


def test_dwell_times_by_hand():
    sites = make_sites([[1, 1, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1]])
    dwells = dwell_times(counted_histories(sites))
    found = list(zip(dwells.site, dwells.frames, dwells.occupied, dwells.complete, strict=True))
    assert found == [
        (0, 2, True, False),
        (0, 3, False, True),
        (0, 1, True, False),
        (1, 6, True, False),
    ]


def test_stays_end_at_dropped_frames_without_being_complete():
    sites = make_sites([[1, 0, 0, 0, 1]], usable=[1, 1, 0, 1, 1])
    dwells = dwell_times(counted_histories(sites))
    assert dwells.frames.tolist() == [1, 1, 1, 1] and not dwells.complete.any()
    never = dwell_times(counted_histories(make_sites([[1, 1]], in_view=[[0, 0]])))
    assert len(never.frames) == 0


def test_rates_count_the_pairs_at_risk():
    # Occupied at the start of pairs 0, 1, 4 (twice left), empty at that of 2 and 3 (once filled).
    sites = make_sites([[1, 1, 0, 0, 1, 0]])
    (row,) = [
        r for r in rate_rows(sites, counted_histories(sites), ["metal"], frame_time=0.5)
        if r.by == "region"
    ]  # fmt: skip
    assert row.disappearance == pytest.approx(2 / 3) and row.appearance == pytest.approx(0.5)
    assert row.disappearance_per_s == pytest.approx(4 / 3)
    assert (row.disappearance_low, row.disappearance_high) == wilson_interval(2, 3)
    assert row.mean_occupied_frames == pytest.approx(1.5)
    assert row.transition_fraction == pytest.approx(3 / 5) and row.group == "edge"
    assert np.isnan(row.hit)


def test_mean_stays_allow_for_the_movies_end():
    rng = np.random.default_rng(0)
    state = np.empty((500, 15), bool)
    state[:, 0] = True
    for frame in range(1, 15):  # leaves with 0.05, never returns: most stays are cut off
        state[:, frame] = state[:, frame - 1] & (rng.random(500) > 0.05)
    histories = counted_histories(make_sites(state, rng.uniform(0, 100, (500, 2))))
    pooled = rate_rows(make_sites(state, square(23)[:500]), histories, ["metal"])
    left = sum(r.disappearances for r in pooled if r.by == "region")
    at_risk = state[:, :-1].sum()
    assert at_risk / left == pytest.approx(20, rel=0.1)
    dwells = dwell_times(histories)
    assert dwells.frames[dwells.occupied & dwells.complete].size == 0  # all begin at the start
    assert dwells.frames[dwells.occupied].mean() < 12


def test_regions_layers_and_neighbours_of_a_square_lattice():
    sites = make_sites(np.ones((25, 3)), square(5))
    row, col = np.divmod(np.arange(25), 5)
    depth = np.minimum(np.minimum(row, 4 - row), np.minimum(col, 4 - col))
    np.testing.assert_array_equal(region(sites), np.where(depth == 0, EDGE, INTERIOR))
    np.testing.assert_array_equal(layer(sites), depth)
    expected = 4 - (row % 4 == 0).astype(int) - (col % 4 == 0)
    np.testing.assert_array_equal(neighbours(sites), expected)
    named = {(g.kind, g.name): int(g.members.sum()) for g in groups(sites)}
    assert named == {
        ("region", "interior"): 9, ("region", "edge"): 16, ("layer", "0"): 16, ("layer", "1"): 8,
        ("layer", "2"): 1, ("neighbours", "2"): 4, ("neighbours", "3"): 12, ("neighbours", "4"): 9,
    }  # fmt: skip


def test_frames_count_columns_by_class_and_occupied_sites_by_region():
    presence = np.ones((25, 3), bool)
    presence[0, 1] = presence[12, 2] = False  # a corner and the middle
    sites = make_sites(presence, square(5), usable=[1, 1, 1])
    columns = np.array([[25, 24, 24], [0, 3, 1]])
    rows = list(frame_rows(sites, counted_histories(sites), columns, ["metal", "oxide"]))
    assert [row.occupied_edge for row in rows] == [16, 15, 16]
    assert [row.occupied_interior for row in rows] == [9, 9, 8]
    assert [row.columns["oxide"] for row in rows] == [0, 3, 1]
    dropped = make_sites(presence, square(5), usable=[1, 0, 1])
    rows = list(frame_rows(dropped, counted_histories(dropped), columns, ["metal", "oxide"]))
    assert np.isnan(rows[1].occupied_edge) and not rows[1].usable


def particle_with_misses(missed):
    """A particle whose corner leaves for a while, seen by a network that misses columns."""
    rng = np.random.default_rng(0)
    presence = np.ones((49, 40), bool)
    for corner in (0, 6, 42, 48):
        presence[corner, 10:20] = False
    return make_sites(presence & (rng.random(presence.shape) >= missed), square(7)), presence


def test_the_model_keeps_real_departures_and_drops_misses():
    sites, presence = particle_with_misses(0.1)
    counted = counted_histories(sites)
    inferred, fitted = inferred_histories(sites, region_groups(sites))
    assert len(list(transition_rows(counted))) > 200
    changes = np.abs(np.diff(presence.astype(int), axis=1)).sum()
    assert len(list(transition_rows(inferred))) == changes == 8
    np.testing.assert_allclose(inferred.occupancy, presence.mean(axis=1), atol=0.04)
    rows = {
        row.group: row
        for row in rate_rows(sites, inferred, ["metal"], fitted)
        if row.by == "region"
    }
    assert rows["interior"].disappearance_low == 0 < rows["edge"].disappearance_low
    assert rows["edge"].hit == pytest.approx(0.9, abs=0.02)
    assert rows["edge"].disappearances == pytest.approx(4, abs=1.5)
    layers = [r for r in rate_rows(sites, inferred, ["metal"], fitted) if r.by == "layer"]
    assert all(np.isnan(row.disappearance_low) for row in layers) and len(layers) == 4


@pytest.mark.parametrize("missed", [0.0, 0.01])
def test_rates_of_a_state_that_was_not_seen_are_unknown(movies, missed):
    rng = np.random.default_rng(3)
    places = square(6)
    inside = region(make_sites(np.ones((36, 2)), places)) == INTERIOR
    presence = movies.markov(rng, 36, 40, occupancy=0.6, flip=0.1)
    presence[inside] = rng.random((inside.sum(), 40)) >= missed
    sites = make_sites(presence, places)
    histories, fitted = inferred_histories(sites, region_groups(sites))
    rows = {(row.by, row.group): row for row in rate_rows(sites, histories, ["metal"], fitted, 0.5)}
    for key in (("region", "interior"), ("layer", "1"), ("layer", "2")):
        row = rows[key]
        assert row.disappearance < 1e-3 and row.occupancy > 0.99
        for name in ("appearance", "appearance_per_s", "mean_empty_frames", "mean_occupied_frames"):
            assert np.isnan(getattr(row, name)), (key, name)
    assert np.isnan(rows["region", "interior"].false)
    edge = rows["region", "edge"]
    assert 0.05 < edge.appearance < 0.3 and 3 < edge.mean_occupied_frames < 30


def test_parameters_at_their_bound_are_named_and_give_no_rates():
    rng = np.random.default_rng(0)

    def of_regions(presence):
        sites = make_sites(presence, square(6))
        histories, fitted = inferred_histories(sites, region_groups(sites))
        rows = list(rate_rows(sites, histories, ["metal"], fitted))
        assert not any(row.at_bound for row in rows if row.by != "region")
        return [row for row in rows if row.by == "region"]

    # Sites that are empty at first fill faster than the model can separate from misses.
    filling = (rng.random((36, 60)) < 0.9) & (np.arange(60) > 0)
    for row in of_regions(filling):
        assert row.at_bound == "appearance"
        assert np.isnan(row.appearance) and row.appearance_high == 1
    # Three false positives in ten frames at empty sites are more than the model allows.
    spurious = rng.random((36, 40)) < np.where(np.arange(36) % 3 == 0, 0.95, 0.3)[:, None]
    assert [row.at_bound for row in of_regions(spurious)] == ["false", "false"]
    changing = np.repeat(rng.random((36, 10)) < 0.5, 6, axis=1)
    assert [row.at_bound for row in of_regions(changing)] == ["", ""]


def test_sites_carry_estimates_of_the_model_beside_counts():
    sites, _ = particle_with_misses(0.1)
    inferred, _ = inferred_histories(sites, region_groups(sites))
    rows = list(site_rows(sites, ["metal"], inferred))
    middle = rows[24]
    assert middle.occupancy < 0.98 < middle.inferred_occupancy
    assert middle.disappearances > 1 > middle.inferred_disappearances
    assert np.isnan(next(site_rows(sites, ["metal"])).inferred_occupancy)


def test_no_sites_have_no_histories():
    none = make_sites(np.zeros((0, 5)))
    histories, fitted = inferred_histories(none, region_groups(none))
    assert histories.occupied.shape == (0, 5)
    assert list(rate_rows(none, histories, ["metal"], fitted)) == []
    assert list(transition_rows(histories)) == []
    assert list(site_rows(none, ["metal"], histories)) == []


def test_histories_survive_their_file(tmp_path):
    sites, _ = particle_with_misses(0.1)
    histories, _ = inferred_histories(sites, region_groups(sites))
    write_histories(tmp_path / "h.npz", histories)
    again = read_histories(tmp_path / "h.npz")
    assert isinstance(again, Histories) and again.observed.dtype == bool
    for name in ("occupied", "observed", "appeared", "disappeared"):
        np.testing.assert_array_equal(getattr(again, name), getattr(histories, name))


def test_a_share_of_nothing_is_unknown():
    np.testing.assert_array_equal(share(np.array([0.0, 1.0]), np.array([0, 2])), [np.nan, 0.5])
