"""Unit cells of compounds, listed ones and ones with other elements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from math import gcd

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.spacegroup import crystal

from temnet.errors import InputError
from temnet.structures.crystals.compounds import COMPOUNDS, Compound
from temnet.structures.crystals.prototypes import PROTOTYPES

WITH_ZONE = re.compile(r"(.+) \[(-?\d) ?(-?\d) ?(-?\d)\]")


def unit_cell(compound: Compound) -> Atoms:
    """The conventional cell of a compound, periodic along its three axes [Å]."""
    return _cell(compound).copy()


@cache
def _cell(compound: Compound) -> Atoms:
    prototype = PROTOTYPES[compound.prototype]
    return crystal(
        [compound.element_of[site.species] for site in prototype.sites],
        prototype.positions(compound.free),
        spacegroup=prototype.group,
        setting=prototype.origin,
        cellpar=[*compound.cell_lengths, 90, 90, 120 if prototype.hexagonal else 90],
    )


def chosen_compounds(chosen: Sequence[str], left_out: Sequence[str]) -> tuple[Compound, ...]:
    """The compounds that settings name.

    Args:
        chosen: Names of compounds and of prototypes, with or without a zone axis; all compounds if
            there are none.
        left_out: Names of compounds and of prototypes that are taken away.

    Raises:
        InputError: If a name is unknown, a zone axis is [000], or no compound is left.
    """
    names = {split_zone(name)[0] for name in chosen}
    for name in (*sorted(names), *left_out):
        if name not in COMPOUNDS and name not in PROTOTYPES:
            known = [*COMPOUNDS, *PROTOTYPES]
            near = get_close_matches(name, known, n=2) or ["SrTiO3", "perovskite"]
            raise InputError(
                f"structure: unknown compound or prototype {name!r}; expected one that the "
                f"documentation lists (Reference, Crystals), such as {' or '.join(near)}."
            )
    found = tuple(
        one
        for one in COMPOUNDS.values()
        if (not names or one.name in names or one.prototype in names)
        and one.name not in left_out
        and one.prototype not in left_out
    )
    if not found:
        raise InputError("structure: leave_out takes all compounds away; name fewer.")
    return found


def split_zone(name: str) -> tuple[str, tuple[int, int, int] | None]:
    """The name of a compound or prototype, and the zone axis behind it if there is one.

    A direction is in lowest terms: [220] is [110].

    Raises:
        InputError: If the zone axis is [000].

    >>> split_zone("SrTiO3 [1-10]"), split_zone("Au [220]"), split_zone("beta tin")
    (('SrTiO3', (1, -1, 0)), ('Au', (1, 1, 0)), ('beta tin', None))
    """
    found = WITH_ZONE.fullmatch(name)
    if found is None:
        return name, None
    u, v, w = map(int, found.groups()[1:])
    common = gcd(u, v, w)
    if common == 0:
        raise InputError(
            f"structure: {name!r} has no zone axis; expected one that is not zero, such as [110]."
        )
    return found[1], (u // common, v // common, w // common)


def with_other_elements(compound: Compound, rng: np.random.Generator) -> Compound:
    """A compound that need not exist: other elements in the same structure.

    Each species becomes an element that occupies it in a listed compound of the prototype.  The
    lengths change as the mean covalent radius of the elements does.

    Args:
        compound: The compound that is changed.
        rng: Draws the elements.
    """
    elements = tuple(
        choices[int(rng.integers(len(choices)))] for choices in species_elements(compound.prototype)
    )
    ratio = _mean_radius(elements) / _mean_radius(compound.elements)
    return replace(
        compound,
        name="".join(elements),
        elements=elements,
        lengths=tuple(length * ratio for length in compound.lengths),
    )


@cache
def species_elements(prototype: str) -> tuple[tuple[str, ...], ...]:
    """Elements of the listed compounds of a prototype, for each species."""
    every = [one.elements for one in COMPOUNDS.values() if one.prototype == prototype]
    return tuple(tuple(sorted(set(of_species))) for of_species in zip(*every, strict=True))


def _mean_radius(elements: Sequence[str]) -> float:
    return float(np.mean([covalent_radii[atomic_numbers[element]] for element in elements]))
