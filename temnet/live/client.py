"""Sends frames to the live analysis from Python: ``temnet.live.Client``.

It needs the standard library and NumPy alone, so that a script that acquires images loads nothing
else.
"""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from temnet.errors import InputError
from temnet.live.access import LOOPBACK
from temnet.live.frame_format import HEADER, PROTOCOL
from temnet.live.token_file import default_token_file, read_token

PORT = 8765
"""Port of the server by default."""


@dataclass(frozen=True)
class LiveColumns:
    """Columns of a frame.

    Attributes:
        frame: Number of the frame, counted by the server.
        positions: (N, 2) float64, (row, col) [pixels of the frame] from the centre of pixel [0, 0].
        positions_angstrom: (N, 2) float64, the same in Å.
        class_index: (N,) int64, index into ``classes``.
        score: (N,) float64, in [0, 1].
        classes: Names of the classes.
        verdict: Whether the frame is like the training images, as in ``series.json``.
        findings: What was noticed: severities and sentences.
        values: Everything that the server answered.
    """

    frame: int
    positions: np.ndarray
    positions_angstrom: np.ndarray
    class_index: np.ndarray
    score: np.ndarray
    classes: tuple[str, ...]
    verdict: str
    findings: tuple[tuple[str, str], ...]
    values: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.score)


class Client:
    """Sends frames to a running ``temnet live``.

    >>> from temnet.live import Client
    >>> client = Client()  # doctest: +SKIP
    >>> columns = client.find(image, sampling=0.2)  # doctest: +SKIP
    """

    def __init__(
        self,
        port: int = PORT,
        token_file: str | Path | None = None,
        host: str = LOOPBACK,
        timeout: float = 60.0,
    ) -> None:
        """Reads the token; the server is asked with the first frame.

        Args:
            port: The server's port.
            token_file: File with the token; by default that of the server on this port.
            host: Address of the server.
            timeout: Longest time for an answer [s].

        Raises:
            InputError: If the token cannot be read.
        """
        self._token = read_token(
            default_token_file(port) if token_file is None else Path(token_file)
        )
        self._host, self._port, self._timeout = host, port, timeout
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the next frame opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(
        self,
        image: np.ndarray,
        sampling: float | tuple[float, float] | None = None,
        **known: object,
    ) -> int:
        """Sends a frame and does not wait for its columns.

        Args:
            image: (row, col) real grey values.
            sampling: Pixel size [Å], or height and width; None where it is set on the page.
            **known: Other keys of the head: source, name, time, exposure_s, energy_kev, defocus_nm,
                series, index.

        Returns:
            The number of the frame.

        Raises:
            InputError: If the frame is not accepted, or the server does not answer.
        """
        return int(self._post("/v1/frames", image, sampling, known)["frame"])

    def find(
        self,
        image: np.ndarray,
        sampling: float | tuple[float, float] | None = None,
        **known: object,
    ) -> LiveColumns:
        """Sends a frame and waits for its columns; see `send`.

        Raises:
            InputError: If the frame is not accepted, a newer one took its place, or the server does
                not answer.
        """
        return _columns(self._post("/v1/frames?wait=1", image, sampling, known))

    def find_series(
        self,
        images: Sequence[np.ndarray],
        sampling: float | tuple[float, float] | None = None,
        **known: object,
    ) -> LiveColumns:
        """Sends a focal series and waits for its columns; see `send`.

        Args:
            images: (row, col) images in the network's order of foci.
            sampling: As of `send`.
            **known: As of `send`, without series and index.

        Raises:
            InputError: As of `find`, and if the network takes another number of foci.
        """
        if len(images) == 0:
            raise InputError("A focal series has at least one image.")
        name = f"series {secrets.token_hex(6)}"
        for index, image in enumerate(images):
            tags = {**known, "series": name, "index": index}
            answer = self._post("/v1/frames?wait=1", image, sampling, tags)
            if (index + 1 == len(images)) != ("columns" in answer):
                expected = index + 1 + answer.get("missing", 0)
                raise InputError(
                    f"The network of temnet live takes {expected} foci; got {len(images)} images."
                )
        return _columns(answer)

    def latest(self) -> LiveColumns:
        """The newest columns of any frame.

        Raises:
            InputError: If there are none yet, or the server does not answer.
        """
        return _columns(self._request("GET", "/v1/latest"))

    def status(self) -> Mapping[str, Any]:
        """The condition of the server.

        Raises:
            InputError: If it does not answer.
        """
        return self._request("GET", "/v1/status")

    def change(self, **settings: object) -> Mapping[str, Any]:
        """Changes settings: network, threshold, invert, sampling, region.

        Returns:
            All settings.

        Raises:
            InputError: If a setting is not valid, or the server does not answer.
        """
        return self._request("PUT", "/v1/settings", sendable_json(settings).encode())

    def _post(
        self,
        path: str,
        image: np.ndarray,
        sampling: float | tuple[float, float] | None,
        known: Mapping[str, object],
    ) -> Mapping[str, Any]:
        pixels = sendable(np.asarray(image))
        head = {"protocol": PROTOCOL, "shape": pixels.shape, "dtype": pixels.dtype.str, **known}
        if sampling is not None:
            head["scale"] = _height_and_width(sampling)
            head["units"] = ["angstrom", "angstrom"]
        return self._request("POST", path, pixels.tobytes(), {HEADER: sendable_json(head)})

    def _request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        try:
            status, values = self._answer(method, path, body, sent)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise InputError(
                f"temnet live does not answer on {self._host}, port {self._port} "
                f"({error or type(error).__name__}); is it running?"
            ) from error
        if status >= 300:
            raise InputError(f"temnet live: {values.get('error', status)}")
        return values

    def _answer(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, Any]]:
        """Status and values of an answer; a connection that was closed meanwhile is opened anew."""
        kept = self._connection is not None
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                self._host, self._port, timeout=self._timeout
            )
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            if not kept:
                raise
            return self._answer(method, path, body, headers)
        return answer.status, json.loads(answer.read())


