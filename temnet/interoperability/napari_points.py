"""Columns as a table of points that napari opens as a layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from temnet.interoperability.found_columns import Add, FoundColumns
from temnet.system.files import replacing
from temnet.tables.csv_tables import TableWriter

ENDING = ".napari.csv"


@contextmanager
def open_points(path: Path, frames: int, first_frame: int = 0) -> Iterator[Add]:
    """Opens a table of points that is in place at the end of the block.

    The axes are the frame, if there are several, the row and the column [pixels of the image]; an
    integer is the centre of a pixel in napari as it is here.  The class and the score are
    properties of the layer.

    Args:
        path: The file.
        frames: Number of frames.
        first_frame: Number of the first frame in its movie.

    Yields:
        A function that takes the `FoundColumns` of a frame.
    """
    axes = [f"axis-{number}" for number in range(2 + (frames > 1))]
    count = 0
    with (
        replacing(path) as temporary,
        TableWriter(temporary, ["index", *axes, "class", "score"], path.name) as table,
    ):

        def add(columns: FoundColumns) -> None:
            nonlocal count
            cells = zip(
                (columns.frame + first_frame).tolist(),
                columns.pixels.tolist(),
                columns.class_names.tolist(),
                columns.score.tolist(),
                strict=True,
            )
            for frame, place, name, score in cells:
                place = [frame, *place] if frames > 1 else place
                at = dict(zip(axes, place, strict=True))
                table.write({"index": count, **at, "class": name, "score": score})
                count += 1

        yield add
        table.close()
