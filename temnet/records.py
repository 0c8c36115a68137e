"""Plain records that the packages exchange.

Conventions of the whole project:

* Images are ``(row, col, focus)``, batches ``(batch, row, col, focus)``, label maps
  ``(row, col, class)``, movies ``(frame, row, col, focus)``.
* Points are ``(N, 2)`` float64 arrays of ``(row, col)`` in Å, counted from the centre of
  pixel ``[0, 0]``.
* Atoms are in the same frame: ``x`` runs along the columns, ``y`` along the rows and ``z``
  along the beam, so that ``point = (y, x)``.  The electrons travel towards larger ``z``.
* Å, eV, rad and e/Å² unless a name states another unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import ase

    from temnet.images.unseen import UnseenRegions

IGNORED = -1
"""Class index of a column that is neither labelled nor scored."""


@dataclass(frozen=True)
class Columns:
    """Atomic columns as projected along the beam.

    Attributes:
        positions: (N, 2) float64, (row, col) [Å] from the centre of pixel [0, 0].
        class_index: (N,) int64, index into the experiment's classes; -1 is neither labelled
            nor scored.
        atom_count: (N,) int64, number of atoms on the column.
    """

    positions: np.ndarray
    class_index: np.ndarray
    atom_count: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.class_index)
        if self.positions.shape != (n, 2) or self.atom_count.shape != (n,):
            raise ValueError(
                f"Columns need positions (N, 2), class_index (N,) and atom_count (N,); got "
                f"{self.positions.shape}, {self.class_index.shape} and {self.atom_count.shape}."
            )

    def __len__(self) -> int:
        return len(self.class_index)

    @staticmethod
    def empty() -> Columns:
        """No columns at all."""
        return Columns(np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def select(self, mask: np.ndarray) -> Columns:
        """The columns where ``mask`` (N,) is true, or at the given indices."""
        return Columns(self.positions[mask], self.class_index[mask], self.atom_count[mask])

    def inside(self, height: float, width: float, border: float = 0.0) -> np.ndarray:
        """(N,) bool: whether each column lies in a field of ``height`` x ``width`` [Å].

        The field extends from 0 to ``height`` in rows, less ``border`` [Å] on each side.
        """
        row, col = self.positions.T
        return (
            (row >= border) & (row <= height - border) & (col >= border) & (col <= width - border)
        )


@dataclass(frozen=True)
class Structure:
    """A specimen and its projected columns.

    Attributes:
        atoms: Atoms with positions [Å] in the frame of the image (see the module docstring).  They
            fill the image and the margin around it.
        columns: Columns of the resting structure.
        atom_column: (n_atoms,) int64, the column of each atom, -1 for none.
        parameters: The drawn parameters by name; numbers and short texts.
    """

    atoms: ase.Atoms
    columns: Columns
    atom_column: np.ndarray
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """One simulated training example.

    Attributes:
        images: (row, col, focus) float32, divided by the series' mean, not normalised.
        labels: (row, col, class) float32 in [0, 1]; the last channel is the background.
        weights: (row, col) float32, 0 near ignored columns, else 1.
        columns: The true columns, at the mean of their displaced atoms.
        parameters: All drawn parameters by name.
        sampling: Pixel size [Å].
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    columns: Columns
    parameters: Mapping[str, Any]
    sampling: float


class ColumnFlag(IntFlag):
    """Why a column is doubtful; `Peaks.flags` holds any of these together.

    Attributes:
        NO_LATTICE: The image around it shows no lattice, as an amorphous film or dirt does.
        FRINGES: The image around it shows one set of lattice planes: fringes, not columns.
        TOO_CLOSE: A neighbour is closer than any in the materials of the training.
        RINGS: It is a corner of a ring of four, which the sheet of the training does not have.
        ISOLATED: No neighbour lies at a distance that the materials of the training have.
        REFLECTIONS: Reflections that are equal in the sheet of the training differ in the image
            around it, by astigmatism, tilt or bending.
    """

    NO_LATTICE = 1
    FRINGES = 2
    TOO_CLOSE = 4
    RINGS = 8
    ISOLATED = 16
    REFLECTIONS = 32

    @property
    def words(self) -> str:
        """The names of the flags that are set, with spaces between them.

        >>> (ColumnFlag.NO_LATTICE | ColumnFlag.TOO_CLOSE).words
        'no-lattice too-close'
        """
        return " ".join(each.word for each in ColumnFlag if self & each)

    @property
    def word(self) -> str:
        """The name of a single flag."""
        return (self.name or "").lower().replace("_", "-")

    @staticmethod
    def of(words: str) -> ColumnFlag:
        """The flags of such names.

        Raises:
            ValueError: If a name is not that of a flag.

        >>> ColumnFlag.of("fringes rings") == ColumnFlag.FRINGES | ColumnFlag.RINGS
        True
        """
        known = {each.word: each for each in ColumnFlag}
        found = ColumnFlag(0)
        for word in words.split():
            if word not in known:
                raise ValueError(f"there is no flag {word!r}; known are {', '.join(known)}")
            found |= known[word]
        return found


