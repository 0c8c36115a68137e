"""Two devices made of one processor, each in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from temnet.config.loading import write_experiment
from temnet.errors import InputError
from temnet.training.distribution import devices

SCRIPT = """
import json, os, sys
count, backend = int(sys.argv[2]), sys.argv[3]
os.environ["KERAS_BACKEND"] = backend
os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={count}"
import keras
if backend == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, two)
from temnet.config.loading import load_experiment
from temnet.data.batches import training_batches
from temnet.training.batches import open_batches
from temnet.data.prefetch import WaitClock
from temnet.models.factory import build_model
from temnet.training.distribution import devices
from temnet.training.fit import compile_model
from pathlib import Path
experiment = load_experiment(sys.argv[1], {})
with devices(experiment.training) as found:
    model = compile_model(build_model(experiment), experiment.training, experiment.class_names)
    dataset = open_batches(experiment, Path("none"), 0, WaitClock())
    history = model.fit(dataset, epochs=2, steps_per_epoch=2, verbose=0, shuffle=False)
print(json.dumps([found, history.history["loss"]]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("kind", ["unet", "msdnet"])
def test_two_devices_have_the_losses_of_one(make_experiment, tmp_path, backend, kind):
    pytest.importorskip(backend)
    shapes = {"unet": {"depth": 1, "filters": 4, "batch_norm": False}, "msdnet": {"depth": 4}}
    experiment = make_experiment(
        distribution="data_parallel", batch_size=4, images_per_epoch=8, clip_norm=1e6
    )
    model = {"kind": kind, "sampling": experiment.model.sampling, **shapes[kind]}
    plain = experiment.model_dump(mode="json")
    from temnet.config.loading import validate

    data = {**plain["data"], "source": "fresh", "workers": 0, "image_size": 32}
    experiment = validate({**plain, "model": model, "data": data, **SPECIMEN}, "test")
    write_experiment(experiment, tmp_path / "experiment.yaml")
    (tmp_path / "script.py").write_text(SCRIPT)
    found = []
    for count in (1, 2):
        arguments = [sys.executable, "script.py", "experiment.yaml", str(count), backend]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            arguments, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout.splitlines()[-1]))
    assert [number for number, _ in found] == [1, 2]
    assert found[1][1] == pytest.approx(found[0][1], rel=1e-4)
    assert found[0][1][1] != found[0][1][0]


SPECIMEN = {
    "structure": {"kind": "mos2"},
    "microscope": {"energy": 80e3, "aperture_mrad": 30, "grid_sampling": 0.15},
    "camera": {"sampling": 0.2, "dose": 1000},
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
}


def test_a_batch_that_cannot_be_divided(make_experiment, monkeypatch):
    tf = pytest.importorskip("tensorflow")

    class Device:
        name = "CPU:0"

    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [Device] * 3)
    training = make_experiment(distribution="data_parallel", batch_size=4).training
    with pytest.raises(InputError, match="among 3 devices; set it to 3 or 6"), devices(training):
        pass
