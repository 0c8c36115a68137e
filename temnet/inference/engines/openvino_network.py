"""Networks run by OpenVINO."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from temnet.inference.engines.usage_data import no_usage_data

with no_usage_data():
    import openvino
    from openvino import opset11 as opset

if TYPE_CHECKING:
    import keras

    from temnet.inference.engines.translation import Pair

Precision = Literal["bf16", "f32"]

Runner = Callable[[np.ndarray], np.ndarray]


def translate(model: keras.Model) -> openvino.Model:
    """A network in OpenVINO's operations, with its present weights.

    Args:
        model: A functional model from (batch, row, col, focus) to logits.

    Returns:
        A model from (1, focus, row, col) to probabilities (1, class, row, col), of any size.

    Raises:
        Untranslatable: If a layer is not one of those that temnet's networks are made of.
    """
    from temnet.inference.engines.translation import translate_layers

    images = opset.parameter([1, model.input_shape[-1], -1, -1], np.float32, name="images")
    probabilities = opset.softmax(translate_layers(model, OpenVinoOperations(), images), axis=1)
    return openvino.Model([probabilities], [images], model.name)


def save(model: openvino.Model, path: Path) -> None:
    """Writes a translated network; its weights go beside it, in float32."""
    openvino.save_model(model, path, compress_to_fp16=False)


def compile_file(path: Path, precision: Precision) -> Runner:
    """As `compile_network`, from a file of `save`.

    Raises:
        RuntimeError: If the file is missing or damaged.
    """
    return compile_network(openvino.Core().read_model(path), precision)


def compile_network(model: openvino.Model, precision: Precision) -> Runner:
    """Compiles a translated network for this processor.

    Args:
        model: The network, from `translate`.
        precision: Precision of the computation; weights and results are float32.

    Returns:
        From images (row, col, focus) to probabilities (row, col, class), float32.
    """
    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
            # Several processes would otherwise all be pinned to the same cores.
            "ENABLE_CPU_PINNING": False,
        },
    )
    request = compiled.create_infer_request()

    def run(images: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(np.moveaxis(images, -1, 0), np.float32)[None]
        request.infer({0: planes}, share_inputs=True)
        result = request.get_output_tensor(0).data[0]
        return np.moveaxis(result.copy(), 0, -1)  # the next result overwrites this memory

    return run


class OpenVinoOperations:
    """OpenVINO's operations; see `temnet.inference.engines.translation.Operations`."""

    def convolution(
        self, maps: Any, kernel: np.ndarray, strides: Pair, before: Pair, after: Pair, steps: Pair
    ) -> Any:
        """A convolution."""
        constant = opset.constant(kernel)
        return opset.convolution(maps, constant, strides, before, after, steps)

    def shifted(self, maps: Any, shift: np.ndarray) -> Any:
        """The maps plus a shift."""
        return opset.add(maps, opset.constant(shift[None, :, None, None]))

    def normalised(
        self,
        maps: Any,
        scale: np.ndarray,
        shift: np.ndarray,
        mean: np.ndarray,
        variance: np.ndarray,
        epsilon: float,
    ) -> Any:
        """Batch normalisation with fixed statistics."""
        constants = [opset.constant(each) for each in (scale, shift, mean, variance)]
        return opset.batch_norm_inference(maps, *constants, epsilon)

    def relu(self, maps: Any) -> Any:
        """The positive part."""
        return opset.relu(maps)

    def largest(self, maps: Any, size: Pair, strides: Pair) -> Any:
        """The largest value in each window."""
        return openvino.opset1.max_pool(maps, list(strides), [0, 0], [0, 0], list(size))

    def joined(self, parts: list[Any]) -> Any:
        """The channels of several maps."""
        return opset.concat(parts, axis=1)

    def sum(self, one: Any, other: Any) -> Any:
        """The sum of two maps."""
        return opset.add(one, other)

    def doubled(self, maps: Any) -> Any:
        """Bilinear interpolation to twice the rows and columns."""
        return opset.interpolate(
            maps,
            opset.constant(np.array([2, 2], np.float32)),
            mode="linear_onnx",
            shape_calculation_mode="scales",
            coordinate_transformation_mode="half_pixel",
            axes=opset.constant(np.array([2, 3], np.int64)),
        )

    def split(self, maps: Any, factor: int) -> Any:
        """Each pixel as factor x factor pixels, which share its channels."""
        return opset.depth_to_space(maps, "blocks_first", factor)

    def reflected(self, maps: Any, border: int) -> Any:
        """The maps with a reflected border."""
        borders = opset.constant(np.array([0, 0, border, border], np.int64))
        return opset.pad(maps, borders, borders, "reflect")

    def cropped(self, maps: Any, border: int) -> Any:
        """The maps without a border."""
        first, last, step = (
            opset.constant(np.array([n, n], np.int64)) for n in (border, -border, 1)
        )
        return opset.slice(maps, first, last, step, opset.constant(np.array([2, 3], np.int64)))
