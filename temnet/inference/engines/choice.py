"""Choosing the engine that runs a network: Keras, or another one where it finds the same."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from temnet.config.analysis.prediction import EngineName
from temnet.errors import InputError
from temnet.inference.engines.agreement import (
    POSITION_TOLERANCE,
    PROBABILITY_TOLERANCE,
    agreement,
    disagreement,
    fixed_image,
)
from temnet.inference.engines.cache import ChosenEngine, Precision, key_of, read_entry, write_entry
from temnet.inference.engines.check_images import read_check_images
from temnet.inference.engines.engine import Engine, ImageLimits, Run, Untranslatable, checked
from temnet.models.network import Network, SavedModel

LOGGER = logging.getLogger(__name__)

PRECISIONS: dict[Precision, str] = {"bf16": "bfloat16", "f32": "float32"}
"""Precisions of OpenVINO, fastest first, and their names in messages."""


@dataclass(frozen=True)
class _Choice:
    """Choice of `choose_engine` for some weights.

    Nothing in it may refer to the network, which would then never be freed: ``run`` is None for
    Keras.
    """

    weights: int | None
    name: str
    reason: str
    run: Run | None
    limits: ImageLimits


_CHOICES: WeakKeyDictionary[Any, dict[EngineName, _Choice]] = WeakKeyDictionary()
"""Choices of each network's source."""


def choose_engine(network: Network, wanted: EngineName = "auto") -> Engine:
    """Chooses the engine of a network; it is chosen and compiled once for each loaded network.

    OpenVINO is tried in bfloat16, then in float32.  It must find the same columns as Keras in the
    network's check images (`temnet.inference.engines.agreement`), whatever single pixels predict;
    in a network without check images, nearly the same probabilities in a test image.  What was
    chosen for a network in a folder is kept (`temnet.inference.engines.cache`).

    Args:
        network: The network.
        wanted: ``auto`` takes OpenVINO if it is installed, can run the network and agrees.

    Raises:
        InputError: If OpenVINO or ONNX Runtime is wanted, but is not installed or cannot run the
            network.  The engine's ``run`` raises it if the probabilities are not finite.
    """
    if wanted == "keras":
        return _keras(network, "as set")
    choices = _CHOICES.setdefault(network.source, {})
    unbuilt = isinstance(network.source, SavedModel) and not network.source.is_built
    # A model that was not built yet has the weights of its file.
    weights = None if unbuilt else _fingerprint(network.model)
    choice = choices.get(wanted)
    if choice is None or choice.weights != weights:
        choice = _kept_or_new(network, wanted, weights)
        LOGGER.info("%s runs on %s: %s", network.name, choice.name, choice.reason)
        choices[wanted] = choice
    if choice.run is None:
        return _keras(network, choice.reason)
    return Engine(choice.name, choice.reason, choice.run, choice.limits)


def _keras(network: Network, reason: str) -> Engine:
    model = network.model  # before anything else loads Keras, with its libraries' messages
    from temnet.inference.engines.keras_engine import keras_engine

    return keras_engine(model, network.name, reason)


def _kept_or_new(network: Network, wanted: EngineName, weights: int | None) -> _Choice:
    """The choice that was kept, or a new one, which is kept."""
    source = network.source
    if not isinstance(source, SavedModel) or source.is_built or wanted == "onnxruntime":
        return _choose(network, wanted, weights)[0]
    key = key_of(source.folder, wanted)
    kept = _kept(network.name, read_entry(key))
    if kept is not None:
        return kept if kept.run is not None else _with_weights(kept, network)
    choice, compared = _choose(network, wanted, None)
    if compared is not None:
        chosen = ChosenEngine(choice.name, choice.reason, compared.precision, choice.limits)
        write_entry(key, chosen, compared.save)
    return _with_weights(choice, network)


def _with_weights(choice: _Choice, network: Network) -> _Choice:
    """A choice for which the network was built, or will be: its weights are those of the file."""
    return replace(choice, weights=_fingerprint(network.model))


def _kept(name: str, entry: tuple[ChosenEngine, Path] | None) -> _Choice | None:
    """A choice that was kept; None without one, or if its network cannot be read."""
    if entry is None:
        return None
    chosen, path = entry
    run = None
    if chosen.precision is not None:
        from temnet.inference.engines.openvino_network import compile_file

        try:
            run = checked(name, compile_file(path, chosen.precision))
        except (OSError, RuntimeError) as error:  # damaged, or removed a moment ago
            LOGGER.debug("%s cannot be read: %s", path, error)
            return None
    return _Choice(None, chosen.name, chosen.reason, run, chosen.limits)


@dataclass(frozen=True)
class _Compared:
    """What a comparison with Keras came to, where there was one.

    Attributes:
        precision: The precision that agrees; None if none does.
        save: Writes the translated network to a path.
    """

    precision: Precision | None
    save: Callable[[Path], object] | None


def _choose(
    network: Network, wanted: EngineName, weights: int | None
) -> tuple[_Choice, _Compared | None]:
    """A new choice, and its comparison if there was one."""
    model = network.model  # before anything else loads Keras, with its libraries' messages
    from temnet.inference.engines.keras_engine import limits_of

    limits = limits_of(model)
    try:
        engine = _onnxruntime if wanted == "onnxruntime" else _openvino
        name, reason, run, compared = engine(network, wanted)
        return _Choice(weights, name, reason, run, limits), compared
    except _Unfit as unfit:
        if wanted != "auto":
            raise InputError(
                f"prediction.engine is {wanted}, but {unfit}. {unfit.remedy}"
            ) from unfit
        compared = _Compared(None, None) if unfit.compared else None
        return _Choice(weights, "Keras", str(unfit), None, limits), compared


