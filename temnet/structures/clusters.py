"""Particles of face-centred cubic metals, site by site."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from ase.data import atomic_numbers, reference_states

from temnet.config.distributions import draw, draw_text
from temnet.config.structures.nanoparticle import Nanoparticle

FACETS = np.array(
    [v for v in product((-1, 0, 1), repeat=3) if np.abs(v).sum() in (1, 3)], dtype=float
)
"""Normals of the 6 {100} and the 8 {111} planes."""

NEIGHBOURS = np.array([v for v in product((-1, 0, 1), repeat=3) if np.abs(v).sum() == 2])
"""The 12 nearest neighbours of an fcc site, in half lattice constants."""


@dataclass(frozen=True)
class Particle:
    """A particle in its crystal's axes.

    Attributes:
        sites: (N, 3) int64, fcc sites in half lattice constants.
        lattice_constant: a [Å].
    """

    sites: np.ndarray
    lattice_constant: float


def fcc_constant(element: str) -> float:
    """Lattice constant of a metal, from ASE [Å]."""
    return float(reference_states[atomic_numbers[element]]["a"])  # type: ignore[index, arg-type]


def grow_particle(settings: Nanoparticle, element: str, rng: np.random.Generator) -> Particle:
    """A roughened particle.

    Fcc sites within planes about a random centre: for the shape `random` 6 {100} and 8 {111} at
    random distances, as in Madsen et al. 2018; for `wulff` these and the 12 {110} at distances
    proportional to their surface energies.  Then atoms are added one at a time to surface sites
    with a probability ~ exp(CN / T).
    """
    shape = draw_text(settings.shape, rng)
    scale = draw(settings.lattice_constant_scale, rng)
    lattice_constant = fcc_constant(element) * scale
    radius = draw(settings.radius, rng)
    facets, distances = _wulff(rng) if shape == "wulff" else _random_facets(settings, rng)
    distances = distances * radius
    normals = facets / np.linalg.norm(facets, axis=1, keepdims=True)
    reach = int(np.ceil(2 * 1.8 * distances.max() / lattice_constant)) + 1
    axis = np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[grid.sum(axis=1) % 2 == 0]
    points = grid * lattice_constant / 2 + rng.uniform(-1, 1, 3)
    inside = np.all(points @ normals.T <= distances, axis=1)
    if not inside.any():  # all facets are nearer than the next atom
        inside[np.argmin(np.linalg.norm(points, axis=1))] = True
    sites = grid[inside]
    adatoms = draw(settings.adatoms, rng)
    return Particle(roughen(sites, adatoms, rng), lattice_constant)


def _random_facets(
    settings: Nanoparticle, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Planes and their distances, relative to the radius."""
    distances = 1 + settings.facet_spread * rng.uniform(-1, 1, len(FACETS))
    distances[np.abs(FACETS).sum(axis=1) == 1] *= 2 / np.sqrt(3)  # {100} of a regular shape
    return FACETS, distances


def _wulff(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Planes and their surface energies, relative to {111}.

    {100} and {110} of the seven metals lie in these ranges: Vitos et al., Surf. Sci. 411, 186
    (1998).
    """
    facets = np.concatenate([FACETS, NEIGHBOURS.astype(float)])
    order = np.abs(facets).sum(axis=1)
    energy = np.select(
        [order == 1, order == 2], [rng.uniform(1.05, 1.2), rng.uniform(1.1, 1.25)], 1
    )
    return facets, energy


def roughen(sites: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Sites with more of them around, each chosen with a probability ~ exp(CN / T).

    Args:
        sites: (N, 3) int, fcc sites in half lattice constants.
        fraction: Atoms to add, as a fraction of the atoms with fewer than 12 neighbours.
        rng: Draws the temperature T, between 0.5 and 2 in neighbours, and the sites.
    """
    if not len(sites):
        return sites
    taken = {tuple(site) for site in sites.tolist()}
    steps = [tuple(step) for step in NEIGHBOURS.tolist()]

    def around(site: tuple[int, ...]) -> list[tuple[int, ...]]:
        x, y, z = site
        return [(x + a, y + b, z + c) for a, b, c in steps]

    coordination: dict[tuple[int, ...], int] = {}
    surface = 0
    for site in sorted(taken):
        empty = [other for other in around(site) if other not in taken]
        surface += bool(empty)
        for other in empty:
            coordination[other] = coordination.get(other, 0) + 1
    temperature = rng.uniform(0.5, 2.0)
    for _ in range(round(fraction * surface)):
        # An adatom that touches fewer than three atoms would roll away.
        candidates = [site for site, count in coordination.items() if count >= 3]
        counts = np.array([coordination[site] for site in candidates], float)
        weights = np.exp((counts - counts.max()) / temperature)
        site = candidates[int(rng.choice(len(candidates), p=weights / weights.sum()))]
        taken.add(site)
        del coordination[site]
        for other in around(site):
            if other not in taken:
                coordination[other] = coordination.get(other, 0) + 1
    return np.array(sorted(taken))
