"""Stored sets and batches of an experiment."""

from temnet.data.batch_settings import BatchSettings
from temnet.data.generate import generate_set


def make_set(experiment, *arguments):
    """Simulates the set of a split; see `generate_set`."""
    generate_set(experiment.simulation, experiment.data, *arguments)


batch_settings = BatchSettings.of
