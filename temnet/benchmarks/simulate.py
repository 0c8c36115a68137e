"""Time to simulate an example, by steps and compared with abTEM's own calls."""

from __future__ import annotations

import cProfile
import pstats
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice

import numpy as np
from ase import Atoms

from temnet.config.distributions import draw
from temnet.config.simulation import SimulationSettings
from temnet.data.batch_settings import BatchSettings
from temnet.data.batches import prepare
from temnet.data.cluster import open_workers
from temnet.data.fresh import make_block
from temnet.errors import InputError
from temnet.randomness import generator
from temnet.simulation.camera import draw_detector
from temnet.simulation.example import draw_specimen, simulate_block, simulation_grid
from temnet.simulation.exit_wave import Grid
from temnet.simulation.optics import Optics, draw_optics, draw_variant

SPLIT = "training"

STEPS = {
    "structure": "build_structure",
    "vibration": "displaced",
    "exit wave": "exit_wave",
    "focal series": "focal_series",
    "camera": "record",
    "resampling": "resample",
    "labels": "draw_labels",
    "normalisation": "normalize",
}
"""Steps of the simulation and their functions."""

MOST_EMPTY = 50
"""Largest number of specimens that are drawn for each one with atoms."""

Script = Callable[[Atoms, Grid, Optics, float], np.ndarray]
"""The focal series of given atoms by abTEM alone, with a microscope and a dose [e/Å²]."""


@dataclass(frozen=True)
class SimulationCost:
    """Simulation time of an experiment's examples.

    Attributes:
        name: Name of the experiment.
        seconds: Processor time of an example [s], the median.
        shares: Fraction of it that each step takes.
        script_seconds: Processor time of the script for the same specimen [s], if given.
        ratio: Median over specimens of the script's time over the example's.
        scaling: Examples per second of two workers over those of one; None if not measured.
    """

    name: str
    seconds: float
    shares: dict[str, float] = field(default_factory=dict)
    script_seconds: float | None = None
    ratio: float | None = None
    scaling: float | None = None

    @property
    def per_second(self) -> float:
        """Examples per second and core."""
        return 1 / self.seconds


def measure_simulation(
    name: str,
    settings: BatchSettings,
    examples: int,
    script: Script | None = None,
    workers: bool = False,
) -> SimulationCost:
    """Times the examples of an experiment.

    Times are processor times, on which other work of the machine has little effect; the script
    runs on each specimen just after the example.

    Args:
        name: Name of the experiment.
        settings: Settings of examples and batches.
        examples: Number of specimens that are timed.
        script: The script for comparison.
        workers: Whether to measure the gain of a second worker too.
    """
    reuse = settings.simulation.exit_wave_reuse
    own, other = [], []
    for number in _with_atoms(settings.simulation, examples + 1):
        own.append(_timed(partial(_example, settings, number)) / reuse)
        if script is not None:
            other.append(_timed(partial(script, *_inputs(settings.simulation, number))))
    own, other = own[1:], other[1:]  # the first one also loads libraries and plans
    return SimulationCost(
        name=name,
        seconds=statistics.median(own),
        shares=_shares(settings, examples),
        script_seconds=statistics.median(other) if other else None,
        ratio=statistics.median(b / a for a, b in zip(own, other, strict=True)) if other else None,
        scaling=worker_scaling(settings, examples) if workers else None,
    )


def _with_atoms(settings: SimulationSettings, number: int) -> list[int]:
    """The first few specimens with atoms.

    Raises:
        InputError: If too many specimens are vacuum.
    """
    tried = range(MOST_EMPTY * number)
    full = (n for n in tried if len(draw_specimen(settings, n, SPLIT)[0].atoms))
    found = list(islice(full, number))
    if len(found) < number:
        raise InputError(
            f"Only {len(found)} of {len(tried)} specimens have atoms, which is not enough; lower "
            "the fractions of structure.negatives."
        )
    return found


