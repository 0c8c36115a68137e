"""A run that follows sites: its structures name them, and its columns are read with them."""

import numpy as np
import pytest
from ase.io import read

import temnet
from temnet import run

YAML = """
images: {files: [movie.npy], axes: frames, sampling: 0.2}
prediction: {network: tiny, threshold: 0.4, outputs: [hdf5, xyz]}
occupancy: {tolerance: 0.7}
stages: [predict, occupancy]
"""


@pytest.fixture
def here(tmp_path, monkeypatch, pretrained, dots, undrawn):
    monkeypatch.chdir(tmp_path)
    np.save("movie.npy", np.stack([dots, dots + 0.01 * dots[::-1], dots]))
    (tmp_path / "sites.yaml").write_text(YAML)
    return tmp_path


def test_sites_have_one_number_in_all_frames(here):
    assert run.main(["sites.yaml", "--output", "out"]) == 0
    columns = temnet.read_analysis("out").peaks
    assert columns.site is not None and columns.site.max() > 3
    frames = read("out/occupancy/columns.xyz", index=":")
    assert len(frames) == 3
    places = {}
    for number, atoms in enumerate(frames):
        mine = columns.in_frame(number)
        assert atoms.arrays["site"].tolist() == mine.site.tolist()
        ids = atoms.arrays["id"]
        assert len(set(ids.tolist())) == len(ids)
        for one, site, place in zip(ids, mine.site, atoms.positions, strict=True):
            if site >= 0:
                places.setdefault(int(one), []).append(place)
    followed = [np.ptp(seen, axis=0).max() for seen in places.values() if len(seen) == 3]
    assert len(followed) > 3 and max(followed) < 0.7
    table = columns.to_table()
    assert table["site"].tolist() == columns.site.tolist()
