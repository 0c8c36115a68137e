"""The server's answers to requests."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from tornado.web import HTTPError, RequestHandler, stream_request_body

from temnet.errors import InputError
from temnet.live.access import FORBIDDEN, UNAUTHORIZED, Access
from temnet.live.columns_json import columns_csv, columns_json
from temnet.live.frame_format import (
    BAD_REQUEST,
    CONFLICT,
    HEADER,
    MOST_BYTES,
    TOO_LARGE,
    UNPROCESSABLE,
    FrameHead,
    RefusedFrame,
    json_mapping,
    parse_head,
    shown,
)
from temnet.live.messages import Failed, Found, Seen
from temnet.live.session import MOST_RECENT, LiveSession, Result

LOGGER = logging.getLogger(__name__)

MOST_SETTINGS = 2**14
"""Most bytes of a body that holds settings."""

MOST_UPLOADING = 2**29
"""Most bytes of all frames that are being received."""

UNAVAILABLE, NOT_FOUND, LENGTH_REQUIRED, METHOD_NOT_ALLOWED = 503, 404, 411, 405

HEADERS = {
    "Server": "temnet",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Headers of all answers."""


class Answer(RequestHandler):
    """An answer, after the checks that all requests share."""

    needs_token = True

    def initialize(self, session: LiveSession, access: Access) -> None:
        """Takes what all answers need."""
        self.session, self.access = session, access

    def set_default_headers(self) -> None:
        """Sets the headers of all answers, errors included."""
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Checks the request before its body is read."""
        headers = self.request.headers
        self.access.check_source(headers.get("Host"), headers.get("Origin"))
        if self.needs_token:
            self.access.check_header(headers.get("Authorization"))

    def answer(self, values: Mapping[str, object], status: int = HTTPStatus.OK) -> None:
        """Answers with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(values, allow_nan=False))

    def log_exception(self, kind: Any, error: Any, traceback: Any) -> None:
        """Logs errors of this program alone, with nothing that a request brought."""
        if not isinstance(error, RefusedFrame | HTTPError):
            LOGGER.error("an answer failed", exc_info=(kind, error, traceback))

    def write_error(self, status_code: int, **known: Any) -> None:
        """Answers with a sentence; nothing of this program's inside."""
        error = known.get("exc_info", (None, None))[1]
        status, sentence = status_code, "The request cannot be answered."
        if isinstance(error, RefusedFrame):
            status, sentence = error.status, str(error)
        elif isinstance(error, HTTPError) and status_code in _SENTENCES:
            sentence = _SENTENCES[status_code]
        if status == UNAUTHORIZED:
            self.set_header("WWW-Authenticate", "Bearer")
        self.answer({"error": sentence}, status)


_SENTENCES = {
    NOT_FOUND: "There is nothing at this path.",
    METHOD_NOT_ALLOWED: "This path does not take requests of this kind.",
    BAD_REQUEST: "The request is not valid.",
}


class Nothing(Answer):
    """Paths that lead nowhere."""

    needs_token = False

    def prepare(self) -> None:
        """Refuses the request."""
        super().prepare()
        raise HTTPError(NOT_FOUND)


