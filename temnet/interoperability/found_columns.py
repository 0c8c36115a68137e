"""Columns found in images, with what other programs need to know about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from temnet.errors import InputError
from temnet.records import Peaks
from temnet.structures.lattices.class_elements import UNKNOWN_ELEMENT, element_symbol

if TYPE_CHECKING:
    import ase

    from temnet.reporting.files.series_file import SeriesRecord

Add = Callable[["FoundColumns"], None]
"""Appends columns to a file."""


@dataclass(frozen=True)
class Further:
    """A further number of each column, such as its strain.

    Attributes:
        values: (N,) float64 or int64.
        unit: Their unit; empty for plain numbers.
        description: Their meaning.
    """

    values: np.ndarray
    unit: str
    description: str


@dataclass(frozen=True)
class FoundColumns(Peaks):
    """Columns found by a network in an image, a movie or a focal series.

    Conversions to the records of another library import it, and raise InputError if it is not
    installed: ``pip install -e .[interoperability]``.

    Attributes:
        classes: Name of each class index.
        elements: Chemical symbol of each class, ``X`` where it is not one element.
        pixel_size: Height and width of the image's pixels [Å]; NaN where they are not known.
        file: Name of the image, movie or focal series.
        frames: Number of frames, with those without columns.
        foci: Images in a frame's focal series.
        site: (N,) int64, number of each column's site in ``sites.csv``, -1 without a site; None
            before the stage `occupancy`.
        further: Further numbers of each column, by name; in ``to_table`` and ``to_ase`` and in
            ``.h5`` and ``.xyz`` files too.

    >>> import temnet
    >>> rows, cols = np.mgrid[:96, :96] * 0.2  # Å
    >>> lattice = 2 + np.cos(2 * np.pi * rows / 2.3) * np.cos(2 * np.pi * cols / 2.3)
    >>> columns = temnet.find_columns("nanoparticle-unet", lattice, sampling=0.2, engine="keras")
    >>> list(columns.to_table()[["frame", "row_pixel", "class", "score"]])
    ['frame', 'row_pixel', 'class', 'score']
    >>> len(columns.to_ase(elements={"metal": "Pt"})) == len(columns)
    True
    """

    classes: tuple[str, ...] = field(default=(), kw_only=True)
    elements: tuple[str, ...] = field(default=(), kw_only=True)
    pixel_size: tuple[float, float] = field(default=(np.nan, np.nan), kw_only=True)
    file: str = field(default="", kw_only=True)
    frames: int = field(default=1, kw_only=True)
    foci: int = field(default=1, kw_only=True)
    site: np.ndarray | None = field(default=None, kw_only=True)
    further: Mapping[str, Further] = field(default_factory=dict, kw_only=True)

    @staticmethod
    def of(peaks: Peaks, **known: Any) -> FoundColumns:
        """Peaks with more known about them: the other attributes, by name."""
        arrays: dict[str, Any] = dict(peaks.arrays())
        return FoundColumns(**arrays, **known)

    def select(self, mask: np.ndarray) -> FoundColumns:
        """The columns where ``mask`` (N,) is true, or at the given indices."""
        site = None if self.site is None else self.site[mask]
        further = {
            name: replace(each, values=each.values[mask]) for name, each in self.further.items()
        }
        arrays = {key: each[mask] for key, each in self.arrays().items()}
        return replace(self, site=site, further=further, **arrays)

    def in_frame(self, frame: int) -> FoundColumns:
        """The columns of one frame.

        Raises:
            InputError: If there is no such frame.
        """
        if not 0 <= frame < self.frames:
            raise InputError(
                f"{self.file}: there is no frame {frame}; expected 0 to {self.frames - 1}."
            )
        return self.select(self.frame == frame)

    @property
    def pixels(self) -> np.ndarray:
        """(N, 2) float64, (row, col) [pixels of the image] from the centre of pixel [0, 0]."""
        return self.positions / np.asarray(self.pixel_size)

    @property
    def class_names(self) -> np.ndarray:
        """(N,) str, the class of each column."""
        return np.array(self.classes, np.str_)[self.class_index]

    def to_table(self) -> Any:
        """The table ``columns.csv``, with all digits.

        Returns:
            A pandas DataFrame where pandas is installed, else a NumPy record array.  Its columns
            and their units are those of `temnet.reporting.files.column_table.ColumnRow`; numbers
            that are not known are NaN.
        """
        from temnet.interoperability.tables import column_table

        return column_table(self)

    def to_ase(self, frame: int = 0, elements: Mapping[str, str] | None = None) -> ase.Atoms:
        """The columns of one frame as an ASE structure, one atom for each.

        ``x`` is the column and ``y`` is minus the row [Å], so that the structure looks like the
        image where y runs up; ``z`` is 0.  The other numbers are in ``atoms.arrays``; where sites
        are known, ``site`` and ``id``, which is the same in all frames.

        Args:
            frame: Number of the frame.
            elements: Chemical symbols of classes, such as ``{"metal": "Pt"}``, where they differ
                from `elements`.

        Raises:
            InputError: If there is no such frame, class or element.
        """
        from temnet.interoperability.ase_structures import identities, structure_of

        found = replace(self.in_frame(frame), elements=self._elements(elements or {}))
        ids = None if self.site is None else identities(self.site)[self.frame == frame]
        return structure_of(found, frame, ids)

    def to_hyperspy_markers(self, signal: Any, size: float = 10.0) -> list[Any]:
        """The columns as HyperSpy markers, for ``signal.add_marker``.

        Args:
            signal: The signal in which the columns were found, or another one with the same pixels
                and frames.  Markers are in the units of its axes, and follow its frames.
            size: Diameter of a marker on the screen [points].

        Returns:
            Circles (``hyperspy.api.plot.markers.Points``), one set for each class that was found.

        Raises:
            InputError: If the signal has other frames, or HyperSpy is not installed.
        """
        from temnet.interoperability.hyperspy_markers import markers_of

        return markers_of(self, signal, size)

    def to_atomap(self, image: Any, frame: int = 0, classes: Sequence[str] | None = None) -> Any:
        """The columns of one frame as an Atomap ``Sublattice``.

        Args:
            image: The image of that frame, (row, col), as an array or a HyperSpy signal, in the
                pixels in which the columns were found.
            frame: Number of the frame.
            classes: Names of the classes to take; all by default.

        Raises:
            InputError: If there is no such frame or class, the image has another shape, or Atomap
                is not installed.
        """
        from temnet.interoperability.atomap_sublattice import sublattice_of

        columns = self.in_frame(frame)
        if classes is not None:
            self._check_classes(classes)
            columns = columns.select(np.isin(columns.class_names, list(classes)))
        return sublattice_of(columns, image)

    def _check_classes(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self.classes]
        if unknown:
            raise InputError(
                f"There is no class {', '.join(unknown)}; the network finds "
                f"{', '.join(self.classes)}."
            )

    def _elements(self, given: Mapping[str, str]) -> tuple[str, ...]:
        self._check_classes(list(given))
        known = self.elements or (UNKNOWN_ELEMENT,) * len(self.classes)
        return tuple(
            given.get(name, symbol) for name, symbol in zip(self.classes, known, strict=True)
        )


def columns_of(peaks: Peaks, record: SeriesRecord, site: np.ndarray | None = None) -> FoundColumns:
    """Columns with what the record of their series knows about them.

    Args:
        peaks: The columns.
        record: The record.
        site: (N,) int64, the site of each column; None where it is not known.
    """
    return FoundColumns.of(
        peaks,
        classes=record.classes,
        elements=record.elements or tuple(map(element_symbol, record.classes)),
        pixel_size=record.pixel_size or (record.sampling, record.sampling),
        file=record.file,
        frames=record.frames,
        foci=record.foci,
        site=site,
    )
