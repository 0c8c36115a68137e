"""Tables of strain, and strain in the files of other programs."""

from dataclasses import replace

import ase.io
import h5py
import numpy as np
import pytest

import temnet
from temnet.interoperability.found_columns import FoundColumns
from temnet.strain.tables import (
    COLUMNS,
    LatticeRow,
    ProfileRow,
    StrainRow,
    further_numbers,
    lattice_rows,
    profile_rows,
    strain_rows,
)
from temnet.tables.csv_rows import read_rows, write_rows
from tests.strain.crystals import A, crystal, peaks_at


@pytest.fixture(scope="module")
def strain():
    """Gold whose right half is 3 % wider, with a column far away from it."""
    points = crystal("fcc [100]", 16.0) + [20.0, -20.0]
    points[:, 0] = np.where(points[:, 0] > 20, 20 + 1.03 * (points[:, 0] - 20), points[:, 0])
    points = np.concatenate([points, [[60.0, -60.0]]])
    return temnet.strain_map(peaks_at(points), reference="region", region=(0, 40, 0, 16))


def test_rows_come_back_from_the_table(strain, tmp_path):
    rows = list(strain_rows(strain, "a.tif", ["gold"], (0.2, 0.1)))
    write_rows(tmp_path / "strain.csv", rows, StrainRow)
    back = read_rows(tmp_path / "strain.csv", StrainRow)
    assert len(back) == len(strain)
    row = back[-1]
    assert (row.state, row.grain, row.layer, row.frame, row.site) == (
        "no-lattice",
        None,
        None,
        0,
        None,
    )
    assert np.isnan([row.e_xx, row.rotation_deg, row.e_xx_error]).all()
    assert (row.row_pixel, row.col_pixel) == (300, 600)
    wide = [row for row in back if row.state == "fitted" and row.col_angstrom > 27]
    assert np.median([row.e_xx for row in wide]) == pytest.approx(0.03, abs=1e-6)


def test_averages_have_sites_instead_of_frames(strain):
    count = len(strain)
    rows = strain_rows(strain, "a", ["m"], (1, 1), np.arange(count), np.full(count, 40))
    row = next(iter(rows))
    assert (row.frame, row.site, row.frames) == (None, 0, 40)
    assert next(iter(lattice_rows(strain, "a", True))).frame is None


def test_lattices_and_profile(strain):
    (row,) = lattice_rows(strain, "a.tif")
    assert row.sites == 1
    assert row.reference_a_angstrom == pytest.approx(A / 2)
    assert row.reference_angle_deg == pytest.approx(90)
    rows = list(profile_rows(strain, "a.tif"))
    own = [row for row in rows if row.quantity == "e_xx" and row.layer == 2]
    values = strain.value("e_xx")[(strain.layer == 2) & (strain.state == 0)]
    assert (own[0].columns, own[0].mean) == (len(values), pytest.approx(values.mean()))
    assert own[0].spread == pytest.approx(values.std(ddof=1))
    assert {row.quantity for row in rows} == set(COLUMNS)
    assert all(isinstance(row, ProfileRow) for row in rows)
    assert isinstance(lattice_rows(strain, "a").__next__(), LatticeRow)


def test_a_grain_without_a_reference_has_empty_cells():
    points = crystal("fcc [100]", 12.0)
    nowhere = temnet.strain_map(peaks_at(points), reference="region", region=(90, 91, 90, 91))
    (row,) = lattice_rows(nowhere, "a")
    assert row.reference_columns is None and np.isnan(row.reference_a_angstrom)
    assert list(profile_rows(nowhere, "a")) == []


def found(strain):
    columns = FoundColumns.of(strain.columns, classes=("metal",), elements=("X",), file="a.tif")
    return replace(columns, further=further_numbers(strain))


def test_strain_is_in_files_for_other_programs(strain, tmp_path):
    columns = found(strain)
    temnet.write_peaks(tmp_path / "columns.h5", columns, 0.2, ("metal",))
    with h5py.File(tmp_path / "columns.h5") as file:
        np.testing.assert_array_equal(file["e_xx"], strain.value("e_xx"))
        assert file["rotation_deg"].attrs["unit"] == "degrees"
        assert "anticlockwise" in file["rotation_deg"].attrs["description"]
        assert "4 (no-lattice)" in file["strain_state"].attrs["description"]
    temnet.write_peaks(tmp_path / "columns.xyz", columns, 0.2, ("metal",))
    atoms = ase.io.read(tmp_path / "columns.xyz")
    np.testing.assert_allclose(atoms.arrays["e_xx"], strain.value("e_xx"), atol=1e-8)
    np.testing.assert_array_equal(atoms.arrays["grain"], strain.grain)
    for name in ("columns.h5", "columns.xyz"):  # columns come back as before
        back = temnet.read_peaks(tmp_path / name).peaks
        np.testing.assert_allclose(back.positions, strain.columns.positions, atol=1e-8)


def test_a_selection_keeps_the_strain_of_its_columns(strain):
    columns = found(strain).select(np.array([3, 7]))
    np.testing.assert_array_equal(columns.further["e_yy"].values, strain.value("e_yy")[[3, 7]])


def test_the_table_in_memory(strain):
    table = strain.to_table()
    np.testing.assert_array_equal(table["e_xy"], strain.value("e_xy"))
    np.testing.assert_array_equal(table["col_angstrom"], strain.columns.positions[:, 1])
