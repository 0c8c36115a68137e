"""The columns in images of any kind: arrays, HyperSpy signals, files, series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from temnet.analysis import find_in_memory, request_of
from temnet.config.analysis.threshold import OF_THE_CARD
from temnet.errors import InputError
from temnet.interoperability.found_columns import FoundColumns
from temnet.records import ImageSeries, Peaks

if TYPE_CHECKING:
    from temnet.config.analysis.prediction import EngineName
    from temnet.models.network import Network


def find_columns(
    network: Network | str | Path,
    images: Any,
    *,
    sampling: float | Literal["auto"] | None = None,
    axes: str | Sequence[str] = "auto",
    threshold: float | None = None,
    min_distance: float | None = None,
    symmetries: bool = False,
    engine: EngineName = "auto",
    progress: Callable[[int], object] | None = None,
    **settings: object,
) -> FoundColumns:
    """The columns in an image, a movie or a focal series.

    Images are inspected, aligned if they are focal series, and compared with the network's
    training images, as by `temnet.analyse` and by the command: an array, a HyperSpy signal and a
    file of the same image have the same columns to the last digit.  An `ImageSeries` is taken as it
    is; its focal series have to be aligned before (`temnet.align_foci`).

    Args:
        network: Name or folder of the network, or the network.
        images: An array (row, col), (frame, row, col) or (frame, row, col, focus) in linear grey
            values; a HyperSpy signal, whose navigation axes are frames or foci; a file, or the
            files or folder of a movie or focal series; or an `ImageSeries`.  Dask arrays and lazy
            signals are computed one image at a time.
        sampling: Pixel size [Å]; an array must have it, signals and files have their own.  ``auto``
            measures it on lattice planes of known ``spacing``.
        axes: ``frames`` or ``focus`` if the images follow each other so; for arrays and signals
            also the names of all axes, such as ``("row", "col", "frame")``.  By default the images
            of an array (image, row, col) are frames, and for networks of focal series foci if
            their number is a multiple of the network's.
        threshold: Lowest score of a column; by default the network's own.
        min_distance: Of columns closer than this [Å] one is kept; by default three label widths.
        symmetries: Predict each frame in the eight symmetries of the square, which takes eight
            times as long and gives the spread of each position.
        engine: Engine that runs the network; `auto` takes OpenVINO if it is installed and agrees
            with Keras (see `temnet.inference.engines.choice.choose_engine`).
        progress: Called with 1 after each frame.
        **settings: Other settings of the sections `images` and `prediction` of the YAML, such as
            ``invert=True`` or ``mask=[[480, 512, 0, 120]]``.

    Returns:
        The columns of all frames with the frame of each; positions [Å] count from the centre of
        pixel [0, 0].  Masked regions have no columns.

    Raises:
        InputError: If a setting, the images or the network are invalid, or they do not fit each
            other.

    >>> import numpy as np
    >>> rows, cols = np.mgrid[:96, :96] * 0.2  # Å
    >>> lattice = 2 + np.cos(2 * np.pi * rows / 2.3) * np.cos(2 * np.pi * cols / 2.3)
    >>> columns = find_columns("nanoparticle-unet", lattice, sampling=0.2, engine="keras")
    >>> columns.positions.shape == (len(columns), 2), columns.pixel_size
    (True, (0.2, 0.2))
    """
    if isinstance(images, ImageSeries):
        if sampling is not None or axes != "auto" or settings:
            given = ["sampling"] * (sampling is not None) + ["axes"] * (axes != "auto")
            raise InputError(
                f"An ImageSeries is taken as it is; give {', '.join([*given, *settings])} to "
                "temnet.read_images."
            )
        return _in_series(network, images, threshold, min_distance, progress, symmetries, engine)
    values: dict[str, object] = {
        **settings,
        "sampling": "header" if sampling is None else sampling,
        "axes": axes,
        "threshold": OF_THE_CARD if threshold is None else threshold,
        "min_distance": min_distance,
        "symmetries": symmetries,
        "engine": engine,
    }
    name = str(network) if isinstance(network, str | Path) else network.name
    request = request_of(images, name, values, "temnet.find_columns")
    done = progress or (lambda count: None)
    return find_in_memory(images, _loaded(network), request, done).peaks


def _loaded(network: Network | str | Path) -> Network:
    from temnet.stages.prediction.inputs import load

    return load(str(network)) if isinstance(network, str | Path) else network


def _in_series(
    network: Network | str | Path,
    series: ImageSeries,
    threshold: float | None,
    min_distance: float | None,
    progress: Callable[[int], object] | None,
    symmetries: bool,
    engine: EngineName,
) -> FoundColumns:
    """The columns in images that were read before."""
    from temnet.inference.column_finder import find_in_series
    from temnet.stages.prediction.inputs import elements_of

    known = _loaded(network)
    peaks: Peaks = find_in_series(
        known, series, threshold, min_distance, progress, symmetries, engine
    )
    return FoundColumns.of(
        peaks,
        classes=tuple(known.experiment.class_names),
        elements=elements_of(known),
        pixel_size=series.pixel_size,
        file=series.name,
        frames=len(series.images),
        foci=series.images.shape[-1],
    )
