"""temnet's data and callbacks in a training of one's own.

    python experiments/own_training.py

Anything that Keras can train will do as the network; here it is three convolutions. The data come
from an experiment's YAML, the callbacks are those that temnet itself uses, and what is learnt in a
minute finds some of the columns.
"""

from pathlib import Path

import keras

import temnet
from temnet.data.prefetch import WaitClock

FOLDER = Path("runs/own_training")

CHANGES = {
    "data": {"source": "fresh", "workers": 2},  # an image is never shown twice
    "training": {"images_per_epoch": 200, "batch_size": 8},
}


def main(epochs: int = 5) -> keras.callbacks.History:
    """Trains for a few epochs of 200 fresh images."""
    experiment = temnet.load_experiment("experiments/smoke.yaml", CHANGES)
    selection = [temnet.simulate_example(experiment, index, "selection") for index in range(10)]
    clock = WaitClock()
    batches = temnet.make_dataset(experiment, "training", clock=clock)

    network = keras.Sequential(
        [
            keras.Input((None, None, experiment.focus_count)),
            keras.layers.Conv2D(16, 5, padding="same", activation="relu"),
            keras.layers.Conv2D(16, 5, padding="same", activation="relu"),
            keras.layers.Conv2D(len(experiment.class_names) + 1, 1),  # logits, background last
        ]
    )
    callbacks = temnet.callbacks
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(3e-3, use_ema=True), loss)
    return network.fit(
        batches,
        epochs=epochs,
        steps_per_epoch=25,
        callbacks=[
            callbacks.StopOnNaN(),
            callbacks.PeakF1(selection, experiment),  # real peaks, matched to the true columns
            callbacks.WaitTime(clock),  # how long the training waited for images
            callbacks.ImagePanel(selection[:2], experiment, FOLDER / "panels", every=5),
            callbacks.CsvLog(FOLDER / "log.csv"),
            callbacks.Checkpoint(FOLDER),  # best.keras, and the last state
        ],
    )


if __name__ == "__main__":
    main()
