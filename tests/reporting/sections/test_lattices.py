"""The lattice of an image in a sentence."""

import pytest

from temnet.inference.checks.measured_lattice import MeasuredLattice, ProposedSize
from temnet.reporting.sections.lattices import MOST_SHOWN, lattice_text
from temnet.tables.json_records import read_record, write_record

GOLD = MeasuredLattice(
    spacings=(2.355, 2.355, 2.04, 1.44, 1.23),
    angles=(10.0, 80.6, 45.0, 99.0, 12.0),
    materials=("Au [110]", "Pt [110]"),
    compared=True,
)


def test_the_strongest_spacings_and_the_angle_of_the_first_two():
    text = lattice_text(GOLD)
    assert text.count("2.35") == 2 and "1.44" in text and "1.23" not in text
    assert MOST_SHOWN == 4 and "at 71°" in text and "Au [110] and Pt [110]" in text


@pytest.mark.parametrize(
    ("angles", "shown"),
    [((0.0, 90.0), 90), ((10.0, 170.0), 20), ((350.0, 20.0), 30), ((0.0, 180.0), 0)],
)
def test_angles_between_planes_are_at_most_a_right_angle(angles, shown):
    assert f"at {shown}°" in lattice_text(MeasuredLattice(spacings=(2.0, 1.5), angles=angles))


def test_one_spacing_has_no_angle_and_none_is_no_spacing():
    one = lattice_text(MeasuredLattice(spacings=(3.35,), angles=(0.0,), compared=True))
    assert "a spacing of 3.35 Å" in one and "°" not in one and "no material" in one
    assert "not known" in lattice_text(MeasuredLattice(spacings=(3.35,), angles=(0.0,)))
    assert lattice_text(MeasuredLattice()).startswith("No lattice")


def test_the_record_comes_back_from_its_file(tmp_path):
    found = MeasuredLattice(
        spacings=(2.4,), angles=(3.0,), compared=True, foreign=True,
        proposed=(ProposedSize(0.21, ("Au",)), ProposedSize(0.19, ("Pt", "Au"))),
    )  # fmt: skip
    write_record(tmp_path / "lattice.json", found)
    assert read_record(tmp_path / "lattice.json", MeasuredLattice) == found
