"""Weights made on one backend of Keras give the same answers on another."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from temnet.config.learning.models import MSDNetSettings, UNetSettings
from temnet.models.msdnet import build_msdnet
from temnet.models.unet import build_unet

SCRIPT = """
import sys, keras, numpy as np
import temnet.models.factory  # registers the layers
assert keras.backend.backend() == sys.argv[3]
model = keras.saving.load_model(sys.argv[1], compile=False, safe_mode=True)
images = np.load(sys.argv[2])
np.save(sys.argv[4], model.predict(images, verbose=0))
if len(sys.argv) > 5:
    for variable in model.trainable_variables:
        variable.assign(variable * 0.9)
    model.save(sys.argv[5])
"""

SETTINGS = {
    "unet": (build_unet, UNetSettings(sampling=0.1, depth=2, filters=4)),
    "msdnet": (build_msdnet, MSDNetSettings(sampling=0.1, depth=12, max_dilation=4)),
}


def other_backend(*arguments):
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="compares others to JAX")
@pytest.mark.parametrize("kind", SETTINGS)
def test_a_network_travels_to_jax_and_back(kind, tmp_path):
    pytest.importorskip("jax")
    build, settings = SETTINGS[kind]
    model = build(settings, 3, 4, 1, "float32")
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.2, variable.shape))
    images = rng.normal(size=(2, 32, 40, 3)).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    model.save(tmp_path / "here.keras")
    files = [tmp_path / name for name in ("here.keras", "images.npy")]
    other_backend(*files, "jax", tmp_path / "answer.npy", tmp_path / "there.keras")
    here = model.predict(images, verbose=0)
    scale = np.abs(here).max()
    np.testing.assert_allclose(np.load(tmp_path / "answer.npy") / scale, here / scale, atol=1e-4)
    back = keras.saving.load_model(tmp_path / "there.keras", compile=False, safe_mode=True)
    for ours, theirs in zip(model.trainable_variables, back.trainable_variables, strict=True):
        np.testing.assert_allclose(np.array(theirs), 0.9 * np.array(ours), rtol=1e-6)
