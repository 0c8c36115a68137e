"""Frames as they are sent: a JSON head, and the pixels as plain bytes.

The head travels in the header ``X-Temnet-Frame``, the pixels, in C order and little-endian, in the
body.  Everything is checked before the body is read; nothing is unpickled or evaluated, and keys
that are not known are left out, so that later versions may add some.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.errors import InputError
from temnet.units import is_length, to_angstrom

PROTOCOL = 1
"""Version of the protocol; it is also in the paths."""

PROTOCOLS = (PROTOCOL,)
"""Versions that this server serves."""

HEADER = "X-Temnet-Frame"

DTYPES = ("|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8")
"""Types of pixels."""

LEAST_SIDE, MOST_SIDE, MOST_PIXELS = 16, 16384, 2**25
"""Fewest and most rows or columns, and most pixels of a frame: 8192 x 4096."""

MOST_BYTES = 8 * MOST_PIXELS
"""Most bytes of a frame."""

MOST_HEAD = 8192
"""Most characters of the head."""

LONGEST_TEXT = 200
"""Most characters of a text in the head."""

SMALLEST_PIXEL, LARGEST_PIXEL = 0.005, 10.0
"""Sizes of pixels that are believed [Å], as in the setting `images.sampling`."""

NO_PIXEL_SIZE = (
    "The frame has no pixel size; send scale and units with it, or set sampling on the page."
)

BAD_REQUEST, CONFLICT, TOO_LARGE, UNSUPPORTED, UNPROCESSABLE = 400, 409, 413, 415, 422


class RefusedFrame(InputError):
    """A frame, or another request, that is not accepted.

    Attributes:
        status: Status of the answer (HTTP).
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class FrameHead:
    """What is known about a frame.

    Attributes:
        shape: Rows and columns.
        dtype: Type of the pixels, one of `DTYPES`.
        pixel_size: Height and width of a pixel [Å]; None if they are not known.
        source: Program and camera.
        name: Name of the image.
        time: When it was taken, as the sender writes it (ISO 8601).
        exposure_s: Exposure time [s].
        energy_kev: Energy of the electrons [keV].
        defocus_nm: Defocus with the sender's sign [nm].
        series: Focal series that the frame belongs to; empty for a single image.
        index: Place in the focal series, from 0.
    """

    shape: tuple[int, int]
    dtype: str
    pixel_size: tuple[float, float] | None = None
    source: str = ""
    name: str = ""
    time: str = ""
    exposure_s: float | None = None
    energy_kev: float | None = None
    defocus_nm: float | None = None
    series: str = ""
    index: int = 0

    @property
    def byte_count(self) -> int:
        """Number of bytes of the body."""
        return self.shape[0] * self.shape[1] * np.dtype(self.dtype).itemsize

    def pixels(self, body: bytes | bytearray | memoryview) -> np.ndarray:
        """(row, col) pixels of the body, without a copy.

        Raises:
            RefusedFrame: If the body has another size.
        """
        if len(body) != self.byte_count:
            raise RefusedFrame(
                UNPROCESSABLE,
                f"The body has {len(body)} bytes; {self.shape[0]} x {self.shape[1]} pixels of type "
                f"{self.dtype} are {self.byte_count} bytes.",
            )
        return np.frombuffer(body, self.dtype).reshape(self.shape)


def parse_head(text: str | None) -> FrameHead:
    """The head of a frame.

    Args:
        text: Value of the header `HEADER`; None without it.

    Raises:
        RefusedFrame: If it is missing, is not JSON, or a value is not valid.

    >>> head = parse_head('{"shape": [64, 32], "dtype": "<u2", "scale": [0.02], "units": ["nm"]}')
    >>> head.pixel_size, head.byte_count
    ((0.2, 0.2), 4096)
    """
    values = _mapping(text)
    protocol = values.get("protocol", PROTOCOL)
    if protocol not in PROTOCOLS or isinstance(protocol, bool):
        served = ", ".join(map(str, PROTOCOLS))
        raise RefusedFrame(
            BAD_REQUEST, f"Protocol {shown(protocol)} is not served; served are: {served}."
        )
    shape = _shape(values.get("shape"))
    dtype = values.get("dtype")
    if dtype not in DTYPES:
        raise RefusedFrame(
            UNSUPPORTED, f"dtype must be one of {', '.join(DTYPES)}; got {shown(dtype)}."
        )
    if shape[0] * shape[1] > MOST_PIXELS:
        raise RefusedFrame(
            TOO_LARGE,
            f"The frame has {shape[0]} x {shape[1]} pixels; at most {MOST_PIXELS:,} are accepted. "
            "Bin it or send a part.",
        )
    known = {key: read(key, values[key]) for key, read in _OPTIONAL.items() if key in values}
    return FrameHead(shape, str(dtype), _pixel_size(values), **known)  # type: ignore[arg-type]


