from collections import Counter

import numpy as np
import pytest

from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import FCC_METALS, Nanoparticle
from temnet.structures import negatives
from temnet.structures.geometry import Field
from temnet.structures.negatives import draw_negative

FIELD = Field(20.0, 20.0, 2.0)


def draw(kind, settings=MoS2, seed=0):
    shares = {"probability": 0.0, kind: 1.0}
    return draw_negative(settings(negatives=shares), FIELD, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("kind", "elements"),
    [("probability", set()), ("amorphous", {"C"}), ("graphitic", {"C"})],
)
def test_a_negative_has_atoms_of_its_kind_and_no_columns(kind, elements):
    structure = draw(kind)
    assert set(structure.atoms.get_chemical_symbols()) == elements
    assert len(structure.columns) == 0 and np.all(structure.atom_column == -1)


def test_the_off_axis_particle_is_of_the_metal_of_the_specimen():
    own = draw("off_axis", lambda **changes: Nanoparticle(element="Pt", **changes))
    assert set(own.atoms.get_chemical_symbols()) == {"Pt"} and len(own.columns) == 0
    others = {draw("off_axis", seed=seed).atoms.get_chemical_symbols()[0] for seed in range(6)}
    assert others <= set(FCC_METALS) and len(others) > 1


def test_each_kind_has_its_fraction(monkeypatch):
    def named(name):
        return lambda settings, field, rng: name

    monkeypatch.setattr(negatives, "KINDS", {name: named(name) for name in negatives.KINDS})
    shares = {"probability": 0.1, "amorphous": 0.2, "off_axis": 0.3, "graphitic": 0.15}
    settings, rng = MoS2(negatives=shares), np.random.default_rng(0)
    found = Counter(draw_negative(settings, FIELD, rng) for _ in range(4000))
    for name, share in {**shares, None: 0.25}.items():
        # Within four standard deviations of a binomial number.
        assert abs(found[name] / 4000 - share) < 4 * np.sqrt(share * (1 - share) / 4000)
