"""Engines that run a network: Keras, or another one where it gives the same."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Literal
from weakref import WeakKeyDictionary

import keras
import numpy as np
from scipy.spatial import cKDTree

from temnet.config.analysis.prediction import EngineName
from temnet.errors import InputError
from temnet.images.normalize import normalize
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.translation import Untranslatable
from temnet.models.checkpoint import Network
from temnet.models.factory import size_unit
from temnet.models.msdnet import MixedScaleDense, has_kernels

LOGGER = logging.getLogger(__name__)

PROBABILITY_TOLERANCE, POSITION_TOLERANCE = 0.02, 0.02
"""Largest differences from Keras on the test image: in probability, and in peaks [Å]."""

TEST_SIZE = 192
"""Approximate number of rows and columns of the test image."""

SPACING = 6.0
"""Distance of the test image's columns, in label widths."""

PRECISIONS: dict[Literal["bf16", "f32"], str] = {"bf16": "bfloat16", "f32": "float32"}
"""Precisions of OpenVINO, fastest first, and their names in messages."""

Run = Callable[[np.ndarray], np.ndarray]
"""Function from normalised images (row, col, focus), of a size that the network takes, to
probabilities (row, col, class + 1) float32."""


@dataclass(frozen=True)
class Engine:
    """An engine that runs a network.

    Attributes:
        name: Its name, such as ``Keras`` or ``OpenVINO in bfloat16``.
        reason: Reason for the choice.
        run: The engine itself.
    """

    name: str
    reason: str
    run: Run


@dataclass(frozen=True)
class _Choice:
    """Choice of `choose_engine` for some weights.

    Nothing in it may refer to the network, which would then never be freed: ``run`` is None for
    Keras.
    """

    weights: int
    name: str
    reason: str
    run: Run | None


_CHOICES: WeakKeyDictionary[keras.Model, dict[EngineName, _Choice]] = WeakKeyDictionary()


def choose_engine(network: Network, wanted: EngineName = "auto") -> Engine:
    """Chooses the engine of a network; it is chosen and compiled once for each loaded network.

    OpenVINO is tried in bfloat16, then in float32.  The prediction of OpenVINO or ONNX Runtime for
    a test image must agree with Keras to `PROBABILITY_TOLERANCE` and `POSITION_TOLERANCE`.

    Args:
        network: The network.
        wanted: ``auto`` takes OpenVINO if it is installed, can run the network and agrees.

    Raises:
        InputError: If OpenVINO or ONNX Runtime is wanted, but is not installed or cannot run the
            network.  The engine's ``run`` raises it if the probabilities are not finite.
    """
    if wanted == "keras":
        run = run_by_keras(network.model)
        return Engine("Keras", "as set", _checked(network.name, run))
    choices = _CHOICES.setdefault(network.model, {})
    weights = _fingerprint(network.model)
    if wanted not in choices or choices[wanted].weights != weights:
        choices[wanted] = _choose(network, wanted, weights)
        LOGGER.info("%s runs on %s: %s", network.name, choices[wanted].name, choices[wanted].reason)
    choice = choices[wanted]
    run = choice.run or _checked(network.name, run_by_keras(network.model))
    return Engine(choice.name, choice.reason, run)


def run_by_keras(model: keras.Model) -> Run:
    """The engine that runs a network by Keras."""

    def run(images: np.ndarray) -> np.ndarray:
        logits = model.predict_on_batch(np.asarray(images, np.float32)[None])
        return keras.ops.convert_to_numpy(keras.ops.softmax(logits, axis=-1))[0]

    return run


def _checked(name: str, run: Run) -> Run:
    """Wraps ``run`` to refuse probabilities that are not finite: they contain no columns.

    Finite weights can still give NaN, when they are too large.  Weights that are all zero give the
    same everywhere, which is logged once.
    """

    def checked(images: np.ndarray) -> np.ndarray:
        probabilities = run(images)
        if np.isfinite(probabilities).all():  # 5 ms at 2048²
            if _is_same_everywhere(probabilities) and not _is_same_everywhere(images):
                _warn_of_nothing(name)
            return probabilities
        if not np.isfinite(images).all():
            raise InputError(f"The image that the network {name} was given holds NaN or infinity.")
        raise InputError(
            f"The network {name} predicts probabilities that are not finite, so that its weights "
            "are damaged or its training diverged. Copy the network's folder again, or choose "
            "another network."
        )

    return checked


@cache
def _warn_of_nothing(name: str) -> None:
    """Warns, once for each network, that it finds nothing in any image."""
    LOGGER.warning(
        "the network %s predicts the same at every pixel, whatever the image shows: it was not "
        "trained, or its weights are damaged",
        name,
    )


def _is_same_everywhere(values: np.ndarray) -> bool:
    """Whether (row, col, ...) values are those of the first pixel at all pixels."""
    first = values[0, 0]
    return bool((values[::8, ::8] == first).all() and (values == first).all())


def _choose(network: Network, wanted: EngineName, weights: int) -> _Choice:
    try:
        engine = _onnxruntime(network) if wanted == "onnxruntime" else _openvino(network, wanted)
    except _Unfit as unfit:
        if wanted != "auto":
            raise InputError(
                f"prediction.engine is {wanted}, but {unfit}. {unfit.remedy}"
            ) from unfit
        return _Choice(weights, "Keras", str(unfit), None)
    return _Choice(weights, *engine)