def shown(value: object) -> str:
    """A value from the network as it may stand in a message: short, in printable characters."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def json_mapping(text: str, what: str) -> Mapping[str, object]:
    """The keys and values of a JSON object from the network; NaN and infinity are not JSON.

    Args:
        text: The text.
        what: What it is, for messages.

    Raises:
        RefusedFrame: If it is not a JSON object.
    """

    def refuse(name: str) -> object:
        raise ValueError(f"{name} is not JSON")

    try:
        values = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise RefusedFrame(BAD_REQUEST, f"{what} is not valid JSON.") from error
    if not isinstance(values, dict):
        raise RefusedFrame(BAD_REQUEST, f"{what} must be a JSON object; got {shown(values)}.")
    return values


def number(key: str, value: object) -> float | None:
    """A finite number, or None for null.

    Raises:
        RefusedFrame: If it is neither.
    """
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        if math.isfinite(found):
            return found
    raise RefusedFrame(UNPROCESSABLE, f"{key} must be a finite number; got {shown(value)}.")


def _mapping(text: str | None) -> Mapping[str, object]:
    if text is None:
        raise RefusedFrame(BAD_REQUEST, f"The header {HEADER} is missing.")
    if len(text) > MOST_HEAD:
        raise RefusedFrame(
            BAD_REQUEST,
            f"The header {HEADER} has {len(text)} characters; at most {MOST_HEAD} are read.",
        )
    return json_mapping(text, f"The header {HEADER}")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shape(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_whole, value)):
        raise RefusedFrame(
            UNPROCESSABLE, f"shape must be [rows, columns] of one image; got {shown(value)}."
        )
    rows, cols = value
    if not (LEAST_SIDE <= rows <= MOST_SIDE and LEAST_SIDE <= cols <= MOST_SIDE):
        raise RefusedFrame(
            UNPROCESSABLE,
            f"shape must be from {LEAST_SIDE} to {MOST_SIDE} rows and columns; got {shown(value)}.",
        )
    return rows, cols


def _pixel_size(values: Mapping[str, object]) -> tuple[float, float] | None:
    """Height and width of a pixel [Å]; None if a length is not given."""
    scale, units = values.get("scale"), values.get("units")
    if scale is None or units is None:
        return None
    sizes, names = _pair("scale", scale), _pair("units", units)
    if not all(isinstance(name, str) for name in names):
        raise RefusedFrame(UNPROCESSABLE, f"units must be two texts; got {shown(units)}.")
    lengths = [name[:LONGEST_TEXT] for name in names if is_length(name[:LONGEST_TEXT])]
    if len(lengths) < 2:  # pixels, or a unit that is not known
        return None
    found = [
        to_angstrom(float(number("scale", size) or 0.0), name)
        for size, name in zip(sizes, lengths, strict=True)
    ]
    if not all(SMALLEST_PIXEL <= size <= LARGEST_PIXEL for size in found):
        raise RefusedFrame(
            UNPROCESSABLE,
            f"The pixel size of {found[0]:.4g} x {found[1]:.4g} Å is not that of an atomic image; "
            f"expected {SMALLEST_PIXEL} to {LARGEST_PIXEL:g} Å.",
        )
    return found[0], found[1]


def _pair(key: str, value: object) -> Sequence:
    """Two values, of which a single one counts for both axes."""
    if not isinstance(value, list) or len(value) not in (1, 2):
        raise RefusedFrame(
            UNPROCESSABLE, f"{key} must have one entry for rows and columns; got {shown(value)}."
        )
    return value * 2 if len(value) == 1 else value


_NOT_PRINTED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, changes of the writing direction and halves of characters."""


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise RefusedFrame(UNPROCESSABLE, f"{key} must be a text; got {shown(value)}.")
    return _NOT_PRINTED.sub(" ", value[:LONGEST_TEXT])


def _index(key: str, value: object) -> int:
    if not _whole(value) or not 0 <= value < 1000:  # type: ignore[operator]
        raise RefusedFrame(UNPROCESSABLE, f"{key} must be from 0 to 999; got {shown(value)}.")
    return int(value)  # type: ignore[call-overload, no-any-return]


_OPTIONAL: Mapping[str, Callable[[str, object], object]] = {
    **dict.fromkeys(("source", "name", "time", "series"), _text),
    **dict.fromkeys(("exposure_s", "energy_kev", "defocus_nm"), number),
    "index": _index,
}
"""How further keys are read."""
