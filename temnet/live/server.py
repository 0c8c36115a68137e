"""The server: which path leads where, and on which address it listens."""

from __future__ import annotations

import errno
import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from temnet.errors import InputError
from temnet.live import handlers
from temnet.live.access import Access
from temnet.live.events import Events
from temnet.live.session import LiveSession

MOST_BODY = 2**20
"""Most bytes of a body other than a frame's."""

SLOWEST_BODY, LONGEST_IDLE = 60.0, 3600.0
"""A body that takes longer, and a connection without requests, are closed [s]."""

MOST_MESSAGE = 1024
"""Most bytes of a message from a page."""

NUMBER = r"(\d{1,12})"


def application(session: LiveSession, access: Access) -> Application:
    """The paths of the server."""
    known = {"session": session, "access": access}
    paths: list[Any] = [
        (r"/", handlers.Page, known),
        (rf"/({'|'.join(handlers.PAGE_FILES)})".replace(".", r"\."), handlers.PageFile, known),
        (r"/v1/frames", handlers.Frames, known),
        (rf"/v1/frames/{NUMBER}/columns(\.json|\.csv)?", handlers.Columns, known),
        (r"/v1/latest", handlers.Latest, known),
        (r"/v1/status", handlers.Status, known),
        (r"/v1/networks", handlers.Networks, known),
        (r"/v1/settings", handlers.Settings, known),
        (r"/v1/strain", handlers.Strain, known),
        (r"/v1/series", handlers.Series, known),
        (r"/v1/record", handlers.Recording, known),
        (r"/v1/events", Events, known),
    ]
    return Application(
        paths,
        default_handler_class=handlers.Nothing,
        default_handler_args=known,
        log_function=lambda handler: None,
        websocket_max_message_size=MOST_MESSAGE,
        websocket_ping_interval=20.0,
    )


def listen(host: str, port: int) -> list[socket.socket]:
    """Opens an address; port 0 takes a free one.

    Raises:
        InputError: If the address is not there or in use.
    """
    try:
        return bind_sockets(port, address=host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"Port {port} is in use, perhaps by another `temnet live`; give another --port."
            ) from error
        raise InputError(
            f"The address {host}, port {port}, cannot be used ({error.strerror or error})."
        ) from error


def serve(app: Application, sockets: list[socket.socket]) -> HTTPServer:
    """Starts the server in the running event loop."""
    for each in sockets:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = HTTPServer(
        app,
        max_body_size=MOST_BODY,
        max_header_size=2**16,
        body_timeout=SLOWEST_BODY,
        idle_connection_timeout=LONGEST_IDLE,
        chunk_size=2**20,
    )
    server.add_sockets(sockets)
    return server
