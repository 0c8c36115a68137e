"""Flags of columns whose image and neighbours are made by hand."""

from typing import get_args

import numpy as np
import pytest

from temnet.config.analysis.prediction import FlagName
from temnet.inference.checks.column_flags import ColumnFlagger, share_around, without_flags
from temnet.inference.checks.neighbour_distances import neighbour_distances
from temnet.inference.column_finder import FoundFrame
from temnet.models.network_folders import find_network, network_names, read_card
from temnet.records import ColumnFlag, Columns, Peaks
from tests.inference.checks.test_equal_reflections import SAMPLING, atoms, image
from tests.inference.checks.test_local_lattice import counts

GRAPHENE = ColumnFlagger(SAMPLING, {0: (1.145, 1.565)}, "graphene")
METAL = ColumnFlagger(SAMPLING, {0: (1.2, 2.9), 1: (1.8, 3.4)}, "nanoparticle")


def peaks(positions, class_index=None):
    count = len(positions)
    return Peaks(
        frame=np.zeros(count, np.int64),
        positions=np.asarray(positions, np.float64),
        class_index=np.zeros(count, np.int64) if class_index is None else np.array(class_index),
        score=np.ones(count),
        probabilities=np.ones((count, 2)),
        spread=np.full(count, np.nan),
    )


def flags(flagger, frame, positions, class_index=None):
    return flagger.flags(frame, peaks(positions, class_index))


def square(step=2.4, extent=47.0):
    places = np.arange(1.0, extent, step)
    return np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)


def test_the_names_of_the_setting_are_those_of_the_flags():
    assert get_args(FlagName) == tuple(each.word for each in sorted(ColumnFlag))
    every = " ".join(get_args(FlagName))
    assert ColumnFlag.of(every).words == every and ColumnFlag(0).words == ""
    with pytest.raises(ValueError, match="no flag 'odd'"):
        ColumnFlag.of("odd")


def test_columns_of_a_lattice_have_none():
    lattice = counts([(2.4, 0.0), (2.4, np.pi / 2)])
    assert not flags(METAL, lattice, square()).any()
    assert not flags(GRAPHENE, image((1, 1, 1)), atoms()).any()


def test_columns_in_noise_and_fringes():
    assert np.mean(flags(METAL, counts([]), square()) == ColumnFlag.NO_LATTICE) > 0.9
    assert np.mean(flags(METAL, counts([(2.4, 0.0)]), square()) == ColumnFlag.FRINGES) > 0.9
    # A sheet of whole rings lends support where the image shows no lattice, but not in fringes.
    assert not flags(GRAPHENE, counts([]), atoms()).any()
    assert np.mean(flags(GRAPHENE, counts([(2.4, 0.0)]), atoms()) & ColumnFlag.FRINGES > 0) > 0.9


def test_neighbours_that_are_too_close_or_far_by_class():
    lattice = counts([(2.4, 0.0), (2.4, np.pi / 2)])
    columns = [[10, 10], [10, 11.5], [20, 20], [20, 21.1], [40, 40], [40, 43.9]]
    found = flags(METAL, lattice, columns, [0, 1, 0, 0, 0, 1])
    close, alone = ColumnFlag.TOO_CLOSE, ColumnFlag.ISOLATED
    assert found.tolist() == [0, close, close, close, alone, 0]
    assert flags(METAL, lattice, [[10, 10]]).tolist() == [alone]
    assert flags(METAL, lattice, np.zeros((0, 2))).tolist() == []


def test_corners_of_rings_of_four_in_a_sheet():
    columns = np.concatenate([atoms(), [[60.0, 60.0], [60.0, 61.4], [61.4, 60.0], [61.4, 61.4]]])
    wide = np.pad(image((1, 1, 1)), ((0, 100), (0, 100), (0, 0)), constant_values=1.0)
    found = flags(GRAPHENE, wide, columns)
    assert (found[-4:] & ColumnFlag.RINGS).all() and not (found[:-4] & ColumnFlag.RINGS).any()
    assert not (flags(METAL, wide, columns) & ColumnFlag.RINGS).any()


def test_support_reaches_to_columns_beside_the_lattice():
    evidence = np.array([True, True, False, False])
    positions = np.array([[0.0, 0.0], [3.0, 0.0], [6.0, 0.0], [30.0, 0.0]])
    assert share_around(evidence, positions).tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0])
    assert share_around(np.zeros(4, bool), positions).tolist() == [0, 0, 0, 0]


def test_columns_are_left_out_by_any_of_the_named_flags():
    found = peaks(np.arange(8.0).reshape(4, 2))
    object.__setattr__(found, "flags", np.array([0, 1, 6, 32]))
    frame = FoundFrame(0, np.zeros((4, 4, 1)), found)
    assert without_flags(frame, ()) is frame
    left = without_flags(frame, ("no-lattice", "too-close")).peaks
    assert left.flags.tolist() == [0, 32] and left.positions[:, 0].tolist() == [0, 6]


def test_the_distances_are_those_of_99_percent_of_each_class():
    rows = np.arange(200)
    line = np.stack([2.0 * rows, np.zeros(200)], axis=1)
    line[100:, 0] += 1.0  # the two beside the gap still have a neighbour at 2 Å
    columns = Columns(line, rows % 2, np.ones(200, np.int64))
    ignored = Columns(line + 0.1, np.full(200, -1), np.ones(200, np.int64))
    both = Columns(
        np.concatenate([columns.positions, ignored.positions]),
        np.concatenate([columns.class_index, ignored.class_index]),
        np.ones(400, np.int64),
    )
    assert neighbour_distances([columns], "ab") == {"a": (2.0, 2.0), "b": (2.0, 2.0)}
    assert neighbour_distances([both], "ab") == {"a": (2.0, 2.0), "b": (2.0, 2.0)}
    assert neighbour_distances([columns.select(rows < 10)], "ab") == {}


@pytest.mark.parametrize("name", network_names())
def test_the_cards_of_the_networks_hold_plausible_distances(name):
    card = read_card(find_network(name))
    assert set(card.neighbour_distances) == set(card.classes)
    for low, high in card.neighbour_distances.values():
        least, most = (0.9, 5.0) if name.startswith("columns") else (1.0, 4.0)
        assert least < low < high < most
