"""The element of a class's columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from temnet.config.distributions import texts
from temnet.config.learning.labels import split_class
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.supports import Oxide
from temnet.structures.lattices.oxide_lattices import LATTICES

UNKNOWN_ELEMENT = "X"
"""Symbol of a column whose class is no single element, as ASE has it."""

_ELEMENT_CLASS = re.compile(r"([A-Z][a-z]?)[0-9]*(:.*)?")


def element_symbol(class_name: str) -> str:
    """The element that a class is named by, ``X`` where the name contains none or several.

    >>> [element_symbol(name) for name in ("Mo", "S2", "C:1-3", "metal", "Q2", "OTi")]
    ['Mo', 'S', 'C', 'X', 'X', 'X']
    """
    from ase.data import atomic_numbers

    found = _ELEMENT_CLASS.fullmatch(class_name)
    return found[1] if found and found[1] in atomic_numbers else UNKNOWN_ELEMENT


def class_elements(
    class_names: Sequence[str], structure: StructureSettings | None
) -> tuple[str, ...]:
    """The element of each class's columns, ``X`` where it is not one.

    Args:
        class_names: Name of each class index.
        structure: Specimens that the classes were defined on; it names the elements of `metal` and
            `oxide` of particles, if there is one of each.

    >>> class_elements(["metal", "oxide"], Nanoparticle(element="Au", support=Oxide()))
    ('Au', 'Ce')
    """
    named: dict[str, str] = {}
    if isinstance(structure, Nanoparticle):
        metals = set(texts(structure.element))
        if len(metals) == 1:
            named["metal"] = metals.pop()
        if isinstance(structure.support, Oxide) and len(structure.support.kinds) == 1:
            named["oxide"] = LATTICES[structure.support.kinds[0]].cation
    return tuple(named.get(split_class(name)[0]) or element_symbol(name) for name in class_names)


def class_titles(
    class_names: Sequence[str], structure: StructureSettings | None
) -> tuple[str, ...]:
    """Names of classes with the elements that they mean where the name is not one.

    Args:
        class_names: Name of each class index.
        structure: Specimens that the classes were defined on.

    >>> particles = Nanoparticle(element={"choice": ["Pt", "Au"]}, support=Oxide())
    >>> class_titles(["metal", "oxide"], particles), class_titles(["Mo"], None)
    (('metal (Pt or Au)', 'oxide (Ce)'), ('Mo',))
    """
    meaning: dict[str, str] = {}
    if isinstance(structure, Nanoparticle):
        meaning["metal"] = " or ".join(dict.fromkeys(texts(structure.element)))
        if isinstance(structure.support, Oxide):
            kinds = structure.support.kinds
            meaning["oxide"] = " or ".join(LATTICES[kind].cation for kind in kinds)
    known = (meaning.get(split_class(name)[0]) for name in class_names)
    return tuple(
        f"{name} ({elements})" if elements else name
        for name, elements in zip(class_names, known, strict=True)
    )
