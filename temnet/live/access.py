"""Who may talk to the server.

The server is bound to this computer, yet every page in a browser can send it requests.  So each
request must name the server by an address of its own (a foreign name that was made to lead here
fails), come from no other page, and bring the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from temnet.errors import InputError
from temnet.live.frame_format import RefusedFrame

UNAUTHORIZED, FORBIDDEN = 401, 403

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Access:
    """Whom the server answers.

    Attributes:
        token: The token.
        hosts: Values of the header ``Host`` that are accepted.
    """

    token: str
    hosts: frozenset[str]

    @staticmethod
    def of(token: str, host: str, port: int) -> Access:
        """The access to a server at an address."""
        names = {host} if not is_loopback(host) else {LOOPBACK, "localhost", "[::1]", host}
        hosts = {f"[{name}]" if ":" in name and name[0] != "[" else name for name in names}
        return Access(token, frozenset(f"{name}:{port}" for name in hosts))

    def check_source(self, host: str | None, origin: str | None) -> None:
        """Checks that a request was meant for this server and does not come from another page.

        Args:
            host: The header ``Host``.
            origin: The header ``Origin``; None without it, as programs send no such header.

        Raises:
            RefusedFrame: If it does.
        """
        if host is None or host.lower() not in self.hosts:
            raise RefusedFrame(FORBIDDEN, "The request names another host than this server.")
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            raise RefusedFrame(FORBIDDEN, "Requests of other pages are not answered.")

    def check_header(self, authorization: str | None) -> None:
        """Checks the header ``Authorization``.

        Raises:
            RefusedFrame: If it does not hold the token.
        """
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer":
            raise RefusedFrame(
                UNAUTHORIZED, "The header Authorization must be: Bearer, and the server's token."
            )
        self.check_token(token.strip())

    def check_token(self, token: str) -> None:
        """Checks a token, in the same time whatever is wrong with it.

        Raises:
            RefusedFrame: If it is not the server's.
        """
        given = token.encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self.token.encode()):
            raise RefusedFrame(UNAUTHORIZED, "The token is not that of this server.")


def is_loopback(host: str) -> bool:
    """Whether an address is this computer's own, which no other can reach.

    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "a.example")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(host: str, has_token_file: bool) -> None:
    """Refuses an address that other computers reach, unless a token file was given.

    Raises:
        InputError: If it is such an address, or none at all.
    """
    if is_loopback(host):
        return
    try:
        anywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        anywhere = True
    if anywhere:
        raise InputError(
            f"--host must be one numerical address of this computer, such as {LOOPBACK}; got "
            f"{host}."
        )
    if not has_token_file:
        raise InputError(
            f"Other computers can reach {host}: give a token that only you know with "
            f"--token-file, or leave out --host. Frames and columns are sent unencrypted."
        )
