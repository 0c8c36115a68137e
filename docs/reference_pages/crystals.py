"""The materials that `structure.kind: crystal` draws."""

from __future__ import annotations

from reference_pages.markdown import cell, table
from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.structures.crystals.prototypes import PROTOTYPES, Prototype
from temnet.structures.crystals.zone_axes import zone_axes

INTRODUCTION = """# Crystals

Specimens of `structure: {kind: crystal}` are drawn from these compounds, by default all of them.
Name some of them, or whole prototypes, in `structure.compounds` and `structure.leave_out`.

Lattice constants are in Å, at room temperature (Wyckoff, *Crystal Structures*, 2nd ed., 1963-1965;
*Springer Handbook of Condensed Matter and Materials Data*, 2005). Perovskites that are distorted at
room temperature are drawn as cubic, with their pseudocubic constant. Zone axes are those of low
indices whose columns are at least 1.2 Å apart, one of each kind that looks different; indices are
those of the conventional cell.
"""

SHOWN_SPACING = 1.2
"""Zone axes whose columns are closer are not listed [Å]."""


def page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION]
    for name, prototype in PROTOTYPES.items():
        rows = [
            (
                cell(one.name),
                ", ".join(one.elements),
                ", ".join(f"{length:g}" for length in one.lengths),
                ", ".join(f"{value:g}" for value in one.free) or "–",
                ", ".join(
                    f"[{''.join(map(str, axis.indices))}] {axis.spacing:.2f}"
                    for axis in zone_axes(one)
                    if axis.spacing >= SHOWN_SPACING
                )
                or "–",
            )
            for one in COMPOUNDS.values()
            if one.prototype == name
        ]
        header = ("compound", "elements", "a, c", "free coordinates", "zone axes, distance (Å)")
        sites = "; ".join(
            f"{site.species} at ({', '.join(_coordinate(x) for x in site.position)})"
            for site in prototype.sites
        )
        parts += [f"## {name}", _group(prototype, sites), table(header, rows)]
    return "\n\n".join(parts) + "\n"


def _group(prototype: Prototype, sites: str) -> str:
    origin = ", origin at a centre of symmetry" if prototype.origin == 2 else ""
    return f"Space group {prototype.group}{origin}: {sites}."


def _coordinate(value: float | str) -> str:
    fractions = {1 / 3: "1/3", 2 / 3: "2/3"}
    return value if isinstance(value, str) else fractions.get(value, f"{value:g}")