@stream_request_body
class Frames(Answer):
    """Takes a frame: ``POST /v1/frames``."""

    _uploading = 0

    def initialize(self, session: LiveSession, access: Access) -> None:
        """Takes what all answers need."""
        super().initialize(session, access)
        self._expected, self._got, self._body = 0, 0, bytearray()
        self._refusal: RefusedFrame | None = None

    def prepare(self) -> None:
        """Checks everything but the pixels before these are read."""
        try:
            super().prepare()
            if self.request.method != "POST":
                return
            self._head = self._checked_head()
        except RefusedFrame as refusal:
            self._read_to_its_end(refusal)
            return
        self._check_length(self._head)
        self._expected = self._head.byte_count
        type(self)._uploading += self._expected
        self.request.connection.set_max_body_size(self._expected)  # type: ignore[union-attr]
        self._body = bytearray(self._expected)

    def _read_to_its_end(self, refusal: RefusedFrame) -> None:
        """Answers after the body, which is not kept: senders do not read before.

        Raises:
            RefusedFrame: At once, where the request was not meant for this server, or its body has
                no length that could be a frame's.
        """
        length = self.request.headers.get("Content-Length", "")
        counted = length.isascii() and length.isdigit() and int(length[:12]) <= MOST_BYTES
        if refusal.status == FORBIDDEN or not counted or self.request.method != "POST":
            raise refusal
        self.request.connection.set_max_body_size(int(length))  # type: ignore[union-attr]
        self._refusal = refusal

    def _checked_head(self) -> FrameHead:
        headers = self.request.headers
        heads = headers.get_list(HEADER)
        if len(heads) > 1:
            raise RefusedFrame(BAD_REQUEST, f"The header {HEADER} is there more than once.")
        head = parse_head(_utf8(heads[0]) if heads else None)
        self.session.pixel_size(head)
        return head

    def _check_length(self, head: FrameHead) -> None:
        length = self.request.headers.get("Content-Length")
        if length is None:
            raise RefusedFrame(LENGTH_REQUIRED, "The header Content-Length is missing.")
        if not length.isascii() or not length.isdigit() or int(length[:12]) != head.byte_count:
            raise RefusedFrame(
                UNPROCESSABLE,
                f"The body has {shown(length)} bytes; {head.shape[0]} x {head.shape[1]} pixels of "
                f"type {head.dtype} are {head.byte_count} bytes.",
            )
        if self._uploading + head.byte_count > MOST_UPLOADING:
            raise RefusedFrame(UNAVAILABLE, "Too many frames are being received; try again.")

    def data_received(self, chunk: bytes) -> None:
        """Takes a part of the pixels."""
        if self._refusal is not None:
            return
        end = self._got + len(chunk)
        if end > self._expected:
            raise RefusedFrame(TOO_LARGE, "The body is longer than it should be.")
        self._body[self._got : end] = chunk
        self._got = end

    async def post(self) -> None:
        """Lets the frame be analysed; with ``?wait=1`` the answer has its columns."""
        if self._refusal is not None:
            raise self._refusal
        if self._got != self._expected:
            raise RefusedFrame(UNPROCESSABLE, "The body is shorter than it should be.")
        wait = self.get_query_argument("wait", "0")
        if wait not in ("0", "1"):
            raise RefusedFrame(UNPROCESSABLE, f"wait must be 0 or 1; got {shown(wait)}.")
        taken = self.session.submit(self._head, self._head.pixels(self._body))
        single = taken.missing and not self._head.series
        self._release()
        if wait == "0" or (taken.missing and not single):
            accepted = {"frame": taken.number, "missing": taken.missing}
            self.answer(accepted, HTTPStatus.ACCEPTED)
            return
        _answer_columns(self, await self.session.result(taken.number), taken.number)

    def on_finish(self) -> None:
        """Forgets the frame."""
        self._release()

    def on_connection_close(self) -> None:
        """Forgets a frame whose sender is gone."""
        self._release()

    def _release(self) -> None:
        type(self)._uploading -= self._expected
        self._expected, self._got, self._body = 0, 0, bytearray()


class Columns(Answer):
    """The columns of a frame: ``GET /v1/frames/ID/columns.json`` and ``.csv``."""

    def get(self, number: str, kind: str | None) -> None:
        """Answers with the columns, or 404 if they are not found yet or forgotten."""
        found = self.session.kept(int(number))
        if kind == ".csv" and isinstance(found, Found):
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", f'attachment; filename="columns_{number}.csv"')
            self.finish(columns_csv(found))
            return
        _answer_columns(self, found, int(number))


class Latest(Answer):
    """The newest columns: ``GET /v1/latest``."""

    def get(self) -> None:
        """Answers with them, or 404 before the first frame."""
        _answer_columns(self, self.session.latest, None)


