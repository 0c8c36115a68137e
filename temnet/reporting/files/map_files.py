"""Probabilities of each class as calibrated TIFF images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from temnet.system.file_names import safe_name


def write_maps(
    folder: Path, name: str, probabilities: np.ndarray, sampling: float, class_names: Sequence[str]
) -> list[Path]:
    """Writes one image per class, ``NAME_CLASS.tif``, with the pixel size in its header.

    HyperSpy, ImageJ and Digital Micrograph read the size; pixel [0, 0] lies where that of the
    image did.  The folder should become visible as a whole: a file is not written in one step.

    Args:
        folder: Folder of the files; it is created.
        name: Start of the files' names.
        probabilities: (row, col, class + 1), the background last, which is left out.
        sampling: Pixel size [Å].
        class_names: Name of each class.

    Returns:
        The files, in the order of the classes.
    """
    from rsciio.tiff import file_writer

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, class_name in enumerate(class_names):
        path = folder / f"{name}_{safe_name(class_name)}.tif"
        image = np.ascontiguousarray(probabilities[..., index], np.float32)
        file_writer(str(path), _signal(image, sampling, class_name))
        paths.append(path)
    return paths


def _signal(image: np.ndarray, sampling: float, class_name: str) -> dict:
    """An image as RosettaSciIO's writers take it."""
    axes = [
        {
            "name": name,
            "size": size,
            "scale": sampling,
            "offset": 0.0,
            "units": "Å",
            "navigate": False,
            "index_in_array": number,
        }
        for number, (name, size) in enumerate(zip("yx", image.shape, strict=True))
    ]
    metadata = {
        "General": {"title": f"network output, {class_name}"},
        "Signal": {"signal_type": ""},
    }
    return {"data": image, "axes": axes, "metadata": metadata, "original_metadata": {}}