@dataclass(frozen=True)
class Peaks:
    """Columns found by a network.

    Attributes:
        frame: (N,) int64, the frame of each peak.
        positions: (N, 2) float64, (row, col) [Å] from the centre of pixel [0, 0].
        class_index: (N,) int64.
        score: (N,) float64, the peak's probability of being a column of any class, in [0, 1].
        probabilities: (N, C) float64, probability of each class at the peak, without background.
        spread: (N,) float64, uncertainty of the position [Å]; NaN where it was not estimated.
        class_spread: (N,) float64, standard deviation of the probability of the peak's class
            over several predictions; NaN, which is the default, where it was not estimated.
        flags: (N,) int64, why each peak is doubtful, as a sum of `ColumnFlag`; 0, which is the
            default, where nothing speaks against it or it was not examined.
    """

    frame: np.ndarray
    positions: np.ndarray
    class_index: np.ndarray
    score: np.ndarray
    probabilities: np.ndarray
    spread: np.ndarray
    class_spread: np.ndarray = None  # type: ignore[assignment]  # set below
    flags: np.ndarray = None  # type: ignore[assignment]  # set below

    def __post_init__(self) -> None:
        if self.class_spread is None:
            object.__setattr__(self, "class_spread", np.full(len(self.frame), np.nan))
        if self.flags is None:
            object.__setattr__(self, "flags", np.zeros(len(self.frame), np.int64))

    def __len__(self) -> int:
        return len(self.frame)

    @staticmethod
    def empty(class_count: int) -> Peaks:
        """No peaks at all, of ``class_count`` classes."""
        integers, reals = np.zeros(0, np.int64), np.zeros(0)
        return Peaks(integers, np.zeros((0, 2)), integers, reals, np.zeros((0, class_count)), reals)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays above by name."""
        return {each.name: getattr(self, each.name) for each in fields(Peaks)}

    def select(self, mask: np.ndarray) -> Peaks:
        """The peaks where ``mask`` (N,) is true, or at the given indices."""
        return Peaks(**{name: values[mask] for name, values in self.arrays().items()})

    @staticmethod
    def concatenate(parts: list[Peaks]) -> Peaks:
        """All peaks of ``parts`` in order; the list must not be empty."""
        names = [each.name for each in fields(Peaks)]
        return Peaks(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        )


class Frames(Protocol):
    """(frame, row, col, focus) float32: an array, or an object that returns arrays when indexed.

    The index is a frame's number or a slice of frames.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows, columns, focal images."""

    @property
    def ndim(self) -> int:
        """Four."""

    @property
    def dtype(self) -> np.dtype:
        """Of the arrays."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any) -> np.ndarray: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...

    def __array__(self) -> np.ndarray: ...


@dataclass(frozen=True)
class ImageSeries:
    """Images from a microscope.

    Attributes:
        images: The images in the grey values of the file.
        sampling: Pixel size of ``images`` [Å].
        name: File name, for tables and titles.
        metadata: Metadata of the file; plain values.
        pixel_size: Height and width of the pixels of the file [Å], to which pixel indices in
            results refer; both ``sampling`` by default.
        masked: Boxes without image (a burnt-in label), each as first row, row after the last,
            first column and column after the last [pixels of the file].
        unseen: Regions of single frames without image (borders of an aligned movie); None if
            every frame is complete.
    """

    images: Frames
    sampling: float
    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pixel_size: tuple[float, float] = None  # type: ignore[assignment]  # set below
    masked: tuple[tuple[int, int, int, int], ...] = ()
    unseen: UnseenRegions | None = None

    def __post_init__(self) -> None:
        if self.pixel_size is None:
            object.__setattr__(self, "pixel_size", (self.sampling, self.sampling))
