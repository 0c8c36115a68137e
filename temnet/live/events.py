"""Events for pages: ``WS /v1/events``.

A page sends ``{"token": …}`` first.  It gets the server's status as JSON text, and each analysed
frame as bytes: the length of the head (four bytes, little-endian), the head in JSON, and the
picture's pixels.  A page that is slower than the frames gets the newest one.
"""

from __future__ import annotations

import asyncio
import json
import struct
from contextlib import suppress
from typing import Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from temnet.live.access import Access
from temnet.live.frame_format import RefusedFrame, json_mapping
from temnet.live.handlers import HEADERS
from temnet.live.messages import Event, Found, Seen
from temnet.live.session import LiveSession

REFUSED = 4401
"""Code with which a connection without the token is closed."""

PATIENCE = 5.0
"""Time for the token to come [s]."""

BETWEEN = 1.0
"""The status is sent at least this often [s]."""

MOST_CONNECTIONS = 16


class Events(WebSocketHandler):
    """Sends events to one page."""

    _connections = 0

    def initialize(self, session: LiveSession, access: Access) -> None:
        """Takes what the connection needs."""
        self.session, self.access = session, access
        self._wakened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._frame_waits, self._preview_waits = False, False
        self._counted = False

    def set_default_headers(self) -> None:
        """Sets the headers of all answers."""
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def check_origin(self, origin: str) -> bool:
        """Whether a page may connect; `prepare` has checked that."""
        return True

    def prepare(self) -> None:
        """Checks where the request comes from."""
        headers = self.request.headers
        self.access.check_source(headers.get("Host"), headers.get("Origin"))

    def write_error(self, status_code: int, **known: Any) -> None:
        """Answers with a sentence."""
        error = known.get("exc_info", (None, None))[1]
        refused = isinstance(error, RefusedFrame)
        self.set_status(error.status if refused else status_code)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": str(error) if refused else "This is for pages alone."}))

    def log_exception(self, kind: Any, error: Any, traceback: Any) -> None:
        """Logs no refused connections."""
        if not isinstance(error, RefusedFrame):
            super().log_exception(kind, error, traceback)

    def open(self, *args: str, **kwargs: str) -> None:
        """Waits for the token."""
        type(self)._connections += 1
        self._counted = True
        if type(self)._connections > MOST_CONNECTIONS:
            self.close(REFUSED, "too many pages")
            return
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(PATIENCE, self.close, REFUSED, "no token")

    def on_message(self, message: str | bytes) -> None:
        """Takes the token; later messages are refused."""
        try:
            if self._task is not None or not isinstance(message, str):
                raise RefusedFrame(REFUSED, "unexpected message")
            token = json_mapping(message, "The message").get("token")
            self.access.check_token(token if isinstance(token, str) else "")
        except RefusedFrame:
            self.close(REFUSED, "the token is not that of this server")
            return
        self._patience.cancel()
        self._frame_waits = self.session.latest is not None
        self._preview_waits = self.session.preview() is not None
        self._wakened.set()
        self.session.listeners.add(self._hear)
        self._task = asyncio.create_task(self._send())

    def on_close(self) -> None:
        """Forgets the page."""
        if self._counted:
            type(self)._connections -= 1
            self._counted = False
        if hasattr(self, "_patience"):
            self._patience.cancel()
        self.session.listeners.discard(self._hear)
        if self._task is not None:
            self._task.cancel()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Found):
            self._frame_waits = True
        elif isinstance(event, Seen):
            self._preview_waits = True
        self._wakened.set()

    async def _send(self) -> None:
        """Sends what is new, one message after the other."""
        with suppress(WebSocketClosedError):
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wakened.wait(), BETWEEN)
                self._wakened.clear()
                if self._frame_waits:
                    self._frame_waits = False
                    screen = self.session.screen()
                    assert screen is not None
                    await self.write_message(packed(*screen), binary=True)
                if self._preview_waits and (preview := self.session.preview()) is not None:
                    await self.write_message(packed(*preview), binary=True)
                self._preview_waits = False
                status = {"status": self.session.status()}
                await self.write_message(json.dumps(status, allow_nan=False))


def packed(head: object, picture: bytes) -> bytes:
    r"""A message: the length of the head, the head in JSON, and bytes.

    >>> packed({"a": 1}, b"xy")
    b'\x08\x00\x00\x00{"a": 1}xy'
    """
    text = json.dumps(head, allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + picture
