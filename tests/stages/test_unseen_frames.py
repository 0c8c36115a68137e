"""Borders of single frames, from the file to the sites."""

from pathlib import Path

import numpy as np

from temnet import run
from temnet.images.unseen import UnseenRegions
from temnet.tables.csv_tables import read_table

MOVIE = """
images: {files: [movie.npy], sampling: 0.2, axes: frames}
prediction: {network: tiny}
occupancy: {tolerance: 0.7}
stages: [predict, occupancy]
"""


def test_borders_of_single_frames_hold_no_columns_and_hide_their_sites(
    tmp_path, monkeypatch, pretrained, dots
):
    monkeypatch.chdir(tmp_path)
    Path("movie.yaml").write_text(MOVIE)
    whole = np.stack([dots] * 4)
    np.save("movie.npy", whole)
    assert run.main(["movie.yaml", "--output", "whole"]) == 0
    assert not Path("whole/predict/unseen.npz").exists()
    bordered = whole.copy()
    bordered[1:3, :20] = 0  # 4 Å, with two rows of dots
    np.save("movie.npy", bordered)
    assert run.main(["movie.yaml", "--output", "bordered"]) == 0
    regions, pixel_size = UnseenRegions.read(Path("bordered/predict/unseen.npz"))
    assert pixel_size == (0.2, 0.2) and sorted(regions.packed) == [1, 2]
    np.testing.assert_array_equal(regions.mask(1), np.arange(64)[:, None] < 20 * np.ones(48))
    before, after = (
        [
            (row["frame"], row["row_angstrom"])
            for row in read_table(Path(name, "predict/columns.csv"))
        ]
        for name in ("whole", "bordered")
    )
    border = [row for frame, row in before if frame in (1, 2) and row < 3.9]
    assert border and not [row for frame, row in after if frame in (1, 2) and row < 3.9]
    for frame in (0, 3):
        assert [each for each in before if each[0] == frame] == [
            each for each in after if each[0] == frame
        ]
    sites = read_table(Path("bordered/occupancy/sites.csv"))
    hidden = [row for row in sites if row["row_angstrom"] < 3.9]
    # Two frames without the dots of the border are no absence of them.
    assert hidden and all((row["frames"], row["occupancy"]) == (2, 1.0) for row in hidden)
    assert all(row["frames"] == 4 for row in sites if row["row_angstrom"] > 4.75)
