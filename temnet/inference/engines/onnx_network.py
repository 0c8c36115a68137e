"""Networks in the format ONNX, which other programs and other engines read.

The operations are those of opset 17 (2022), so that the engines of the last years run them:

- input ``images``: float32 (batch, focus, row, col), any batch and size; see `METADATA` for the
  pixel size, the normalisation and the sizes that the network takes;
- output ``probabilities``: float32 (batch, class, row, col), which sum to one at each pixel; the
  last class is the background.
"""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from temnet.inference.engines.translation import Pair, translate_layers
from temnet.inference.peak_finder import PeakFinder
from temnet.models.factory import size_unit, smallest_size
from temnet.models.network import Network
from temnet.version import __version__

OPSET, FORMAT = 17, 8
"""Versions of the operations and of the file format."""

INPUT, OUTPUT = "images", "probabilities"

BACKGROUND = "background"
"""Name of the last class."""

METADATA = {
    "temnet": "version of temnet that wrote the file",
    "network": "name of the network",
    "sha256": "checksum of the network's weights, as on its card",
    "classes": "names of the output channels, a JSON list; the last is the background",
    "pixel_size_angstrom": "pixel size of the input; images are resampled to it first",
    "camera_pixel_sizes_angstrom": "range of the camera's pixel size in the training, a JSON list",
    "normalisation_width_angstrom": "standard deviation of the Gaussian by which the local mean "
    "and the local contrast are made 0 and 1",
    "focus_steps_angstrom": "defocus of each input image minus that of the first, a JSON list; "
    "positive is underfocus",
    "size_multiple": "number of which rows and cols of the input must be multiples",
    "smallest_size": "least rows and cols of the input",
    "label_width_angstrom": "standard deviation of a column in the probability maps",
    "min_distance_angstrom": "of columns closer than this the one of higher score is kept",
    "threshold": "lowest calibrated score of a column",
    "score_calibration": "JSON object: calibrated score = expit(slope logit(score) + offset); "
    "probabilities of the classes of a column are proportional to their power class_slope",
    "steps": "how images become columns, in words",
}
"""Entries of the file's metadata, all of them texts."""

STEPS = (
    "1. Resample each image to pixel_size_angstrom, after a low-pass filter if its pixels are "
    "smaller. 2. Subtract the Gaussian blur (standard deviation normalisation_width_angstrom, "
    "borders reflected) of the mean image of the focal series, then divide by the root of the "
    "blurred mean square. 3. Pad by reflection to multiples of size_multiple, at least "
    "smallest_size; run this network; cut the padding off. 4. A column is a local maximum of the "
    "score, which is 1 - the probability of the background; its position is refined to a "
    "fraction of a pixel. 5. Calibrate the score (score_calibration); keep columns from threshold "
    "on, min_distance_angstrom apart. The class is the most probable one at the column."
)
"""How images become columns; temnet's own functions are in `temnet.inference.probability_maps`
and `temnet.inference.peak_finder`."""


def onnx_network(network: Network) -> onnx.ModelProto:
    """A network in ONNX, with the entries `METADATA`.

    Raises:
        Untranslatable: If a layer is not one of those that temnet's networks are made of.
    """
    model = onnx_model(network.model)
    model.doc_string = STEPS
    helper.set_model_props(model, _metadata(network))
    return model


def onnx_model(model: keras.Model) -> onnx.ModelProto:
    """A model in ONNX, without metadata.

    Args:
        model: A functional model from (batch, row, col, focus) to logits.

    Raises:
        Untranslatable: If a layer is not one of those that temnet's networks are made of.
    """
    operations = OnnxOperations()
    logits = translate_layers(model, operations, INPUT)
    operations.nodes.append(helper.make_node("Softmax", [logits], [OUTPUT], axis=1))
    graph = helper.make_graph(
        operations.nodes,
        model.name,
        [_maps(INPUT, int(model.input_shape[-1]))],
        [_maps(OUTPUT, int(model.output_shape[-1]))],
        operations.constants,
    )
    written = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=FORMAT,
        producer_name="temnet",
        producer_version=__version__,
    )
    onnx.checker.check_model(written, full_check=True)
    return written