class _Unfit(Exception):
    """Reason why an engine cannot be used, a remedy, and whether it was compared with Keras."""

    def __init__(
        self, reason: str, remedy: str = "Set it to auto.", compared: bool = False
    ) -> None:
        super().__init__(reason)
        self.remedy, self.compared = remedy, compared


def _openvino(network: Network, wanted: EngineName) -> tuple[str, str, Run, _Compared]:
    """Name, reason and run of OpenVINO in the fastest precision that agrees with Keras."""
    import keras

    from temnet.models.msdnet import MixedScaleDense, has_kernels

    model = network.model
    _check_installed("OpenVINO", "fast", ["openvino"])
    if any(isinstance(layer, MixedScaleDense) for layer in model.layers) and has_kernels():
        raise _Unfit(f"{network.name} is an MSD-net, and its compiled kernels are faster")
    if wanted == "auto" and any(
        "gpu" in name.lower() for name in keras.distribution.list_devices()
    ):
        raise _Unfit("there is a graphics card")
    from temnet.inference.engines.openvino_network import compile_network, save, translate

    try:
        translated = translate(model)
    except Untranslatable as error:
        raise _Unfit(f"it cannot run {network.name} ({error})") from error

    def compiled() -> Iterator[tuple[Precision, str, Run]]:
        for precision, name in PRECISIONS.items():
            yield precision, f"OpenVINO in {name}", compile_network(translated, precision)

    precision, name, reason, run = _first_that_agrees(network, compiled())
    return name, reason, run, _Compared(precision, lambda path: save(translated, path))


def _onnxruntime(network: Network, wanted: EngineName) -> tuple[str, str, Run, None]:
    """Name, reason and run of ONNX Runtime."""
    _check_installed("ONNX Runtime", "onnx", ["onnx", "onnxruntime"])
    from temnet.inference.engines.onnx_network import onnx_network
    from temnet.inference.engines.onnxruntime_network import compile_network

    try:
        content = onnx_network(network).SerializeToString()
    except Untranslatable as error:
        raise _Unfit(f"it cannot run {network.name} ({error})") from error
    compiled: Iterator[tuple[Precision, str, Run]] = iter(
        [("f32", "ONNX Runtime", compile_network(content))]
    )
    return *_first_that_agrees(network, compiled)[1:], None


def _check_installed(title: str, extra: str, packages: list[str]) -> None:
    if any(find_spec(package) is None for package in packages):
        raise _Unfit(
            f"{title} is not installed",
            f"Install it: pip install -e .[{extra}] in temnet's folder.",
        )


def _first_that_agrees(
    network: Network, compiled: Iterator[tuple[Precision, str, Run]]
) -> tuple[Precision, str, str, Run]:
    """Precision, name, reason and run of the first compiled network that agrees with Keras."""
    from temnet.inference.engines.keras_engine import limits_of

    source = network.source
    images = read_check_images(source.folder) if isinstance(source, SavedModel) else None
    if images is None or min(images.shape[1:3]) < limits_of(network.model).unit:
        compare = _by_test_image(network)
    else:
        compare = _by_check_images(network, images)
    words = ""
    for precision, name, run in compiled:
        same, words = compare(run)
        if same:
            return precision, name, words, checked(network.name, run)
        LOGGER.info("%s: %s is not taken, %s", network.name, name, words)
    raise _Unfit(f"it disagrees with Keras ({words})", compared=True)


Comparison = Callable[[Run], tuple[bool, str]]
"""Whether a run agrees with Keras, and by how much, in words."""


def _by_check_images(network: Network, images: np.ndarray) -> Comparison:
    """Compares columns in images of the network's own kind."""
    from temnet.inference.engines.keras_engine import limits_of, probabilities_of

    unit = limits_of(network.model).unit
    images = images[:, : images.shape[1] // unit * unit, : images.shape[2] // unit * unit]
    expected = probabilities_of(network.model, images)

    def compare(run: Run) -> tuple[bool, str]:
        found = agreement(network, list(expected), [run(image) for image in images])
        return found.same, str(found)

    return compare


def _by_test_image(network: Network) -> Comparison:
    """Compares probabilities and peaks in an image of no specimen."""
    from temnet.inference.engines.keras_engine import limits_of, probabilities_of

    image = fixed_image(network, limits_of(network.model).unit)
    expected = probabilities_of(network.model, image[None])[0]

    def compare(run: Run) -> tuple[bool, str]:
        probability, position = disagreement(network, expected, run(image))
        words = f"probabilities differ by {probability:.2g}, peaks by {position:.2g} Å"
        same = probability <= PROBABILITY_TOLERANCE and position <= POSITION_TOLERANCE
        return same, f"{words} on a test image"

    return compare


def _fingerprint(model: Any) -> int:
    """A number that changes when the weights do; 10 ms for five million."""
    import keras

    value = 0
    for weight in model.weights:
        value = zlib.crc32(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).data, value)
    return value
