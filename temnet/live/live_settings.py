"""Settings of the live analysis, which the page and programs may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

from temnet.live.frame_format import (
    LARGEST_PIXEL,
    LEAST_SIDE,
    MOST_SIDE,
    SMALLEST_PIXEL,
    UNPROCESSABLE,
    RefusedFrame,
    number,
    shown,
)

Region = tuple[int, int, int, int]
"""First row, row after the last, first column and column after the last [pixels of the frame]."""


@dataclass(frozen=True)
class LiveSettings:
    """Settings of the live analysis.

    Attributes:
        network: Name of the network.
        threshold: Lowest score of a column that is shown and recorded; None for the network's own.
        invert: Whether bright and dark are exchanged; ``auto`` decides by the image.
        sampling: Pixel size of all frames [Å], instead of the one that a frame has; None without.
        region: Part of the frames that is analysed; None for whole frames.
    """

    network: str
    threshold: float | None = None
    invert: bool | Literal["auto"] = False
    sampling: float | None = None
    region: Region | None = None

    def changed(self, values: Mapping[str, object], networks: tuple[str, ...]) -> LiveSettings:
        """The settings with some of them changed.

        Args:
            values: New values by name, from the network.
            networks: Names that the network may have.

        Raises:
            RefusedFrame: If a name is not known or a value is not valid.
        """
        unknown = [name for name in values if name not in _CHECKS]
        if unknown:
            raise RefusedFrame(
                UNPROCESSABLE,
                f"There is no setting {shown(unknown[0])}; known are {', '.join(_CHECKS)}.",
            )
        if "network" in values and values["network"] not in networks:
            raise RefusedFrame(
                UNPROCESSABLE,
                f"There is no network {shown(values['network'])}; known are {', '.join(networks)}.",
            )
        found = {name: _CHECKS[name](value) for name, value in values.items()}
        return replace(self, **found)  # type: ignore[arg-type]

    def as_values(self) -> dict[str, object]:
        """The settings by name, for JSON."""
        return asdict(self)


def _threshold(value: object) -> float | None:
    found = number("threshold", value)
    if found is not None and not 0 < found < 1:
        raise RefusedFrame(UNPROCESSABLE, f"threshold must be between 0 and 1; got {found:g}.")
    return found


def _invert(value: object) -> bool | str:
    if value == "auto" or isinstance(value, bool):
        return value  # type: ignore[return-value]
    raise RefusedFrame(UNPROCESSABLE, f"invert must be true, false or auto; got {shown(value)}.")


def _sampling(value: object) -> float | None:
    found = number("sampling", value)
    if found is not None and not SMALLEST_PIXEL <= found <= LARGEST_PIXEL:
        raise RefusedFrame(
            UNPROCESSABLE,
            f"sampling must be from {SMALLEST_PIXEL} to {LARGEST_PIXEL:g} Å; got {found:g}.",
        )
    return found


def _region(value: object) -> Region | None:
    if value is None:
        return None
    whole = isinstance(value, list) and all(
        isinstance(edge, int) and not isinstance(edge, bool) for edge in value
    )
    if isinstance(value, list) and whole and len(value) == 4:
        top, bottom, left, right = value
        inside = 0 <= top and 0 <= left and bottom <= MOST_SIDE and right <= MOST_SIDE
        if inside and bottom - top >= LEAST_SIDE and right - left >= LEAST_SIDE:
            return top, bottom, left, right
    raise RefusedFrame(
        UNPROCESSABLE,
        "region must be [first row, row after the last, first column, column after the last] of "
        f"at least {LEAST_SIDE} pixels on each side; got {shown(value)}.",
    )


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "network": str,
    "threshold": _threshold,
    "invert": _invert,
    "sampling": _sampling,
    "region": _region,
}
"""How each setting is read."""
