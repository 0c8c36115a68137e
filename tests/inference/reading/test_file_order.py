"""The order of files by their names: each list is in the order that a person expects."""

import itertools
import logging
import random
from pathlib import Path

import numpy as np
import pytest

from temnet.inference.reading.file_order import as_shells_sort, by_signs, in_order
from temnet.inference.reading.read_images import read_images

SIGNED = [
    ["df_-50", "df_0", "df_50"],
    ["df-60", "df-10", "df+40"],
    ["df-60", "df-10", "df40"],
    ["-20", "-10", "0", "10"],
    ["−50", "0", "50"],
    ["x_-100", "x_-50", "x_-7"],
    ["defocus-30nm", "defocus-20nm", "defocus-10nm"],
    ["MoS2-50", "MoS2_0", "MoS2_50"],
    ["MoS2-50nm", "MoS2+0nm", "MoS2+50nm"],
    ["Image_-5", "Image_5"],
    ["df(-50)", "df(0)", "df(50)"],
    ["df=-50", "df=0", "df=+50"],
    ["df_-0.5um", "df_0.25um", "df_0.5um"],
    ["-0,5um", "0,5um"],
    ["df_-1,000nm", "df_-500nm", "df_0nm", "df_1,000nm"],
    ["df_-2000A", "df_-100nm", "df_0", "df_500nm", "df_1um"],
    ["defocus_-1.5e3nm", "defocus_-2e2nm", "defocus_0nm", "defocus_1e2nm"],
    ["df_minus50", "df_0", "df_plus50"],
    ["dfm50", "df0", "df50"],
    ["focus_n20", "focus_0", "focus_p20"],
    ["overfocus_50nm", "overfocus_20nm", "infocus", "underfocus_20nm", "underfocus_50nm"],
    ["s1_df-5", "s1_df5", "s2_df-5", "s2_df5"],
    ["2024-05-12_df-50", "2024-05-12_df-5", "2024-05-12_df50"],
    ["df_-50_01", "df_-50_02", "df_0_01", "df_0_02"],
]

UNSIGNED = [
    ["frame_1", "frame_2", "frame_10"],
    ["frame-1", "frame-2", "frame-10"],
    ["frame-08", "frame-09", "frame-10"],
    ["df-1", "df-2", "df-3"],
    ["a-1_b-2", "a-1_b-10", "a-2_b-1"],
    ["2024-05-02_3", "2024-05-12_2", "2024-05-12_10"],
    ["2024.5.9", "2024.11.2"],
    ["IMG-20240512-WA0009", "IMG-20240512-WA0010"],
    ["1a", "1b", "2a", "10a"],
    ["frame_m1", "frame_m2", "frame_n1"],
    ["pos1", "pos2", "pos10"],
    ["scan", "scan (1)", "scan (2)", "scan (10)"],
    ["img_0.25", "img_0.5", "img_1"],
    ["run1.9", "run1.10", "run1.11", "run2.1"],
    ["frame.0001", "frame.0002", "frame.0010"],
    ["0p25um", "0p5um", "1p0um"],
    ["500nm", "1um", "1.5um"],
    ["t_500ms", "t_1s", "t_2min"],
    ["1e1", "2e2", "1e3"],
    ["a1e3", "a2e1", "a10"],
    ["Second_00_Frame_0000", "Second_00_Frame_0001", "Second_01_Frame_0000"],
    ["a_1", "A_2", "a_3"],
]


def shuffles(names):
    """Some other orders of names, all of them for a few."""
    every = itertools.permutations(names)
    return every if len(names) < 5 else (random.sample(names, len(names)) for _ in range(10))


@pytest.mark.parametrize("names", [*SIGNED, *UNSIGNED], ids=" ".join)
def test_names_are_sorted_as_people_expect(names):
    paths = [Path(f"film/{name}.dm4") for name in names]
    for shuffled in shuffles(paths):
        assert in_order(shuffled) == paths


@pytest.mark.parametrize("names", SIGNED, ids=" ".join)
def test_an_order_that_depends_on_signs_is_recognised(names):
    paths = [Path(f"{name}.dm4") for name in names]
    assert by_signs(paths)
    assert not by_signs(paths[::-1])


@pytest.mark.parametrize("names", UNSIGNED, ids=" ".join)
def test_a_separator_is_not_a_sign(names):
    assert not by_signs([Path(f"{name}.dm4") for name in names])


def test_folders_count_before_the_names_in_them():
    paths = [Path(p) for p in ("Second_9/f_2.tif", "Second_10/f_1.tif", "Second_10/f_10.tif")]
    assert in_order(paths[::-1]) == paths
    assert in_order([Path("3"), Path("")]) == [Path(""), Path("3")]
    assert in_order([]) == []


def test_names_of_another_folder_do_not_make_a_dash_a_sign():
    paths = [Path("a/f-08.tif"), Path("a/f-09.tif"), Path("b/f-7.tif"), Path("b/f+7.tif")]
    assert in_order(paths[::-1]) == paths


def test_the_order_of_a_shell_is_distinguished_from_one_that_was_chosen():
    assert as_shells_sort([Path(f"df_{n}") for n in ("-10", "-60", "0", "40")])
    assert as_shells_sort([Path(f"f_{n}") for n in (1, 10, 2)])
    assert as_shells_sort([Path(f"{n}") for n in ("a_1", "B_1", "c_1")])
    assert not as_shells_sort([Path(f"f_{n}") for n in (3, 1, 2)])


def test_ten_thousand_names_are_sorted_quickly():
    import time

    paths = [Path(f"film_{n // 100:02d}-frame_{n:05d}.dm4") for n in range(10_000)]
    start = time.process_time()
    assert in_order(paths[::-1]) == paths
    assert time.process_time() - start < 5


@pytest.mark.parametrize("signs", [True, False])
def test_an_order_by_signs_is_warned_of(tmp_path, caplog, signs):
    names = ["df_-5", "df_0", "df_5"] if signs else ["df_1", "df_2", "df_3"]
    for number, name in enumerate(names):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(number).random((20, 20)))
    with caplog.at_level(logging.INFO):
        series = read_images(tmp_path, 0.2, "focus", focus_count=3)
    assert series.metadata["files"] == [f"{name}.npy" for name in names]
    (note,) = series.metadata["notes"]
    level = max(record.levelno for record in caplog.records if note in record.getMessage())
    assert level == (logging.WARNING if signs else logging.INFO)
    assert ("signed" in note) == signs
    assert note.endswith(", ".join(f"{name}.npy" for name in names))
