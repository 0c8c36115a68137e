"""On-the-fly analysis: columns in the frames of a running camera.

A server on this computer takes frames, an analysis process of its own finds their columns, and a
page in the browser shows both.  `Client` sends frames from Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from temnet.live.client import Client as Client

__all__ = ["Client"]


def __getattr__(name: str) -> object:
    if name == "Client":
        from temnet.live.client import Client

        return Client
    raise AttributeError(f"module 'temnet.live' has no attribute {name!r}")
