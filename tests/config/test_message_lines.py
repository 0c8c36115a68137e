"""Lines of messages: their source, their key and their number."""

import pytest
from pydantic import Field, ValidationError

from temnet.config.messages import MOST_FAULTS, Layer, describe
from temnet.config.settings import Settings


class Part(Settings):
    """A section."""

    size: int = Field(ge=1, description="Size of it [Å].")


class Whole(Settings):
    """Settings of sections."""

    part: Part
    many: tuple[Part, ...] = ()


def fault_lines(values, layers=()):
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate(values)
    return describe(caught.value, "a.yaml", layers, Whole)


@pytest.mark.parametrize(
    ("place", "held"),
    [
        (("part",), True),
        (("part", "size"), True),
        (("many", 1, "size"), True),
        (("many", 2), False),
        (("part", "size", "deeper"), False),
        (("other",), False),
    ],
)
def test_a_layer_has_the_keys_of_its_values(place, held):
    layer = Layer("b.yaml", (), {"part": {"size": 1}, "many": [{}, {"size": 2}]})
    assert layer.holds(place) is held


def test_a_layer_of_a_section_has_keys_below_it_only():
    layer = Layer("b.yaml", ("part",), {"size": 1})
    assert layer.holds(("part", "size")) and layer.holds(("part",))
    assert not layer.holds(("size",)) and not layer.holds(("many", "size"))


def test_the_first_layer_with_the_key_is_named():
    values = {"part": {"size": 0}}
    low, high = Layer("base.yaml", (), values), Layer("--set", ("part",), {"size": 0})
    rest = "part.size: expected at least 1 (size of it [Å]); got 0."
    assert fault_lines(values) == [f"a.yaml: {rest}"]
    assert fault_lines(values, [low]) == [f"base.yaml: {rest}"]
    assert fault_lines(values, [high, low]) == [f"--set: {rest}"]
    assert fault_lines(values, [Layer("other", (), {"many": []}), low]) == [f"base.yaml: {rest}"]


def test_a_close_key_is_offered_and_others_list_the_known_ones():
    near, far = fault_lines({"part": {"size": 1, "siez": 2, "zzz": 3}})
    assert near.startswith("a.yaml: part.siez: ") and near.endswith("perhaps `size` is meant.")
    assert far.startswith("a.yaml: part.zzz: ") and far.endswith("use one of size.")


def test_faults_beyond_the_limit_are_counted():
    entries = [{"size": 0}] * (MOST_FAULTS + 3)
    lines = fault_lines({"part": {"size": 1}, "many": entries})
    assert len(lines) == MOST_FAULTS + 1
    assert lines[2].startswith("a.yaml: many.2.size: ") and "3 more" in lines[-1]
    exact = fault_lines({"part": {"size": 1}, "many": entries[:MOST_FAULTS]})
    assert len(exact) == MOST_FAULTS and "more invalid" not in exact[-1]
