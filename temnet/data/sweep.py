"""Examples of parameter sweeps, simulated by workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from temnet.config.analysis.scoring import ParameterSweep
from temnet.config.learning.data import Data
from temnet.config.simulation import SimulationSettings
from temnet.data.cluster import open_workers
from temnet.data.shards import LabelForm, Shard, encode
from temnet.records import Example
from temnet.simulation.sweep import simulate_sweep


def sweep_examples(
    settings: SimulationSettings, sweep: ParameterSweep, data: Data, split: str
) -> Iterator[tuple[int, str, float, Example]]:
    """The images of a parameter sweep, specimen by specimen.

    Args:
        settings: The settings of the examples.
        sweep: The parameters, their values and the number of specimens.
        data: The workers that simulate.
        split: training, selection or validation.

    Yields:
        Number of the specimen, name and value of the parameter, and the example, with the
        precision of a stored set.
    """
    form, values = LabelForm.of(settings), sweep.values
    jobs = ((settings, split, specimen, values) for specimen in range(sweep.structures))
    with open_workers(data) as workers:
        for specimen, shard in enumerate(workers.in_order(make_sweep, jobs)):
            for number, (name, value) in enumerate(values):
                yield specimen, name, value, shard.example(number, form)


def make_sweep(
    settings: SimulationSettings, split: str, specimen: int, values: Sequence[tuple[str, float]]
) -> Shard:
    """All images of one specimen, encoded for sending."""
    return encode(simulate_sweep(settings, specimen, split, values))
