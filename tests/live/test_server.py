"""Requests, good and bad: what is answered, and that the server lives on."""

import json
import os
import signal
import socket
import threading
import time

import pytest
from live_server import HEAD, TOKEN, LiveServer, wait_for


def test_a_frame_comes_back_with_its_columns(server):
    answer = server.post()
    assert answer.status == 200
    assert answer.values["columns"]["row"] == [5.0] and answer.values["columns"]["col"] == [10.0]
    assert answer.values["classes"] == ["metal", "oxide"] and answer.values["counts"] == [1, 0]
    assert answer.values["pixel_size_angstrom"] == [0.2, 0.2]


def test_columns_can_be_fetched_afterwards(server):
    number = server.post().values["frame"]
    again = server.request("GET", f"/v1/frames/{number}/columns.json")
    assert again.values["columns"]["score"] == [0.9]
    table = server.request("GET", f"/v1/frames/{number}/columns.csv")
    assert table.headers["Content-Type"].startswith("text/csv")
    first, second = table.body.decode().splitlines()
    assert first.startswith("file,frame,row_angstrom") and second.startswith("frame 1,0,1,2,5,10,")
    assert server.request("GET", "/v1/latest").values["frame"] == number
    assert server.request("GET", "/v1/frames/999/columns").status == 404


def test_without_waiting_the_answer_is_the_number(server):
    answer = server.post(path="/v1/frames")
    assert (answer.status, answer.values) == (202, {"frame": 1, "missing": 0})


def test_a_dropped_and_a_bad_frame_are_answered_with_a_sentence(server, gate):
    assert server.post(4).status == 422
    answers = {}

    def send(key, command):
        answers[key] = server.post(command)

    threads = [threading.Thread(target=send, args=(key, 1)) for key in range(4)]
    for key, thread in enumerate(threads):
        thread.start()
        wait_for(lambda expected=key + 2: server.session.received == expected)
        wait_for(lambda: server.session.condition.state == "analysing")  # the first has its turn
    for thread in threads[1:3]:  # which need not wait for it
        thread.join()
    gate.touch()
    for thread in threads:
        thread.join()
    assert [answers[key].status for key in range(4)] == [200, 503, 503, 200]
    assert answers[1].values["error"] == "A newer frame came before its turn."
    assert server.request("GET", "/v1/status").values["dropped"] == 2


def test_the_status_names_versions_and_the_condition(server):
    assert server.is_well()
    status = server.request("GET", "/v1/status").values
    assert status["protocols"] == [1] and status["state"] == "ready"
    assert (status["received"], status["analysed"], status["restarts"]) == (1, 1, 0)
    assert status["age_s"] < 30 and status["remarks"] == []


@pytest.mark.parametrize("more", [0, 1])
def test_the_comparison_follows_the_columns(server, more):
    number = server.post(5).values["frame"]
    for _ in range(more):
        assert server.is_well()
    deadline = time.monotonic() + 20
    path = f"/v1/frames/{number}/columns"
    while server.request("GET", path).values["verdict"] != "out of distribution":
        assert time.monotonic() < deadline
    assert server.request("GET", "/v1/status").values["findings"] == [["note", "a remark"]]


def test_settings_are_changed(server):
    changed = server.request("PUT", "/v1/settings", b'{"threshold": 0.2, "region": [0, 16, 0, 16]}')
    assert changed.status == 200 and changed.values["threshold"] == 0.2
    assert server.request("GET", "/v1/settings").values == changed.values
    for body, status in [(b"[]", 400), (b"\xff", 400), (b'{"threshold": 2}', 422), (b"{}", 200)]:
        assert server.request("PUT", "/v1/settings", body).status == status
    assert server.request("PUT", "/v1/settings", b" " * 20000).status == 413
    assert server.request("GET", "/v1/settings").values == changed.values


