"""The command of the live analysis: ``temnet live --network NAME``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from temnet.command_line.command import DONE, guarded
from temnet.config.analysis.prediction import DEFAULT_NETWORK
from temnet.errors import InputError
from temnet.live.access import LOOPBACK, Access, check_address
from temnet.live.client import PORT
from temnet.live.recording.recorder import LIMIT, RECORDINGS, Recorder
from temnet.live.session import LiveSession, first_settings
from temnet.live.sources.demo_camera import NETWORK, start_demo
from temnet.live.sources.watched_folder import open_watch
from temnet.live.token_file import default_token_file, read_token, write_new_token


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.live") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet live") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Finds the columns in the frames of a running camera and shows them on a page "
        "in the browser. Programs send frames to this server; it answers this computer alone, and "
        "only to requests with its token.",
    )
    parser.add_argument(
        "--network",
        metavar="NAME",
        help=f"name or folder of the network (default: {DEFAULT_NETWORK})",
    )
    parser.add_argument(
        "--watch",
        type=Path,
        metavar="FOLDER",
        help="folder into which another program writes images; new files become frames",
    )
    parser.add_argument(
        "--watch-present",
        action="store_true",
        help="take the files that are in the folder already, too",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help=f"record from the start, into a folder in DIR (default: when asked to on the page, "
        f"into {RECORDINGS})",
    )
    parser.add_argument(
        "--record-limit",
        type=float,
        default=LIMIT / 1e9,
        metavar="GB",
        help="a recording stops at this size, inf for none (default: %(default)g GB)",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="play a simulated movie, to try the page without a microscope",
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help="port of the page (default: %(default)s)"
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help="address of this computer that the server listens on (default: %(default)s); another "
        "one needs --token-file",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="file with the token, readable for you alone (default: a new token in your data "
        "folder)",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    check_address(options.host, options.token_file is not None)
    if options.demo and options.host != LOOPBACK:
        raise InputError(f"--demo plays on this computer alone; leave out --host {options.host}.")
    if not 0 <= options.port <= 65535:
        raise InputError(f"--port must be from 0 to 65535; got {options.port}.")
    given = None if options.token_file is None else read_token(options.token_file)
    settings = first_settings(options.network or (NETWORK if options.demo else None))
    from temnet.live.analysis.analysis_process import run_analysis
    from temnet.live.server import listen

    if not options.record_limit > 0:
        raise InputError(f"--record-limit must be more than 0 GB; got {options.record_limit:g}.")
    recorder = Recorder(options.record or RECORDINGS, options.record_limit * 1e9)
    session = LiveSession(run_analysis, settings, recorder)
    if options.record is not None:
        recorder.start()
    folder: Path | None = options.watch
    watch = None if folder is None else open_watch(session, folder, options.watch_present)
    sockets = listen(options.host, options.port)
    port = sockets[0].getsockname()[1]
    path = default_token_file(port) if given is None else options.token_file
    token = write_new_token(path) if given is None else given
    access = Access.of(token, options.host, port)
    tasks = [] if watch is None else [watch.run]
    print(f"The page: {page_address(options.host, port, token)}")
    print(f"The token for programs is in {path}")
    demo = start_demo(port, path) if options.demo else None
    print(f"The network {settings.network} starts …", flush=True)
    try:
        with suppress(asyncio.CancelledError):
            asyncio.run(_serve(session, access, sockets, tasks))
    finally:
        session.stop()
        if demo is not None:
            demo.kill()
        if given is None:
            path.unlink(missing_ok=True)
    return DONE


def page_address(host: str, port: int, token: str) -> str:
    """Address of the page; what follows # is neither sent nor logged by browsers."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/#{token}"


async def _serve(
    session: LiveSession,
    access: Access,
    sockets: list[socket.socket],
    tasks: Sequence[Callable[[], Coroutine[Any, Any, None]]],
) -> None:
    """Serves, with other tasks beside it, until a signal ends it."""
    from temnet.live.server import application, serve

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows, where Ctrl-C raises
            loop.add_signal_handler(name, ended.set)
    session.listeners.add(_Reporter(session))
    session.start()
    server = serve(application(session, access), sockets)
    running = [asyncio.create_task(task()) for task in tasks]
    await ended.wait()
    for task in running:
        task.cancel()
    server.stop()
    await server.close_all_connections()


class _Reporter:
    """Prints when the analysis becomes ready or starts again."""

    def __init__(self, session: LiveSession) -> None:
        self._session, self._last = session, ""

    def __call__(self, event: object) -> None:
        now = self._session.condition
        if now.state == "restarting":
            line = f"{now.message} It is started again."
        else:
            line = f"Ready ({now.engine})." if now.engine else ""
        if line not in ("", self._last):
            print(line, flush=True)
            self._last = line


if __name__ == "__main__":
    sys.exit(main())
