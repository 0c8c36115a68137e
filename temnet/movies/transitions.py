"""Transitions of sites between empty and occupied, and the dwell times between them.

Appearances and disappearances are counted in `temnet.movies.occupancy`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from temnet.movies.occupancy import Histories

OCCUPIED, EMPTY = "occupied", "empty"
"""States of a site."""


@dataclass(frozen=True)
class TransitionRow:
    """A line of transitions.csv: a change of a site's state.

    With a hidden Markov model it is a change between the likelier states of two frames.

    Attributes:
        frame: First frame in the new state.
        site: Number of the site, as in sites.csv.
        from_: State before: `occupied` or `empty`.
        to: State after.
    """

    frame: int
    site: int
    from_: str
    to: str


def transition_rows(histories: Histories) -> Iterator[TransitionRow]:
    """Lines of transitions.csv, by frame and site."""
    change = np.where(histories.pairs, np.diff(histories.state.astype(np.int8), axis=1), 0)
    for frame, site in np.argwhere(change.T != 0).tolist():
        states = (EMPTY, OCCUPIED) if change[site, frame] > 0 else (OCCUPIED, EMPTY)
        yield TransitionRow(frame + 1, site, *states)


@dataclass(frozen=True)
class Dwells:
    """Stays of sites in one state.

    Attributes:
        frames: (N,) int, length of each stay.
        occupied: (N,) bool, whether the site was occupied meanwhile.
        complete: (N,) bool; stays cut by the movie's ends, a dropped frame or the image's border
            lasted at least as long.
        site: (N,) int.
    """

    frames: np.ndarray
    occupied: np.ndarray
    complete: np.ndarray
    site: np.ndarray


def dwell_times(histories: Histories) -> Dwells:
    """Return every stay of every site, by site and time."""
    state = np.where(histories.observed, histories.state.astype(int), -1)
    padded = np.pad(state, ((0, 0), (1, 1)), constant_values=-1)
    site, first = np.nonzero((padded[:, 1:-1] >= 0) & (padded[:, 1:-1] != padded[:, :-2]))
    last = np.nonzero((padded[:, 1:-1] >= 0) & (padded[:, 1:-1] != padded[:, 2:]))[1]
    return Dwells(
        frames=last - first + 1,
        occupied=state[site, first] == 1,
        complete=(padded[site, first] >= 0) & (padded[site, last + 2] >= 0),
        site=site,
    )
