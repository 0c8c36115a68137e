"""Examples of a gallery, made without a simulation."""

from types import SimpleNamespace

import numpy as np

from temnet.records import Columns, Example
from temnet.reporting.snapshots import read_pictures
from temnet.stages import gallery
from temnet.workflow.stage import Work, silent


def test_each_example_has_another_specimen_and_the_first_its_focal_series(tmp_path, monkeypatch):
    asked = []

    def made(experiment, index, split):
        asked.append((index, split))
        images = np.full((32, 32, 3), index, np.float32) + np.arange(3, dtype=np.float32)
        columns = Columns(np.zeros((0, 2)), np.zeros(0, int), np.zeros(0, int))
        labels = np.zeros((32, 32, 3), np.float32)
        parameters = {
            "structure": "made",
            "dose": 1.0,
            "defocus": (0.0, 50.0, 100.0),
            "energy": 3e5,
        }
        return Example(images, labels, labels[..., 0], columns, parameters, 0.2)

    monkeypatch.setattr(gallery, "simulate_example", made)
    experiment = SimpleNamespace(data=SimpleNamespace(exit_wave_reuse=3))
    gallery.run(Work(experiment, tmp_path, tmp_path, None, silent))
    # Three examples share a specimen: 0, 3, 6, ...
    assert asked == [(3 * number, "validation") for number in range(gallery.EXAMPLES)]
    examples = read_pictures(tmp_path / "examples.npz")
    assert [int(picture.image[0, 0]) for picture in examples] == [3 * n for n in range(16)]
    foci = read_pictures(tmp_path / "series.npz")
    assert [picture.image[0, 0] for picture in foci] == [0, 1, 2]
    assert [picture.caption.split()[1] for picture in foci] == ["0", "50", "100"]
