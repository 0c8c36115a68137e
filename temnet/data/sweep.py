"""Images with one parameter at fixed values, made by workers."""

from __future__ import annotations

from collections.abc import Iterator

from temnet.config.experiment import Experiment
from temnet.data.cluster import open_workers
from temnet.data.shards import Shard, encode
from temnet.data.store import describe
from temnet.records import Example
from temnet.simulation.sweep import simulate_series


def series_examples(
    experiment: Experiment, split: str
) -> Iterator[tuple[int, str, float, Example]]:
    """The images of `evaluation.series`, specimen by specimen.

    Args:
        experiment: The settings, with a series; `data.workers` and `data.scheduler` say where the
            work is done.
        split: training, selection or validation.

    Yields:
        Number of the specimen, name and value of the parameter, and the example, with the
        precision that a stored set has.
    """
    series, manifest = experiment.evaluation.series, describe(experiment, split)
    jobs = ((experiment, split, specimen) for specimen in range(series.structures))
    with open_workers(experiment.data) as workers:
        for specimen, shard in enumerate(workers.in_order(make_series, jobs)):
            for number, (name, value) in enumerate(series.values):
                yield specimen, name, value, shard.example(number, manifest)


def make_series(experiment: Experiment, split: str, specimen: int) -> Shard:
    """All images of one specimen, in the form that is sent."""
    values = experiment.evaluation.series.values
    return encode(simulate_series(experiment, specimen, split, values))
