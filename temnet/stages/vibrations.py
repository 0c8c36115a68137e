"""Stage `vibrations`: molecular dynamics and the resulting table of thermal vibration."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from temnet.config.experiment import Experiment, required
from temnet.config.loading import dump_settings
from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.nanoparticle import FCC_METALS
from temnet.randomness import generator
from temnet.reporting.run_results import counted
from temnet.structures.vibrations.md_specimens import make_specimen
from temnet.structures.vibrations.molecular_dynamics import (
    check_engine,
    engine_name,
    frame_count,
    simulate_motion,
)
from temnet.structures.vibrations.snapshots import Snapshots, encode_snapshots, encode_specimen
from temnet.structures.vibrations.trajectory import displacements
from temnet.structures.vibrations.vibration_table import VibrationRun, combine_runs, measure_run
from temnet.system.files import replace_file
from temnet.tables.json_records import read_record, write_record
from temnet.workflow.stage import Done, Stage, Work

LOGGER = logging.getLogger(__name__)

TABLE_FILE = "table.yaml"

KEPT_FRAMES = 100
"""Smallest number of frames kept of each run."""


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the table depends on."""
    return experiment.model_dump(mode="json", include={"seed", "molecular_dynamics"})


def check(experiment: Experiment) -> MolecularDynamics:
    """The section `molecular_dynamics`, once its engine was found.

    Raises:
        InputError: If LAMMPS is needed and not installed.
    """
    dynamics = required(experiment.molecular_dynamics, "molecular_dynamics")
    check_engine(dynamics)
    return dynamics


def specimen_sizes(dynamics: MolecularDynamics) -> list[float | None]:
    """Specimen size of every run [Å]; None stands for a periodic piece of metal."""
    sizes: list[float | None] = list(dynamics.sizes)
    if dynamics.material in FCC_METALS:
        sizes.append(None)
    return [size for size in sizes for _ in range(dynamics.runs)]


def run(work: Work[MolecularDynamics]) -> None:
    """Writes the result of each run as soon as it has finished, then table.yaml."""
    dynamics = work.inputs
    found = []
    sizes = specimen_sizes(dynamics)
    with work.progress("vibrations", len(sizes) * frame_count(dynamics)) as done:
        for number, size in enumerate(sizes):
            path = work.folder / f"run-{number:03d}.json"
            if path.is_file():
                found.append(read_record(path, VibrationRun))
                done(frame_count(dynamics))
                continue
            found.append(_one_run(dynamics, work.experiment.seed, work.folder, number, size, done))
            write_record(path, found[-1])
    provenance = {"engine": engine_name(dynamics), "numpy": np.__version__}
    table = combine_runs(found, dynamics, provenance)
    replace_file(work.folder / TABLE_FILE, dump_settings(table).encode())
    LOGGER.info("%d kinds of atoms in %s", len(table.rows), work.folder / TABLE_FILE)


def _one_run(
    dynamics: MolecularDynamics,
    seed: int,
    folder: Path,
    number: int,
    size: float | None,
    done: Done,
) -> VibrationRun:
    """Result of one run; its specimen and some of its frames are written to the folder."""
    rng = generator(seed, "vibrations", number)
    specimen = make_specimen(dynamics, size, rng)
    trajectory = simulate_motion(specimen, dynamics, rng, done)
    moves, places = displacements(trajectory, dynamics.bending_wavelength)
    every = max(len(moves) // KEPT_FRAMES, 1)
    kept = Snapshots(trajectory.numbers, places, moves[::every])
    replace_file(folder / f"snapshots-{number:03d}.npz", encode_snapshots(kept))
    replace_file(folder / f"specimen-{number:03d}.xyz", encode_specimen(kept))
    return measure_run(specimen, trajectory, dynamics)


def describe(experiment: Experiment, dynamics: MolecularDynamics) -> list[str]:
    """Material, engine and runs."""
    return [
        f"{dynamics.material} at {dynamics.temperature:g} K by {engine_name(dynamics)}",
        f"{counted(len(specimen_sizes(dynamics)), 'run')} of {dynamics.length:g} ps",
    ]


STAGE = Stage(
    name="vibrations",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    resumable=True,
)
