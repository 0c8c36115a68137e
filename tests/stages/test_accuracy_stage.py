"""The stage accuracy: what it depends on, and its table."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from temnet.config.loading import load_experiment, validate
from temnet.errors import InputError
from temnet.simulation.accuracy import Measurement
from temnet.stages.accuracy import STAGE
from temnet.tables.csv_tables import read_table
from temnet.workflow.stage import Work

YAML = Path(__file__).parents[2] / "experiments" / "accuracy.yaml"
SMALL = {
    "cases": [{"specimen": "mos2", "microscope": {"energy": 80e3, "aperture_mrad": 20}}],
    "box": 12.8, "grid_samplings": [0.2, 0.1], "reference_sampling": 0.08, "reference_slice": 1,
    "converged_sampling": 0.08, "converged_slice": 1,
}  # fmt: skip


def experiment(**changes):
    return validate({"accuracy": SMALL, "stages": ["accuracy"], **changes}, "a")


def test_only_its_section_and_the_seed_make_it_run_again():
    before = STAGE.settings(experiment())
    assert STAGE.settings(experiment(stages=["accuracy", "report"])) == before
    assert STAGE.settings(experiment(seed=7)) != before
    assert STAGE.settings(experiment(accuracy={**SMALL, "box": 25.6})) != before


def test_it_needs_its_section():
    with pytest.raises(InputError, match="accuracy"):
        validate({"stages": ["accuracy"]}, "a")
    shipped = load_experiment(YAML)
    (line,) = STAGE.describe(shipped, STAGE.check(shipped))
    assert "gold_110" in line and "0.066667" in line


@pytest.mark.parametrize("name", ["reference_sampling", "converged_sampling", "grid_samplings"])
def test_a_grid_that_does_not_fit_the_box_is_named_before_the_first_simulation(name):
    value = [0.2, 0.099] if name == "grid_samplings" else 0.099
    wrong = experiment(accuracy={**SMALL, name: value})
    with pytest.raises(InputError, match="12.8 Å is not a good number of pixels of 0.099 Å"):
        STAGE.check(wrong)


def test_measurements_are_the_table_and_the_progress_counts_them(tmp_path, monkeypatch):
    totals, steps = [], []

    @contextmanager
    def progress(title, total):
        totals.append(total)
        yield steps.append

    def measured(accuracy, seed, done):
        for _ in range(5):  # one case: the reference, its convergence, two grids, the rest
            done(1)
        return [Measurement("mos2", "grid", f"seed {seed}", 3.25, -0.5)]

    monkeypatch.setattr("temnet.stages.accuracy.measure", measured)
    small = experiment(seed=7)
    STAGE.run(Work(small, tmp_path, tmp_path, STAGE.check(small), progress))
    (row,) = read_table(tmp_path / "accuracy.csv")
    assert row == {"specimen": "mos2", "quantity": "grid", "setting": "seed 7", "percent": 3.25,
                   "offset": -0.5}  # fmt: skip
    assert sum(steps) == totals[0] == 5
