"""Regions of single frames without image, such as the borders of an aligned movie."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from temnet.system.files import replace_file

KEPT_MASKS = 8
"""Unpacked masks kept in memory."""


def pack(mask: np.ndarray) -> bytes:
    """Pack a mask into a few hundred bytes.

    Args:
        mask: (row, col) bool.

    >>> mask = np.arange(20).reshape(4, 5) > 12
    >>> bool(np.all(unpack(pack(mask), (4, 5)) == mask))
    True
    """
    return zlib.compress(np.packbits(mask).tobytes(), 6)


@lru_cache(maxsize=KEPT_MASKS)
def unpack(packed: bytes, shape: tuple[int, int]) -> np.ndarray:
    """(row, col) bool, read only, from the bytes that `pack` returned."""
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    mask = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape).astype(bool)
    mask.flags.writeable = False
    return mask


@dataclass(frozen=True)
class UnseenRegions:
    """Regions without image of each frame of a series, packed.

    Attributes:
        shape: Rows and columns of the file's own pixels.
        packed: By frame, the masks of its focal images by their number; see `pack`.  Complete
            frames are left out.
        shifts: By frame, shifts of its focal images from the first, (focus, 2) int, (row, col)
            [pixels of the file]; frames that were not aligned are left out.
    """

    shape: tuple[int, int]
    packed: Mapping[int, Mapping[int, bytes]]
    shifts: Mapping[int, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of frames with such regions."""
        return len(self.packed)

    def mask(self, frame: int) -> np.ndarray | None:
        """(row, col) bool, true where a focal image of a frame is missing; None if complete."""
        if frame not in self.packed:
            return None
        union = None
        for focus, packed in self.packed[frame].items():
            mask = unpack(packed, self.shape)
            if frame in self.shifts:
                mask = _moved(mask, -self.shifts[frame][focus])
            union = mask if union is None else union | mask
        return union

    def contains(
        self,
        frame: int,
        positions: np.ndarray,
        pixel_size: tuple[float, float],
        margin: float = 0.0,
    ) -> np.ndarray:
        """Whether positions lie in a region without image of a frame.

        Args:
            frame: The frame.
            positions: (N, 2), (row, col) [Å] from the centre of pixel [0, 0].
            pixel_size: Height and width of the file's pixels [Å].
            margin: Positions within this distance of a region count as inside [Å], along rows
                and columns each.

        Returns:
            (N,) bool.
        """
        mask = self.mask(frame)
        if mask is None or len(positions) == 0:
            return np.zeros(len(positions), bool)
        height, width = pixel_size
        pixels = (int(np.ceil(margin / height)), int(np.ceil(margin / width)))
        key = tuple(self.packed[frame].values())
        if len(key) == 1 and frame not in self.shifts:
            mask = _wider(key[0], self.shape, pixels)
        elif any(pixels):
            mask = _widened(mask, pixels)
        place = np.rint(positions / np.asarray(pixel_size)).astype(int)
        row, col = np.clip(place, 0, np.array(self.shape) - 1).T
        return mask[row, col]

    def aligned(self, shifts: np.ndarray) -> UnseenRegions:
        """The regions after the images of each frame were shifted onto its first.

        Args:
            shifts: (frame, focus, 2) shifts from the first image [pixels of the file].
        """
        whole = np.rint(shifts).astype(int)
        return replace(self, shifts={k: whole[k] for k in self.packed if np.any(whole[k])})

    def write(self, path: Path, pixel_size: tuple[float, float]) -> None:
        """Write the regions and the size of the pixels [Å] to a file."""
        frames = sorted(self.packed)
        known: dict[bytes, int] = {}
        which = []
        for frame in frames:
            mask = self.mask(frame)
            assert mask is not None
            which.append(known.setdefault(pack(mask), len(known)))
        stream = io.BytesIO()
        np.savez(
            stream,
            shape=np.array(self.shape, np.int64),
            pixel_size=np.array(pixel_size, float),
            frames=np.array(frames, np.int64),
            which=np.array(which, np.int64),
            ends=np.cumsum([len(each) for each in known]).astype(np.int64),
            masks=np.frombuffer(b"".join(known), np.uint8),
        )
        replace_file(path, stream.getvalue())

    @staticmethod
    def read(path: Path) -> tuple[UnseenRegions, tuple[float, float]]:
        """Read the regions, and height and width of a pixel [Å], from a file of `write`."""
        with np.load(path, allow_pickle=False) as file:
            parts = {name: file[name] for name in file.files}
        every = parts["masks"].tobytes()
        ends = parts["ends"].tolist()
        masks = [every[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        packed = {
            int(frame): {0: masks[int(number)]}
            for frame, number in zip(parts["frames"], parts["which"], strict=True)
        }
        rows, cols = parts["shape"].tolist()
        height, width = parts["pixel_size"].tolist()
        return UnseenRegions((rows, cols), packed), (height, width)


def _moved(mask: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """A mask shifted by whole pixels; its edge values continue outside."""
    row = np.clip(np.arange(mask.shape[0]) - shift[0], 0, mask.shape[0] - 1)
    col = np.clip(np.arange(mask.shape[1]) - shift[1], 0, mask.shape[1] - 1)
    return mask[np.ix_(row, col)]


@lru_cache(maxsize=KEPT_MASKS)
def _wider(packed: bytes, shape: tuple[int, int], pixels: tuple[int, int]) -> np.ndarray:
    return _widened(unpack(packed, shape), pixels)


def _widened(mask: np.ndarray, pixels: tuple[int, int]) -> np.ndarray:
    """A mask widened by a number of rows and columns on each side."""
    down, along = pixels
    wide = dilated(dilated(mask, 2 * down + 1, 0), 2 * along + 1, 1)
    return wide[down : down + mask.shape[0], along : along + mask.shape[1]]


def eroded(mask: np.ndarray, span: int, axis: int) -> np.ndarray:
    """Whether ``span`` pixels from each pixel on are all true; shorter by span - 1."""
    if span > mask.shape[axis]:
        return mask[:0] if axis == 0 else mask[:, :0]
    width = 1
    while width < span:
        step = min(width, span - width)
        mask = mask[:-step] & mask[step:] if axis == 0 else mask[:, :-step] & mask[:, step:]
        width += step
    return mask


def dilated(mask: np.ndarray, span: int, axis: int) -> np.ndarray:
    """All pixels of the windows that start in a mask; the reverse of `eroded`."""
    rows, cols = mask.shape
    wide = np.zeros((rows + span - 1, cols) if axis == 0 else (rows, cols + span - 1), bool)
    wide[:rows, :cols] = mask
    along = wide if axis == 0 else wide.T
    reach, width = mask.shape[axis], 1
    while width < span:
        step = min(width, span - width)
        along[step : reach + step] |= along[:reach]
        reach, width = reach + step, width + step
    return wide


def wide_part(mask: np.ndarray, side: int, beyond: bool = False) -> np.ndarray:
    """Pixels covered by squares of ``side`` pixels that fit into a mask.

    Args:
        mask: (row, col) bool.
        side: At most the rows and columns of the mask.
        beyond: Whether edge values continue outside, so that a single row along the border is
            wide.

    >>> row = np.zeros((4, 4), bool)
    >>> row[0] = True
    >>> wide_part(row, 3).any(), wide_part(row, 3, beyond=True)[0].all()
    (np.False_, np.True_)
    """
    around = np.pad(mask, side, mode="edge") if beyond else mask
    wide = _opened(around, side)
    return wide[side:-side, side:-side] if beyond else wide


def roughness(mask: np.ndarray, side: int) -> float:
    """Pixels missed by a square that rolls along an outline, per pixel of the outline.

    Args:
        mask: (row, col) bool; edge values continue outside.
        side: Side of the square [pixels], which rolls along the inside and the outside.

    >>> half = np.zeros((20, 20), bool)
    >>> half[:, :10] = True
    >>> comb = half | (np.arange(20) % 2 == 0)[:, None]
    >>> roughness(half, 5), roughness(comb, 5)
    (0.0, 1.8)
    """
    around = np.pad(mask, side, mode="edge")
    left_out = (around & ~_opened(around, side)) | (~around & ~_opened(~around, side))
    outline = dilated(dilated(around, 3, 0), 3, 1)[1:-1, 1:-1] & ~around
    view = (slice(side, -side), slice(side, -side))
    return int(np.count_nonzero(left_out[view])) / max(int(np.count_nonzero(outline[view])), 1)


def _opened(mask: np.ndarray, side: int) -> np.ndarray:
    """Pixels covered by squares of ``side`` pixels that fit into a mask."""
    inner = eroded(eroded(mask, side, 0), side, 1)
    return dilated(dilated(inner, side, 0), side, 1)