def _answer_columns(answer: Answer, found: Result | None, number: int | None) -> None:
    if isinstance(found, Found):
        answer.answer(columns_json(found, time.monotonic() - found.frame.received))
    elif isinstance(found, Failed):
        status = UNAVAILABLE if found.dropped else UNPROCESSABLE
        answer.answer({"error": found.sentence, "frame": found.number}, status)
    elif isinstance(found, Seen):
        answer.answer({"error": ONE_FOCUS, "frame": found.frame.number}, CONFLICT)
    else:
        which = "yet" if number is None else f"of frame {number}"
        raise RefusedFrame(NOT_FOUND, f"There are no columns {which}.")


class Strain(Answer):
    """The strain of the newest frames: ``GET /v1/strain?frames=20``."""

    async def get(self) -> None:
        """Answers with it, or 422 where no lattice fits the columns."""
        text = self.get_query_argument("frames", "1")
        count = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        if not 1 <= count <= MOST_RECENT:
            raise RefusedFrame(
                UNPROCESSABLE, f"frames must be from 1 to {MOST_RECENT}; got {shown(text)}."
            )
        recent = self.session.recent(count)
        from temnet.live.strain_layer import strain_json

        try:
            self.answer(await asyncio.to_thread(strain_json, recent))
        except RefusedFrame:
            raise
        except InputError as error:
            raise RefusedFrame(UNPROCESSABLE, str(error)) from error


ONE_FOCUS = (
    "The network takes focal series; send series and index with the frames, or take this one as a "
    "focus on the page."
)


class Series(Answer):
    """The focal series that is taken image by image: ``POST`` and ``DELETE /v1/series``."""

    def post(self) -> None:
        """Takes the single image that is shown as the next focus."""
        self.answer(self.session.take_focus())

    def delete(self) -> None:
        """Begins anew."""
        self.answer(self.session.clear_foci())


class Status(Answer):
    """The condition of the server: ``GET /v1/status``."""

    def get(self) -> None:
        """Answers with it."""
        self.answer(self.session.status())


class Networks(Answer):
    """The networks that can be chosen: ``GET /v1/networks``."""

    def get(self) -> None:
        """Answers with their names."""
        self.answer({"networks": list(self.session.networks())})


class Settings(Answer):
    """The settings: ``GET`` and ``PUT /v1/settings``."""

    def get(self) -> None:
        """Answers with the settings."""
        self.answer(self.session.settings.as_values())

    def put(self) -> None:
        """Changes some settings; answers with all of them."""
        body = self.request.body
        if len(body) > MOST_SETTINGS:
            raise RefusedFrame(TOO_LARGE, f"Settings have at most {MOST_SETTINGS} bytes.")
        values = json_mapping(_utf8(body), "The body")
        self.answer(self.session.change(values).as_values())


class Recording(Answer):
    """The recording: ``POST`` and ``DELETE /v1/record``."""

    def post(self) -> None:
        """Starts it."""
        self.answer(self.session.record(True))

    def delete(self) -> None:
        """Stops it."""
        self.answer(self.session.record(False))


def _utf8(text: str | bytes) -> str:
    """Text in UTF-8; Tornado takes headers for Latin-1.

    Raises:
        RefusedFrame: If it is not.
    """
    try:
        return (text.encode("latin-1") if isinstance(text, str) else text).decode("utf-8")
    except UnicodeError as error:
        raise RefusedFrame(BAD_REQUEST, "The text is not in UTF-8.") from error


PAGE_FILES = {"live.js": "text/javascript", "live.css": "text/css"}
"""Files of the page and their types."""


class Page(Answer):
    """The page: ``GET /``.  It holds no secret; its token is in the address that opens it."""

    needs_token = False

    def get(self) -> None:
        """Answers with the page."""
        nonce = secrets.token_urlsafe(16)
        host = self.request.headers["Host"]
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            f"img-src 'self' blob: data:; connect-src 'self' ws://{host}; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'",
        )
        text = _page_file("index.html").decode()
        self.finish(re.sub(r"\{\{nonce\}\}", nonce, text))


class PageFile(Answer):
    """The program and the style of the page."""

    needs_token = False

    def get(self, name: str) -> None:
        """Answers with a file of the page."""
        self.set_header("Content-Type", f"{PAGE_FILES[name]}; charset=utf-8")
        self.finish(_page_file(name))


def _page_file(name: str) -> bytes:
    return (files("temnet.live") / "page" / name).read_bytes()