def test_without_a_pixel_size_a_frame_waits_for_a_setting(server):
    head = {key: HEAD[key] for key in ("shape", "dtype")}
    assert server.post(head=head).status == 409
    assert "no pixel size" in server.request("GET", "/v1/status").values["remarks"][0]
    server.request("PUT", "/v1/settings", b'{"sampling": 0.1}')
    answer = server.post(head=head)
    assert answer.status == 200 and answer.values["pixel_size_angstrom"] == [0.1, 0.1]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer " + "u" * 43}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer \xe9"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Host": "attacker.example"}, 403),
        ({"Host": "attacker.example:{port}"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": "localhost:{port}"}, 200),
        ({"Origin": "http://attacker.example"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
    ],
)
def test_only_requests_of_its_own_page_with_the_token_are_answered(server, headers, status):
    known = {key: value and value.format(port=server.port) for key, value in headers.items()}
    for answer in (server.request("GET", "/v1/status", **known), server.post(**known)):
        assert answer.status == status
        assert "Access-Control-Allow-Origin" not in answer.headers
    if status != 200:
        assert set(answer.values) == {"error"}
        assert server.session.received == 0 and server.is_well()


def test_the_page_needs_no_token_but_its_own_host(server):
    answer = server.request("GET", "/", Authorization=None)
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status == 200 and "unsafe" not in policy and "default-src 'none'" in policy
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert f'nonce="{nonce}"'.encode() in answer.body and TOKEN.encode() not in answer.body
    other = server.request("GET", "/", Authorization=None).headers["Content-Security-Policy"]
    assert nonce not in other
    assert server.request("GET", "/live.js", Authorization=None).status == 200
    assert server.request("GET", "/", Host="attacker.example").status == 403
    for path in ("/page/index.html", "/../setup.py", "/live.js/..", "/%2e%2e/", "/liveXjs"):
        assert server.request("GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/frames"), ("POST", "/v1/status"), ("OPTIONS", "/v1/frames"), ("DELETE", "/"),
     ("BREW", "/v1/status"), ("GET", "/v1/frames/x/columns"), ("GET", "/v1/frames/-1/columns"),
     ("GET", "/v2/status"), ("GET", "/v1/events")],
)  # fmt: skip
def test_other_requests_get_a_sentence(server, method, path):
    answer = server.request(method, path)
    assert 400 <= answer.status < 500
    assert b"Traceback" not in answer.body and b"temnet/" not in answer.body
    assert server.is_well()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Length": "1535"}, 422),
        ({"Content_Length": "1537"}, 422),
        ({"Content_Length": "99999999999999999999"}, 422),
        ({"Content_Length": None}, 411),
        ({"X_Temnet_Frame": None}, 400),
        ({"X_Temnet_Frame": "{"}, 400),
        ({"X_Temnet_Frame": json.dumps({**HEAD, "protocol": 7})}, 400),
        ({"X_Temnet_Frame": json.dumps({**HEAD, "dtype": "|O"})}, 415),
        ({"X_Temnet_Frame": json.dumps({**HEAD, "shape": [16000, 16000]})}, 413),
        ({"X_Temnet_Frame": json.dumps({**HEAD, "shape": [8192, 4096], "dtype": "<f8"})}, 422),
        ({"X_Temnet_Frame": "\xff"}, 400),
    ],
)
def test_frames_that_do_not_fit_their_head_are_refused(server, headers, status):
    answer = server.post(**headers)
    assert answer.status == status and set(answer.values) == {"error"}
    assert server.session.received == 0 and server.is_well()


def raw(server, text, body=b"", pause=0.0):
    """What the server answers to bytes as they are."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode() + body)
        time.sleep(pause)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


def test_half_bodies_and_garbage_leave_the_server_well(server):
    start = (
        f"POST /v1/frames?wait=1 HTTP/1.1\nHost: 127.0.0.1:{server.port}\n"
        f"Authorization: Bearer {TOKEN}\nX-Temnet-Frame: {json.dumps(HEAD, ensure_ascii=True)}\n"
    )
    assert raw(server, start + "Content-Length: 1536\n\n", b"x" * 700) == b""
    assert (
        raw(server, start + "Transfer-Encoding: chunked\n\n", b"5\r\nxxxxx\r\n").split()[1]
        == b"411"
    )
    both = start + "Content-Length: 1536\nTransfer-Encoding: chunked\n\n"
    assert raw(server, both, b"0\r\n\r\n")[9:10] in (b"", b"4")
    for garbage in (
        b"\x00" * 1000,
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"",
    ):
        assert b"200 OK" not in raw(server, "", garbage)
    assert server.session.received == 0 and server.is_well()


def test_a_slow_body_holds_up_no_other_and_is_closed(stand_in, monkeypatch):
    monkeypatch.setattr("temnet.live.server.SLOWEST_BODY", 1.0)
    with LiveServer(stand_in) as server, socket.create_connection(server.address) as connection:
        text = (
            f"POST /v1/frames HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Bearer {TOKEN}\r\nX-Temnet-Frame: {json.dumps(HEAD)}\r\n"
            "Content-Length: 1536\r\n\r\n"
        )
        connection.sendall(text.encode() + b"x")
        assert server.is_well()
        connection.settimeout(20)
        assert connection.recv(100) == b""
        assert server.is_well() and server.session.received == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal")
def test_a_killed_analysis_is_reported_and_started_again(server):
    assert server.is_well()
    os.kill(server.session.condition.process, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not server.request("GET", "/v1/status").values["restarts"]:
        assert time.monotonic() < deadline
    assert server.is_well()
    answer = server.post(2)
    assert answer.status == 422 and "exit code 3" in answer.values["error"]
    assert "send the frame again" in answer.values["error"]
    assert server.is_well()
    assert server.request("GET", "/v1/status").values["restarts"] == 2


def test_nothing_listens_on_other_addresses(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    address = socket.gethostbyname(socket.gethostname())
    if not address.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((address, server.port), timeout=2)
