"""Elements that specimens can hold, as far as they are known before drawing."""

from __future__ import annotations

from collections.abc import Callable

from temnet.config.distributions import support, texts
from temnet.config.structures.crystal import Crystal
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.mos2 import METALS, MoS2
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.supports import AmorphousCarbon, Graphene, Oxide
from temnet.structures.atom_files.from_file import read_structure
from temnet.structures.atom_files.occupancies import site_elements
from temnet.structures.crystals.crystal import FACE_CENTRED
from temnet.structures.crystals.unit_cells import chosen_compounds, species_elements
from temnet.structures.lattices.oxide_lattices import LATTICES
from temnet.structures.negatives import off_axis_particle


def possible_elements(settings: StructureSettings) -> set[str]:
    """Every element that a specimen can hold; those of a user's function are not known.

    Raises:
        InputError: If a structure file cannot be read.
    """
    negatives = settings.negatives
    found = BY_KIND[settings.kind](settings) if negatives.together < 1 else set()
    if negatives.amorphous or negatives.graphitic:
        found.add("C")
    if negatives.off_axis:
        found |= {*texts(off_axis_particle(settings).element)}
    return found


def _mos2(settings: MoS2) -> set[str]:
    found = {"Mo", "S"} | _on_support(settings.support)
    for element, fraction in settings.substitutes.items():
        least, most = support(fraction)
        if most > 0:
            found.add(element)
        if least == 1:
            found.discard("Mo" if element in METALS else "S")
    return found


def _nanoparticle(settings: Nanoparticle) -> set[str]:
    return {*texts(settings.element)} | _on_support(settings.support)


def _on_support(carrier: Graphene | AmorphousCarbon | Oxide | None) -> set[str]:
    if carrier is None or carrier.probability == 0:
        return set()
    if not isinstance(carrier, Oxide):
        return {"C"}
    return {"O", *(LATTICES[kind].cation for kind in carrier.kinds)}


def _graphene(settings: DefectedGraphene) -> set[str]:
    return {"C"} | ({*texts(settings.adatom)} if support(settings.adatoms)[1] > 0 else set())


def _crystal(settings: Crystal) -> set[str]:
    compounds = chosen_compounds(settings.compounds, settings.leave_out)
    found = {element for one in compounds for element in one.elements}
    if settings.other_elements > 0:
        for prototype in {one.prototype for one in compounds}:
            found |= {element for choices in species_elements(prototype) for element in choices}
    if settings.support is not None and not any(one.prototype in FACE_CENTRED for one in compounds):
        found.add("Au")
    return found | _on_support(settings.film)


def _file(settings: FromFile) -> set[str]:
    lost = {name for name, share in settings.vacancies.items() if support(share)[0] == 1}
    return site_elements(read_structure(settings.path)) - lost


def _function(settings: FromFunction) -> set[str]:
    return set()


BY_KIND: dict[str, Callable[..., set[str]]] = {
    "mos2": _mos2,
    "nanoparticle": _nanoparticle,
    "graphene": _graphene,
    "crystal": _crystal,
    "file": _file,
    "python": _function,
}
"""The elements of each kind of structure and its support."""
