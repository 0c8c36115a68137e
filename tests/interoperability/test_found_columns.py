"""Columns as a table and as ASE structures."""

import builtins

import numpy as np
import pytest

import temnet
from temnet.errors import InputError
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter, column_fields
from tests.interoperability.made_columns import SITE, made


def test_selected_columns_keep_what_is_known():
    columns = made(site=SITE)
    chosen = columns.select(columns.frame == 2)
    assert chosen.site.tolist() == [0, -1] and chosen.classes == columns.classes
    assert chosen.pixel_size == (0.2, 0.1) and chosen.frames == 3
    assert len(columns.in_frame(1)) == 0
    np.testing.assert_allclose(columns.pixels[1], [10, 32.5])
    assert columns.class_names.tolist() == ["Mo", "metal", "Mo", "Mo", "metal"]
    with pytest.raises(InputError, match="0 to 2"):
        columns.in_frame(3)
    together = Peaks.concatenate([columns, columns])
    assert len(together) == 10


def without_pandas(monkeypatch):
    there = builtins.__import__

    def refused(name, *rest, **more):
        if name == "pandas":
            raise ImportError(name)
        return there(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refused)


def test_the_table_is_columns_csv_with_all_digits(tmp_path):
    pandas = pytest.importorskip("pandas")
    columns = made(site=SITE)
    with ColumnTableWriter(tmp_path / "columns.csv", columns.classes) as writer:
        writer.write(columns, columns.pixel_size, columns.file, columns.site)
    written = pandas.read_csv(tmp_path / "columns.csv").fillna({"flags": ""})
    table = columns.to_table()
    assert tuple(table.columns) == column_fields(columns.classes)
    pandas.testing.assert_frame_equal(table, written, rtol=1e-6, check_dtype=False)
    assert table["col_pixel"].tolist() == (columns.positions[:, 1] / 0.1).tolist()
    assert table["flags"].tolist() == ["", "no-lattice too-close", "", "", "isolated"]
    assert made().to_table()["site"].isna().all()


def test_without_pandas_it_is_a_record_array(monkeypatch):
    without_pandas(monkeypatch)
    table = made(site=SITE).to_table()
    assert isinstance(table, np.recarray) and table.dtype.names == column_fields(("Mo", "metal"))
    assert table.row_pixel[2] == pytest.approx(17.5) and table["class"][4] == "metal"
    assert table.site.dtype == np.int64 and len(made().select(np.zeros(5, bool)).to_table()) == 0


def test_a_structure_looks_like_the_image_and_names_elements():
    atoms = made(site=SITE).to_ase(frame=2, elements={"metal": "Pt"})
    assert atoms.get_chemical_symbols() == ["Mo", "Pt"]
    np.testing.assert_allclose(atoms.positions, [[0.5, -1.5, 0], [2.0, -0.75, 0]])
    assert atoms.arrays["site"].tolist() == [0, -1]
    first = made(site=SITE).to_ase(0).arrays["id"]
    # The same site has the same number in all frames, and every column one of its own.
    assert atoms.arrays["id"][0] == first[0] and len({*first, *atoms.arrays["id"]}) == 4
    assert made().to_ase(0).get_chemical_symbols() == ["Mo", "X", "Mo"]
    assert "id" not in made().to_ase(0).arrays and len(made().to_ase(1)) == 0
    with pytest.raises(InputError, match="Xx"):
        made().to_ase(0, elements={"metal": "Xx"})
    with pytest.raises(InputError, match="oxide"):
        made().to_ase(0, elements={"oxide": "Ce"})


def test_files_keep_sites(tmp_path):
    columns = made(site=SITE)
    temnet.write_peaks(tmp_path / "a.xyz", columns, 0.1, columns.classes)
    back = temnet.read_peaks(tmp_path / "a.xyz").peaks
    assert back.site.tolist() == SITE.tolist() and back.frames == 3
    from ase.io import read

    for number, atoms in enumerate(read(tmp_path / "a.xyz", index=":")):
        expected = columns.to_ase(number)
        assert atoms == expected
        for name in ("id", "site"):
            assert atoms.arrays.get(name, np.zeros(0)).tolist() == (
                expected.arrays[name].tolist() if len(expected) else []
            )
    temnet.write_peaks(tmp_path / "b.h5", columns, 0.1, columns.classes)
    stored = temnet.read_peaks(tmp_path / "b.h5").peaks
    assert stored.site is None and stored.to_table()["class"].tolist()[1] == "metal"
