"""Settings given with `--set`, and how one section overrides another."""

import pytest

from temnet.config.loading import load_experiment, merge, parse_assignments
from temnet.errors import InputError


@pytest.mark.parametrize("name", ["a." * 3000 + "b", "a" * 5000])
def test_set_of_a_name_that_is_too_long(name):
    with pytest.raises(InputError, match="no setting has such a long name") as caught:
        parse_assignments([f"{name}=1"])
    assert len(str(caught.value)) < 200


def test_set_takes_yaml_values():
    assert parse_assignments(
        ["a.b=50e3", "a.c={uniform: [1, 2]}", "d=null", "e=a=b", "a.b=2", "f.g=[x, 1]"]
    ) == {"a": {"b": 2, "c": {"uniform": [1, 2]}}, "d": None, "e": "a=b", "f": {"g": ["x", 1]}}


def test_set_gives_another_kind_and_its_keys_in_any_order(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("structure: {kind: mos2, holes: 0}\nstages: [report]")
    assignments = ["structure.radius=9", "structure.kind=nanoparticle"]
    for order in (assignments, assignments[::-1]):
        found = parse_assignments(order)
        assert found == {"structure": {"radius": 9, "kind": "nanoparticle"}}
        structure = load_experiment(path, found).structure
        assert (structure.kind, structure.radius) == ("nanoparticle", 9)


@pytest.mark.parametrize("text", ["seed", "=1", "a..b=1", "a.=1", "a=[1", ""])
def test_set_refuses_what_is_no_assignment(text):
    with pytest.raises(InputError, match="--set"):
        parse_assignments([text])


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        ({"dose": {"uniform": [1, 2]}}, {"dose": {"normal": [1, 2]}}, {"dose": {"normal": [1, 2]}}),
        ({"dose": {"uniform": [1, 2]}}, {"dose": 3}, {"dose": 3}),
        ({"dose": 3}, {"dose": {"uniform": [1, 2]}}, {"dose": {"uniform": [1, 2]}}),
        # Another kind of network has other keys, so nothing of the old one may stay ...
        (
            {"model": {"kind": "unet", "filters": 8}},
            {"model": {"kind": "msdnet", "depth": 9}},
            {"model": {"kind": "msdnet", "depth": 9}},
        ),
        (
            {"model": {"kind": "unet", "a": 1}},
            {"model": {"b": 2}},
            {"model": {"kind": "unet", "a": 1, "b": 2}},
        ),
        (
            {"model": {"kind": "unet", "a": 1}},
            {"model": {"kind": "unet", "b": 2}},
            {"model": {"kind": "unet", "a": 1, "b": 2}},
        ),
        (
            {"model": {"a": 1}},
            {"model": {"kind": "unet", "b": 2}},
            {"model": {"a": 1, "kind": "unet", "b": 2}},
        ),
        # ... but a camera's kind is a setting like the others.
        (
            {"camera": {"kind": "ideal", "dose": 1}},
            {"camera": {"kind": "counting"}},
            {"camera": {"kind": "counting", "dose": 1}},
        ),
    ],
)
def test_merge(base, changes, expected):
    before = dict(base)
    assert merge(base, changes) == expected
    assert base == before