def _maps(name: str, channels: int) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["batch", channels, "rows", "cols"]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _metadata(network: Network) -> dict[str, str]:
    card, finder = network.card, PeakFinder.of(network)
    slopes = finder.calibration
    values: dict[str, Any] = {
        "temnet": __version__,
        "network": network.name,
        "sha256": card.sha256,
        "classes": [*card.classes, BACKGROUND],
        "pixel_size_angstrom": network.sampling,
        "camera_pixel_sizes_angstrom": card.camera_sampling,
        "normalisation_width_angstrom": network.labels.normalisation_width,
        "focus_steps_angstrom": card.focus_steps or [0],
        "size_multiple": size_unit(network.model),
        "smallest_size": smallest_size(network.model),
        "label_width_angstrom": network.labels.width,
        "min_distance_angstrom": finder.min_distance,
        "threshold": finder.threshold,
        "score_calibration": {
            "slope": slopes.slope,
            "offset": slopes.offset,
            "class_slope": slopes.class_slope,
        },
        "steps": STEPS,
    }
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
    }


class OnnxOperations:
    """ONNX's operations; see `temnet.inference.engines.translation.Operations`.

    Attributes:
        nodes: The nodes so far.
        constants: Weights and other constants.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Adds a node; returns the name of its output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def _constant(self, values: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def convolution(
        self, maps: str, kernel: np.ndarray, strides: Pair, before: Pair, after: Pair, steps: Pair
    ) -> str:
        """A convolution."""
        return self._node(
            "Conv",
            [maps, self._constant(kernel)],
            strides=list(strides),
            pads=[*before, *after],
            dilations=list(steps),
        )

    def shifted(self, maps: str, shift: np.ndarray) -> str:
        """The maps plus a shift."""
        return self._node("Add", [maps, self._constant(shift[None, :, None, None])])

    def normalised(
        self,
        maps: str,
        scale: np.ndarray,
        shift: np.ndarray,
        mean: np.ndarray,
        variance: np.ndarray,
        epsilon: float,
    ) -> str:
        """Batch normalisation with fixed statistics."""
        constants = [self._constant(each) for each in (scale, shift, mean, variance)]
        return self._node("BatchNormalization", [maps, *constants], epsilon=epsilon)

    def relu(self, maps: str) -> str:
        """The positive part."""
        return self._node("Relu", [maps])

    def largest(self, maps: str, size: Pair, strides: Pair) -> str:
        """The largest value in each window."""
        return self._node("MaxPool", [maps], kernel_shape=list(size), strides=list(strides))

    def joined(self, parts: list[str]) -> str:
        """The channels of several maps."""
        return self._node("Concat", parts, axis=1)

    def sum(self, one: str, other: str) -> str:
        """The sum of two maps."""
        return self._node("Add", [one, other])

    def doubled(self, maps: str) -> str:
        """Bilinear interpolation to twice the rows and columns."""
        scales = self._constant(np.array([1, 1, 2, 2], np.float32))
        return self._node(
            "Resize",
            [maps, "", scales],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def split(self, maps: str, factor: int) -> str:
        """Each pixel as factor x factor pixels, which share its channels."""
        return self._node("DepthToSpace", [maps], blocksize=factor, mode="DCR")

    def reflected(self, maps: str, border: int) -> str:
        """The maps with a reflected border."""
        borders = self._constant(np.array([0, 0, border, border] * 2, np.int64))
        return self._node("Pad", [maps, borders], mode="reflect")

    def cropped(self, maps: str, border: int) -> str:
        """The maps without a border."""
        ends = [self._constant(np.array(pair, np.int64)) for pair in ([border] * 2, [-border] * 2)]
        return self._node("Slice", [maps, *ends, self._constant(np.array([2, 3], np.int64))])