class _Unfit(Exception):
    """Reason why an engine cannot be used, and a remedy."""

    def __init__(self, reason: str, remedy: str = "Set it to auto.") -> None:
        super().__init__(reason)
        self.remedy = remedy


def _openvino(network: Network, wanted: EngineName) -> tuple[str, str, Run]:
    """Name, reason and run of OpenVINO in the fastest precision that agrees with Keras."""
    model = network.model
    _check_installed("OpenVINO", "fast", ["openvino"])
    if any(isinstance(layer, MixedScaleDense) for layer in model.layers) and has_kernels():
        raise _Unfit(f"{network.name} is an MSD-net, and its compiled kernels are faster")
    if wanted == "auto" and any(
        "gpu" in name.lower() for name in keras.distribution.list_devices()
    ):
        raise _Unfit("there is a graphics card")
    from temnet.inference.openvino_network import compile_network, translate

    try:
        translated = translate(model)
    except Untranslatable as error:
        raise _Unfit(f"it cannot run {network.name} ({error})") from error
    compiled = (
        (f"OpenVINO in {name}", compile_network(translated, precision))
        for precision, name in PRECISIONS.items()
    )
    return _first_that_agrees(network, compiled)


def _onnxruntime(network: Network) -> tuple[str, str, Run]:
    """Name, reason and run of ONNX Runtime."""
    _check_installed("ONNX Runtime", "onnx", ["onnx", "onnxruntime"])
    from temnet.inference.onnx_network import onnx_network
    from temnet.inference.onnxruntime_network import compile_network

    try:
        content = onnx_network(network).SerializeToString()
    except Untranslatable as error:
        raise _Unfit(f"it cannot run {network.name} ({error})") from error
    return _first_that_agrees(network, [("ONNX Runtime", compile_network(content))])


def _check_installed(title: str, extra: str, packages: Iterable[str]) -> None:
    if any(find_spec(package) is None for package in packages):
        raise _Unfit(
            f"{title} is not installed",
            f"Install it: pip install -e .[{extra}] in temnet's folder.",
        )


def _first_that_agrees(
    network: Network, compiled: Iterable[tuple[str, Run]]
) -> tuple[str, str, Run]:
    """Name, reason and run of the first compiled network that agrees with Keras."""
    image = fixed_image(network)
    # Called without `predict_on_batch`, which would spend seconds on a graph of this size.
    logits = network.model(image[None], training=False)
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits, axis=-1))[0]
    differences = ""
    for name, run in compiled:
        probability, position = disagreement(network, expected, run(image))
        differences = f"probabilities differ by {probability:.2g}, peaks by {position:.2g} Å"
        if probability <= PROBABILITY_TOLERANCE and position <= POSITION_TOLERANCE:
            return name, f"{differences} on a test image", _checked(network.name, run)
        LOGGER.info("%s: %s is not taken, %s", network.name, name, differences)
    raise _Unfit(f"it disagrees with Keras on a test image ({differences})")


def fixed_image(network: Network) -> np.ndarray:
    """A lattice of bright columns, beside one of dark columns, in noise.

    Returns:
        (row, col, focus) float32, normalised, at the network's pixels; always the same.
    """
    labels = network.labels
    sampling = network.sampling
    unit = size_unit(network.model)
    size = -(-TEST_SIZE // unit) * unit
    place = np.arange(size) * sampling
    spacing = SPACING * labels.width
    offset = (place + spacing / 2) % spacing - spacing / 2
    # The columns of the lattice wander between the pixels, since the spacing is no multiple.
    spot = np.exp(-0.5 * (offset / labels.width) ** 2)
    lattice = spot[:, None] * spot * np.where(np.arange(size) < size // 2, 1, -1)
    focus_count = int(network.model.input_shape[-1])
    contrast = 0.3 * np.linspace(1, -1, focus_count) if focus_count > 1 else np.array([0.3])
    noise = 0.05 * np.random.default_rng(0).normal(size=(size, size, focus_count))
    images = 1 + lattice[..., None] * contrast + noise
    return normalize(images.astype(np.float32), sampling, labels.normalisation_width)


def disagreement(network: Network, expected: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Differences between two predictions for the same image.

    Args:
        network: The network; its threshold and label width define peaks.
        expected: (row, col, class + 1) probabilities.
        found: The same by another engine.

    Returns:
        Largest difference of a probability, and of a peak's position [Å]; the latter is infinite
        if one prediction has a peak, clearly above the threshold, that the other lacks.
    """
    finder = PeakFinder.of(network).uncalibrated()
    threshold = finder.threshold
    lower = finder.with_threshold(max(threshold - PROBABILITY_TOLERANCE, 0))
    one, other = (lower.find(each) for each in (expected, found))
    farthest = 0.0
    for here, there in ((one, other), (other, one)):
        clear = here.positions[here.score >= threshold + PROBABILITY_TOLERANCE]
        if len(clear) and not len(there):
            farthest = np.inf
        elif len(clear):
            farthest = max(farthest, float(cKDTree(there.positions).query(clear)[0].max()))
    return float(np.abs(expected - found).max()), farthest


def _fingerprint(model: keras.Model) -> int:
    """A number that changes when the weights do; 10 ms for five million."""
    value = 0
    for weight in model.weights:
        value = zlib.crc32(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).data, value)
    return value
