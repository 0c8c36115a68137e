"""Spellings of units, against literals."""

import pytest

from temnet.units import ANGSTROM_PER, is_length, kind_of, to_angstrom, unit_name

LENGTHS = {
    1.0: (
        *("Å", "\u212b", "A\u030a", "A", "Ang", "ang.", "angstrom", "Angstroms", "Ångström"),
        *("Angström", "Ångstrom", "ångströms", "Angstroem", "\\AA", "$\\AA$", "\\u00C5"),
        *("\\u212B", "Ã\u0085", "Ã\u2026", "1e-10 m", "10^-10 m", "0.1 nm", "Å/px", "[Å]"),
        *("A per pixel", "Å pixel^-1", "Å·px⁻¹", "&Aring;", "x10^-10 m", "埃", "オングストローム"),
    ),
    10.0: (
        *("nm", "NM", "n_m", "[n_m]", "nanometer", "Nanometers", "nanometre", "nanometres"),
        *("Nanometern", "nanomètre", "nanomètres", "\\mathrm{nm}", "nm/pixel", "㎚", "1e-9 m"),
        *("nm per pixel", "nano-meter", "nm\0", "nanometri", "nanómetros", "нм", "纳米"),
    ),
    0.01: ("pm", "picometer", "picometres", "Pikometer", "picomètre", "[p_m]"),
    1e4: (
        *("µm", "μm", "um", "\\u00B5m", "\\u03BCm", "micron", "microns", "Micrometer"),
        *("micrometre", "micrometers", "Mikrometer", "micromètre", "$\\mu$m", "\\mu m", "Âµm"),
        *("µ", "&micro;m", "&#181;m", "µm/px", "мкм", "微米"),
    ),
    1e7: ("mm", "millimeter", "millimetres", "Millimeter"),
    1e10: ("m", "meter", "meters", "metre", "Metres", "mètre", "mètres"),
    2.54e8: ("inch", "inches"),
}


@pytest.mark.parametrize(
    ("unit", "length"), [(unit, length) for length, units in LENGTHS.items() for unit in units]
)
def test_a_length_is_the_same_in_every_spelling(unit, length):
    assert kind_of(unit) == "length"
    assert to_angstrom(2.0, unit) == pytest.approx(2 * length, rel=1e-12)


@pytest.mark.parametrize(
    "unit",
    [
        *("1/nm", "1 / nm", "nm^-1", "$A^{-1}$", "nm^{-1}", "nm⁻¹", "Å⁻¹", "1/Å", "nm\u22121"),
        *("nm-1", "Å^(-1)", "\\AA^{-1}", "\\u00C5^-1", "per nm", "inverse nm", "cycles/nm"),
        *("1/µm", "m^-1", "1/m", "/nm", "(1/nm)", "1/px", "1/furlong", "nanometer^-1", "lp/mm"),
        *("nm^-1/px", "1/nm/pixel", "1/nm per pixel", "px^-1"),
    ],
)
def test_units_per_length_are_reciprocal(unit):
    assert kind_of(unit) == "reciprocal"
    assert not is_length(unit)


@pytest.mark.parametrize(
    "unit",
    [
        "rad",
        "mrad",
        "µrad",
        "μrad",
        "urad",
        "Milliradian",
        "deg",
        "°",
        "degrees",
        "Grad",
        "mrad/px",
    ],
)
def test_angles_are_angles(unit):
    assert kind_of(unit) == "angle"


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        *((unit, "time") for unit in ("s", "ms", "µs", "sec", "Seconds", "min", "frames")),
        *((unit, "pixel") for unit in ("", "px", "pixel", "Pixels", "<undefined>")),
        *((unit, "") for unit in ("furlong", "Mm", "m/s", "eV", "nm^2", "1.2.3 m", "counts")),
    ],
)
def test_other_units_are_not_lengths(unit, kind):
    assert kind_of(unit) == kind
    assert not is_length(unit)
    with pytest.raises(KeyError):
        to_angstrom(1.0, unit)


def test_the_table_of_lengths_is_in_angstrom_and_each_symbol_is_read():
    assert (ANGSTROM_PER["nm"], ANGSTROM_PER["µm"], ANGSTROM_PER["m"]) == (10, 1e4, 1e10)
    assert {symbol: to_angstrom(1, symbol) for symbol in ANGSTROM_PER} == ANGSTROM_PER
    assert unit_name(" [n_m] ") == "nm"
