"""Settings of strain: what they allow, and what must go together."""

import pytest

from temnet.config.analysis.strain import Strain
from temnet.config.loading import validate
from temnet.errors import InputError


@pytest.mark.parametrize("name", ["region", "spacing", "structure"])
def test_a_reference_needs_its_value(name):
    given = {"region": (0, 64, 10, 50), "spacing": 2.355, "structure": "gold.cif"}[name]
    assert Strain(reference=name, **{name: given}).reference == name
    with pytest.raises(ValueError, match=f"reference is {name}; add {name}"):
        Strain(reference=name)
    # Another reference's value does not count.
    other = {"region": "spacing", "spacing": "structure", "structure": "region"}[name]
    values = {"region": (0, 64, 10, 50), "spacing": 2.355, "structure": "gold.cif"}
    with pytest.raises(ValueError, match=f"add {name}"):
        Strain(reference=name, **{other: values[other]})


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"neighbours": 2}, "neighbours"),
        ({"reference": "middle"}, "reference"),
        ({"region": (10, 5, 0, 9)}, "region"),
        ({"region": (0, 5, 9)}, "region"),
        ({"spacing": 0.4}, "spacing"),
        ({"spacing": float("nan")}, "spacing"),
        ({"zone_axis": (0, 0, 0)}, "zone_axis"),
        ({"scale": 0}, "scale"),
        ({"scal": 1}, "scal"),
    ],
)
def test_wrong_values_are_named_with_their_place(values, word):
    with pytest.raises(InputError, match=rf"strain.*{word}"):
        validate({"strain": values, "stages": ["report"]}, "a")


def test_the_defaults_need_nothing():
    default = Strain()
    assert default.reference == "core" and default.average
    assert Strain(zone_axis=(1, -1, 0)).zone_axis == (1, -1, 0)
