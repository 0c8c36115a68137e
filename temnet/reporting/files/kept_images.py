"""Images in memory, kept as a file with the names of their axes and their pixel size (.hspy)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from temnet.inference.reading.image_file import ImageFile
from temnet.system.files import replacing

ENDING = ".hspy"


class _Images:
    """Stands for the (..., row, col) array of a file's images, each read when it is indexed."""

    def __init__(self, file: ImageFile) -> None:
        self._file, self._outer = file, tuple(size for size, _ in file.axes)
        self.shape = (*self._outer, *file.shape)
        self.ndim = len(self.shape)
        self.dtype = file.read(0).dtype

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        numbers = np.arange(len(self._file)).reshape(self._outer)[key[:-2]]
        images = [self._file.read(int(number))[key[-2:]] for number in numbers.ravel()]
        return np.stack(images).reshape(*numbers.shape, *images[0].shape)


def write_images(path: Path, file: ImageFile) -> None:
    """Writes images as HyperSpy's own file, in one step; they are read one at a time.

    Args:
        path: A file ending in ``.hspy``; an older one is replaced.
        file: The images.
    """
    import dask
    import dask.array
    from rsciio.hspy import file_writer

    images = _Images(file)
    chunks = (*(1 for _ in file.axes), *file.shape)
    signal = {
        "data": dask.array.from_array(images, chunks=chunks),
        "axes": _axes(file),
        "metadata": {"General": {"title": file.path.name}, "Signal": {"signal_type": ""}},
        "original_metadata": {},
        "learning_results": {},
        "tmp_parameters": {},
        "models": {},
        "attributes": {"_lazy": True},
        "package_info": {"package": "temnet", "package_version": ""},
    }
    # Images one after the other, so that the same images make the same file.
    with dask.config.set(scheduler="synchronous"), replacing(path) as temporary:
        file_writer(str(temporary), signal, show_progressbar=False)


def _axes(file: ImageFile) -> list[dict[str, object]]:
    """HyperSpy's description of the axes, in the order of the array."""
    pixel = file.pixel_size
    described = [
        *((size, meaning or "image", 1.0, "", True) for size, meaning in file.axes),
        *(
            (size, name, 1.0 if pixel is None else pixel[n], "px" if pixel is None else "Å", False)
            for n, (size, name) in enumerate(zip(file.shape, "yx", strict=True))
        ),
    ]
    return [
        {
            "size": size,
            "name": name,
            "scale": scale,
            "offset": 0.0,
            "units": units,
            "navigate": navigate,
        }
        for size, name, scale, units, navigate in described
    ]
