"""Many broken and hostile requests: none is analysed, none leaves a traceback, the server lives."""

import json
import random
import socket

import pytest
from live_server import HEAD, TOKEN

PIXELS = bytes(1536)


def good(port):
    return {
        "start": b"POST /v1/frames?wait=1 HTTP/1.1",
        "Host": f"127.0.0.1:{port}".encode(),
        "Authorization": f"Bearer {TOKEN}".encode(),
        "X-Temnet-Frame": json.dumps(HEAD).encode(),
        "Content-Length": b"1536",
        "Connection": b"close",
        "body": PIXELS,
    }


def garbage(rng, most=200):
    return rng.randbytes(rng.randrange(most)).replace(b"\r", b"?").replace(b"\n", b"?")


def broken_head(rng):
    """A head with one wrong value."""
    wrong = rng.choice(
        [("shape", [0, 24]), ("shape", [32, 24, 1]), ("shape", [32, 2**70]), ("shape", "x"),
         ("shape", [33, 24]), ("dtype", "|O"), ("dtype", ">u2"), ("dtype", "<f8"), ("dtype", None),
         ("protocol", 2), ("protocol", None), ("scale", [1e9, 1]), ("scale", {}), ("scale", ["a"]),
         ("scale", [-1, 1]), ("units", ["px", "px"]), ("units", [None]), ("index", -1)]
    )  # fmt: skip
    return json.dumps({**HEAD, wrong[0]: wrong[1]}).encode()


HOSTS = (b"evil.example", b"", b"127.0.0.1")
ORIGINS = (b"http://evil.example", b"null")
LENGTHS = (b"0", b"1535", b"-1", b"1e3", b"9" * 30, b"x", b"1536, 1535")

BREAKERS = {
    "no token": lambda rng, one: one.pop("Authorization"),
    "wrong token": lambda rng, one: one.update(Authorization=b"Bearer " + garbage(rng, 60)),
    "foreign host": lambda rng, one: one.update(Host=rng.choice(HOSTS)),
    "foreign origin": lambda rng, one: one.update(Origin=rng.choice(ORIGINS)),
    "garbage head": lambda rng, one: one.update({"X-Temnet-Frame": garbage(rng)}),
    "cut head": lambda rng, one: one.update(
        {"X-Temnet-Frame": one["X-Temnet-Frame"][: rng.randrange(1, 60)]}
    ),
    "broken head": lambda rng, one: one.update({"X-Temnet-Frame": broken_head(rng)}),
    "long head": lambda rng, one: one.update({"X-Temnet-Frame": b"[" * rng.randrange(8000, 20000)}),
    "wrong length": lambda rng, one: one.update(
        {"Content-Length": rng.choice(LENGTHS)}
    ),
    "half body": lambda rng, one: one.update(body=PIXELS[: rng.randrange(1535)]),
    "garbage start": lambda rng, one: one.update(start=garbage(rng)),
    "other path": lambda rng, one: one.update(
        start=b"POST /" + garbage(rng, 40).replace(b" ", b"%20") + b" HTTP/1.1"
    ),
    "chunked": lambda rng, one: one.update({"Transfer-Encoding": b"chunked"}),
    "many headers": lambda rng, one: one.update({f"X-{n}": b"y" * 100 for n in range(900)}),
}  # fmt: skip
"""Each makes a request wrong in one way."""


def exchange(port, one):
    """What the server answers; empty where it closes."""
    lines = [
        one["start"],
        *(k.encode() + b": " + v for k, v in one.items() if k not in ("start", "body")),
    ]
    text = b"\r\n".join(lines) + b"\r\n\r\n" + one["body"]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        parts = []
        try:
            connection.sendall(text)
            if len(one["body"]) < len(PIXELS):
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                parts.append(part)
        except ConnectionError:
            pass
        return b"".join(parts)


def attack(server, count, seed):
    rng = random.Random(seed)
    for number in range(count):
        one = good(server.port)
        kind = rng.choice(list(BREAKERS))
        BREAKERS[kind](rng, one)
        answer = exchange(server.port, one)
        status = int(answer[9:12]) if answer else 400
        assert 400 <= status < 500, (kind, one, answer)
        assert b"Traceback" not in answer and b".py" not in answer, (kind, answer)
        assert TOKEN.encode() not in answer
        if number % 500 == 0:
            assert server.is_well()
    assert server.is_well()
    assert server.session.received == server.session.condition.analysed == -(-count // 500) + 1
    assert server.session.condition.restarts == 0


def test_the_same_request_unbroken_is_answered(server):
    assert exchange(server.port, good(server.port)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("kind", BREAKERS)
def test_each_kind_of_broken_request_is_refused(server, kind):
    rng = random.Random(1)
    for _ in range(5):
        one = good(server.port)
        BREAKERS[kind](rng, one)
        answer = exchange(server.port, one)
        assert answer == b"" or answer[9:10] == b"4"
    assert server.is_well() and server.session.received == 1


@pytest.mark.slow
def test_a_thousand_broken_requests(server):
    attack(server, 1000, seed=2)


@pytest.mark.long
def test_ten_thousand_broken_requests(server):
    attack(server, 10_000, seed=3)