def sendable(image: np.ndarray) -> np.ndarray:
    """An image in a type of pixels that the server takes.

    Raises:
        InputError: If it is no (row, col) image of real numbers.

    >>> sendable(np.zeros((2, 3), ">u2")).dtype.str, sendable(np.zeros((2, 3), bool)).dtype.str
    ('<u2', '|u1')
    >>> sendable(np.zeros((2, 3), np.int64)).dtype.str
    '<f8'
    """
    if image.ndim != 2 or image.dtype.kind not in "buif":
        raise InputError(
            f"Expected one image (row, col) of real numbers; got the shape {image.shape} of type "
            f"{image.dtype}."
        )
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind == "b":
        name = "u1"
    elif kind == "f":
        name = "f4" if size <= 4 else "f8"
    else:
        name = f"{kind}{size}" if size <= 4 else "f8"
    return np.ascontiguousarray(image, np.dtype(name).newbyteorder("<"))


def sendable_json(values: Mapping[str, object]) -> str:
    """Values by their names as a JSON object; NumPy's numbers and arrays become plain ones.

    Raises:
        InputError: If JSON cannot hold a value; NaN and infinity are not JSON.

    >>> sendable_json({"exposure_s": np.float32(0.5), "region": np.arange(4)})
    '{"exposure_s": 0.5, "region": [0, 1, 2, 3]}'
    """
    parts = []
    for key, value in values.items():
        try:
            text = json.dumps(value, default=_plain, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{key} must be a finite number, a text, or a list of them; got {value!r:.60}."
            ) from error
        parts.append(f"{json.dumps(key)}: {text}")
    return "{" + ", ".join(parts) + "}"


def _plain(value: object) -> object:
    """What JSON has for a NumPy value.

    Raises:
        TypeError: If it has nothing for it.
    """
    if isinstance(value, np.ndarray):
        return value.tolist()
    for numpy_type, plain in ((np.bool_, bool), (np.integer, int), (np.floating, float)):
        if isinstance(value, numpy_type):
            return plain(value)  # type: ignore[call-overload]
    raise TypeError(f"JSON has no {type(value).__name__}")


def _height_and_width(sampling: float | tuple[float, float]) -> list[float]:
    """Height and width of a pixel [Å].

    Raises:
        InputError: If they are no finite numbers.
    """
    try:
        sizes = np.broadcast_to(np.asarray(sampling, float), 2)
    except (TypeError, ValueError):
        sizes = np.full(2, np.nan)
    if not np.isfinite(sizes).all():
        raise InputError(
            f"sampling must be a pixel size [Å], or height and width; got {sampling!r:.60}."
        )
    return sizes.tolist()  # type: ignore[no-any-return]


def _columns(values: Mapping[str, Any]) -> LiveColumns:
    found = values["columns"]

    def pairs(row: str, col: str) -> np.ndarray:
        return np.array([found[row], found[col]], np.float64).T.reshape(-1, 2)

    return LiveColumns(
        frame=values["frame"],
        positions=pairs("row", "col"),
        positions_angstrom=pairs("row_angstrom", "col_angstrom"),
        class_index=np.array(found["class"], np.int64),
        score=np.array(found["score"], np.float64),
        classes=tuple(values["classes"]),
        verdict=values["verdict"],
        findings=tuple((severity, text) for severity, text in values["findings"]),
        values=values,
    )
