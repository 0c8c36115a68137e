from pathlib import Path

import pytest

from temnet.benchmarks.simulate import measure_simulation
from temnet.config.loading import load_experiment
from temnet.data.batch_settings import BatchSettings
from temnet.errors import InputError

SMOKE = Path(__file__).parents[2] / "experiments" / "smoke.yaml"


def test_specimens_without_atoms_cannot_be_timed():
    empty = load_experiment(SMOKE, {"structure": {"negatives": {"probability": 1, "amorphous": 0}}})
    with pytest.raises(InputError, match="Only 0 of 150 specimens have atoms"):
        measure_simulation("smoke", BatchSettings.of(empty), 2)
