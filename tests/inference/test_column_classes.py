import csv

import numpy as np

import temnet
from temnet.inference.column_classes import class_names, in_classes
from temnet.records import Peaks
from temnet.reporting.files.peaks_files import read_peaks


def found():
    probabilities = np.array([[0.7, 0.1], [0.2, 0.6]])
    zero = np.zeros(2, np.int64)
    return Peaks(
        zero, np.ones((2, 2)), np.array([0, 1]), np.full(2, 0.8), probabilities, zero * 0.1
    )


def test_where_classes_mean_nothing_all_columns_are_of_one():
    peaks = in_classes(found(), ("column",), True)
    assert peaks.class_index.tolist() == [0, 0]
    np.testing.assert_allclose(peaks.probabilities, [[0.8], [0.8]])
    np.testing.assert_array_equal(peaks.score, found().score)


def test_a_table_of_both_kinds_of_series_has_the_classes_of_both():
    names = class_names(("metal", "oxide"), (True, False))
    foreign, known = (in_classes(found(), names, one) for one in (True, False))
    assert foreign.class_index.tolist() == [2, 2] and known.class_index.tolist() == [0, 1]
    np.testing.assert_allclose(foreign.probabilities, [[0, 0, 0.8], [0, 0, 0.8]])
    np.testing.assert_allclose(known.probabilities, [[0.7, 0.1, 0], [0.2, 0.6, 0]])


def test_known_materials_keep_the_network_s_classes():
    assert in_classes(found(), ("metal", "oxide"), False).class_index.tolist() == [0, 1]
    assert class_names(("column",), (True,)) == ("column",)  # a network of places
    assert in_classes(found().select(slice(0, 0)), ("column",), True).probabilities.shape == (0, 1)


OBLIQUE = {3.6: 0, 3.3: 80, 2.9: 38, 2.2: 14, 1.9: 61, 1.7: 120}
"""Lattice planes of no known crystal: spacing [Å] and direction [deg]."""


def test_every_output_has_the_class_column_where_the_lattice_is_foreign(tmp_path):
    row, col = np.mgrid[:160, :160] * 0.2
    image = np.random.default_rng(0).normal(100, 5, row.shape)
    for spacing, angle in OBLIQUE.items():
        way = col * np.cos(np.radians(angle)) + row * np.sin(np.radians(angle))
        image += 10 * np.cos(2 * np.pi * way / spacing)
    given = {"sampling": 0.2, "engine": "keras", "threshold": 0.05}
    found = temnet.analyse(image, "nanoparticle-unet", output=tmp_path / "out", **given)
    assert "material" in [one.kind for one in found.series.findings]
    assert found.classes == ("column",) and found.series.lattice.foreign
    assert len(found.peaks) and set(found.peaks.class_index) == {0}
    folder = found.folder / "predict"
    with (folder / "columns.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["class"] for row in rows} == {"column"} and "p_metal" not in rows[0]
    for file in ("columns.h5", "columns.xyz"):
        assert read_peaks(folder / file).class_names == ("column",)
    kept = temnet.analyse(image, "nanoparticle-unet", keep_classes=True, **given)
    assert kept.classes == ("metal", "oxide")
    np.testing.assert_array_equal(kept.peaks.positions, found.peaks.positions)