def _inputs(settings: SimulationSettings, number: int) -> tuple[Atoms, Grid, Optics, float]:
    """Inputs of the script for a specimen, as `simulate_block` draws them for its first image."""
    seed, first = settings.seed, number * settings.exit_wave_reuse
    rng = generator(seed, f"{SPLIT}/variant", number)
    microscope = draw_variant(settings.microscope, rng)
    _, vibrating = draw_specimen(settings, number, SPLIT)
    energy = draw(microscope.energy, generator(seed, f"{SPLIT}/energy", number))
    optics = draw_optics(microscope, energy, generator(seed, f"{SPLIT}/microscope", first))
    detector = draw_detector(settings.camera, generator(seed, f"{SPLIT}/camera", first))
    return vibrating[0].atoms, simulation_grid(settings), optics, detector.dose


def _example(settings: BatchSettings, number: int) -> None:
    """The images of a specimen, ready for the network."""
    reuse = settings.simulation.exit_wave_reuse
    for example in simulate_block(settings.simulation, number * reuse, (number + 1) * reuse, SPLIT):
        prepare(example, settings, 0, SPLIT)


def _timed(work: Callable[[], object]) -> float:
    """Processor time [s]."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _shares(settings: BatchSettings, examples: int) -> dict[str, float]:
    """Fraction of the time of each step."""
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    for number in range(1, examples + 1):
        _example(settings, number)
    profile.disable()
    stats = pstats.Stats(profile)
    spent = dict.fromkeys(STEPS, 0.0)
    for (file, _, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for step, wanted in STEPS.items():
            if function == wanted and "temnet" in file:
                spent[step] += cumulative
    total = stats.total_tt  # type: ignore[attr-defined]
    shares = {step: seconds / total for step, seconds in spent.items()}
    return {**shares, "rest": max(1 - sum(shares.values()), 0.0)}


def worker_scaling(settings: BatchSettings, examples: int, repeats: int = 3) -> float:
    """Examples per second of two worker processes over those of one, the median of a few."""
    found = []
    for _ in range(repeats):
        one, two = (_rate(settings, workers, examples) for workers in (1, 2))
        found.append(two / one)
    return statistics.median(found)


def _rate(settings: BatchSettings, workers: int, examples: int) -> float:
    """Specimens per second of some worker processes that simulate ``examples`` each."""
    data = settings.data.model_copy(update={"workers": workers, "scheduler": None})
    simulation, reuse = settings.simulation, settings.simulation.exit_wave_reuse
    with open_workers(data) as pool:
        jobs = ((simulation, n * reuse, (n + 1) * reuse, SPLIT) for n in count())
        results = pool.in_order(make_block, jobs)
        for _ in range(3 * workers):  # every worker has loaded its libraries
            next(results)
        start = time.perf_counter()
        for _ in range(workers * examples):
            next(results)
        rate = workers * examples / (time.perf_counter() - start)
        results.close()
    return rate


def simulation_table(costs: list[SimulationCost]) -> str:
    """The costs as a text table."""
    lines = [
        f"{'experiment':28} {'s/example':>9} {'1/s/core':>9} {'abTEM [s]':>9} {'ratio':>6} "
        f"{'2 workers':>9}  shares"
    ]
    for cost in costs:
        script = f"{cost.script_seconds:9.3f}" if cost.script_seconds is not None else f"{'-':>9}"
        ratio = f"{cost.ratio:6.2f}" if cost.ratio is not None else f"{'-':>6}"
        scaling = f"{cost.scaling:9.2f}" if cost.scaling is not None else f"{'-':>9}"
        shares = ", ".join(
            f"{step} {100 * share:.0f} %" for step, share in cost.shares.items() if share > 0.005
        )
        lines.append(
            f"{cost.name:28} {cost.seconds:9.3f} {cost.per_second:9.2f} {script} {ratio} "
            f"{scaling}  {shares}"
        )
    return "\n".join(lines)
