"""Checks of the column names in settings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from temnet.config.learning.labels import COLUMN, split_class
from temnet.config.structures.from_file import FromFile
from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.structure import StructureSettings
from temnet.errors import InputError
from temnet.structures.atom_files.from_file import elements_name, read_structure
from temnet.structures.atom_files.occupancies import site_elements
from temnet.structures.columns import formula

_SYMBOL = re.compile(r"([A-Z][a-z]?)([0-9]*)")


def check_names(settings: StructureSettings, classes: Sequence[str]) -> None:
    """Check that columns of such specimens can have every name in the settings.

    Args:
        settings: The section ``structure``.
        classes: ``labels.classes``.

    Raises:
        InputError: If a name holds an unknown element or is not written as columns are named.
    """
    wanted = {split_class(name)[0] for name in classes} - {COLUMN}
    if isinstance(settings, MoS2) and settings.column_classes is None:
        _check("labels.classes", wanted, {"Mo", "S", *settings.substitutes}, formula)
    if isinstance(settings, FromFile):
        elements = site_elements(read_structure(settings.path))
        name_of = formula if settings.naming == "formula" else elements_name
        _check("structure.classes", settings.classes, elements, name_of)
        _check("labels.classes", wanted - set(settings.classes.values()), elements, name_of)
        lost = sorted(set(settings.vacancies) - elements)
        if lost:
            raise InputError(
                f"structure.vacancies names {', '.join(lost)}; {settings.path} holds "
                f"{', '.join(sorted(elements))}."
            )


def _check(
    key: str,
    names: Collection[str],
    elements: Collection[str],
    name_of: Callable[[Counter[str]], str],
) -> None:
    for name in sorted(names):
        parts = _SYMBOL.findall(name)
        read = "".join(symbol + number for symbol, number in parts)
        unknown = {symbol for symbol, _ in parts} - set(elements)
        if not parts or read != name or unknown:
            raise InputError(
                f"{key}: unknown class {name}; classes are named after the elements in a "
                f"column: {', '.join(sorted(elements))}."
            )
        counts: Counter[str] = Counter()
        for symbol, number in parts:
            counts[symbol] += int(number or 1)
        if name_of(counts) != name:
            raise InputError(f"{key}: {name} must be written {name_of(counts)}.")
