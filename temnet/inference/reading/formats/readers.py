"""The formats of image files that temnet reads.

To add one, write a module whose function reads a file as a
`temnet.inference.reading.formats.data_set.DataSet`, and enter it in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from temnet.inference.reading.formats.data_set import DataSet
from temnet.inference.reading.formats.mrc import read_mrc
from temnet.inference.reading.formats.npy import read_npy
from temnet.inference.reading.formats.rosettasciio import read_rosettasciio
from temnet.inference.reading.formats.tiff import read_tiff

READERS: Mapping[str, Callable[[Path], DataSet]] = {
    ".dm3": read_rosettasciio,
    ".dm4": read_rosettasciio,
    ".emd": read_rosettasciio,
    ".ser": read_rosettasciio,
    ".emi": read_rosettasciio,
    ".tif": read_tiff,
    ".tiff": read_tiff,
    ".hspy": read_rosettasciio,
    ".png": read_rosettasciio,
    ".mrc": read_mrc,
    ".mrcs": read_mrc,
    ".npy": read_npy,
}
"""The reader of each ending; of one image in two formats of instruments the later one is used."""
