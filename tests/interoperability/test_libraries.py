"""Conversions where the other library is missing, or is a stand-in that keeps what it is given."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.interoperability.ase_structures import UP, identities, structure_of
from temnet.interoperability.atomap_sublattice import sublattice_of
from temnet.interoperability.hyperspy_markers import markers_of
from temnet.interoperability.libraries import library
from temnet.interoperability.tables import column_table, table_cells
from temnet.records import ColumnFlag
from temnet.reporting.files.column_table import column_fields
from tests.inference.reading.signals import X, Y, signal
from tests.interoperability.made_columns import SITE, made


def stand_in(monkeypatch, name, **attributes):
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:end]), ModuleType(parts[0]))
    for key, value in attributes.items():
        monkeypatch.setattr(sys.modules[name], key, value, raising=False)


def test_a_missing_library_is_named_with_its_installation(monkeypatch):
    monkeypatch.setitem(sys.modules, "atomap", None)
    with pytest.raises(InputError, match=r"Atomap.*pip install -e \.\[interoperability\]"):
        library("atomap.api", "Atomap")
    with pytest.raises(InputError, match="Atomap"):
        sublattice_of(made(frames=1), np.zeros((40, 40)))
    assert library("numpy.linalg", "NumPy") is np.linalg


def test_a_sublattice_gets_x_and_y_in_pixels_and_square_pixels(monkeypatch):
    stand_in(monkeypatch, "atomap.api", Sublattice=lambda *given, **known: (given, known))
    image = np.zeros((40, 40))
    (points, same), known = sublattice_of(made(frames=1), image)
    # Rows are 0.2 Å high, columns 0.1 Å wide: (1.0, 0.5) Å is pixel (5, 5).
    assert points[:2].tolist() == [[5, 5], [32.5, 10]] and same is image and known == {}
    _, known = sublattice_of(made(frames=1, pixel_size=(0.2, 0.2)), image)
    assert known == {"pixel_size": 0.2, "units": "Å"}
    with_axes = SimpleNamespace(data=image, axes_manager=None)  # a signal has its own
    assert sublattice_of(made(frames=1, pixel_size=(0.2, 0.2)), with_axes)[1] == {}
    for other in (np.zeros((40, 40, 2)), np.zeros((17, 40)), np.zeros((40, 32))):
        with pytest.raises(InputError, match="shape"):
            sublattice_of(made(frames=1), other)


def test_markers_lie_in_the_units_of_the_axes_frame_by_frame(monkeypatch):
    def points(offsets, **style):
        return SimpleNamespace(offsets=offsets, **style)

    plot = SimpleNamespace(markers=SimpleNamespace(Points=points))
    stand_in(monkeypatch, "hyperspy.api", plot=plot)
    movie = signal(np.zeros((3, 40, 40)), ("time", 1.0, "s", True), Y, X)
    x, y = movie.axes_manager.signal_axes
    x.offset, y.offset, y.scale = 5.0, -1.0, 0.04
    one, two = markers_of(made(), movie, 9.0)
    assert (one.name, two.name, one.sizes) == ("Mo", "metal", 9.0)
    assert [len(each) for each in one.offsets] == [2, 0, 1]
    # (1.0, 0.5) Å is pixel (5, 5); x comes first.
    np.testing.assert_allclose(one.offsets[0][0], [5 + 5 * 0.02, -1 + 5 * 0.04])
    np.testing.assert_allclose(two.offsets[2], [[5 + 20 * 0.02, -1 + 3.75 * 0.04]])
    everywhere = markers_of(made(frames=1), movie, 9.0)
    assert [each.offsets.shape for each in everywhere] == [(3, 2), (2, 2)]
    with pytest.raises(InputError, match="2 frames"):
        markers_of(made(), signal(np.zeros((2, 40, 40)), ("t", 1.0, "s", True), Y, X), 9.0)


def test_columns_without_a_site_have_numbers_of_their_own():
    found = identities(SITE)
    assert found.tolist() == [1, 2, 3, 1, 4]
    assert identities(np.full(3, -1)).tolist() == [1, 2, 3]
    assert identities(np.zeros(0, int)).tolist() == []


def test_a_structure_has_what_is_known():
    columns = made(frames=1, classes=("Mo", "light metal"))
    atoms = structure_of(columns, 0)
    assert atoms.info["y_axis"] == UP and atoms.positions[1].tolist() == [3.25, -2.0, 0]
    assert set(atoms.arrays["class"]) == {"Mo", "light_metal"}
    assert "flags" in atoms.arrays and "spread" not in atoms.arrays and "id" not in atoms.arrays
    plain = made(frames=1, flags=np.zeros(5, int), spread=np.array([np.nan] * 4 + [0.1]))
    arrays = structure_of(plain, 0).arrays
    assert "flags" not in arrays and arrays["spread"][4] == 0.1
    with pytest.raises(InputError, match="Unobtainium"):
        structure_of(made(frames=1, elements=("Mo", "Unobtainium")), 0)


def test_the_table_has_the_header_of_the_file():
    columns = made(site=SITE)
    cells = table_cells(columns)
    assert tuple(cells) == column_fields(columns.classes)
    assert cells["row_pixel"].tolist() == [5, 10, 17.5, 7.5, 3.75]
    assert cells["p_metal"].tolist() == [0, 0.7, 0.1, 0, 0.25]
    both = ColumnFlag(5).words
    assert cells["flags"].tolist() == ["", both, "", "", ColumnFlag(16).words] and " " in both
    assert len(column_table(columns)) == 5
