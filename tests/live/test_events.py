"""Events for pages: the token first, then frames and the status; slow pages get the newest."""

import asyncio
import json
import struct

import numpy as np
import pytest
from live_server import TOKEN
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect


def connect(server, **headers):
    url = f"ws://127.0.0.1:{server.port}/v1/events"
    return websocket_connect(HTTPRequest(url, headers=headers))


async def opened(server):
    page = await connect(server)
    await page.write_message(json.dumps({"token": TOKEN}))
    return page


async def next_of(page, kind):
    while True:
        message = await asyncio.wait_for(page.read_message(), 20)
        assert message is not None
        if isinstance(message, kind):
            return message


def unpacked(message):
    (length,) = struct.unpack("<I", message[:4])
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def test_a_page_gets_frames_with_their_picture_and_the_status(server):
    async def run():
        page = await opened(server)
        assert json.loads(await next_of(page, str))["status"]["analysed"] == 0
        answer = await asyncio.to_thread(server.post)
        head, picture = unpacked(await next_of(page, bytes))
        assert head["frame"] == answer.values["frame"]
        assert head["picture"] == {"shape": [32, 24], "block": 1} and head["floor"] == 0.1
        assert head["columns"]["score"] == [0.9, 0.3]  # also those below the threshold
        assert np.frombuffer(picture, np.uint8).reshape(32, 24).max() == 0
        page.close()

    asyncio.run(run())


def test_a_page_that_opens_later_gets_the_newest_frame(server):
    assert server.is_well()

    async def run():
        page = await opened(server)
        assert unpacked(await next_of(page, bytes))[0]["frame"] == 1
        page.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "message",
    ["{}", '{"token": "wrong"}', '{"token": 7}', '{"token": null}', "[", "", b"\x00\xff", TOKEN],
)
def test_without_the_token_the_connection_is_closed(server, message):
    async def run():
        page = await connect(server)
        await page.write_message(message, binary=isinstance(message, bytes))
        assert await asyncio.wait_for(page.read_message(), 20) is None
        assert page.close_code == 4401

    asyncio.run(run())
    assert server.is_well()


def test_silence_and_long_messages_are_closed(server, monkeypatch):
    monkeypatch.setattr("temnet.live.events.PATIENCE", 0.2)

    async def run():
        page = await connect(server)
        assert await asyncio.wait_for(page.read_message(), 20) is None
        assert page.close_code == 4401
        page = await connect(server)
        await page.write_message("x" * 100_000)
        assert await asyncio.wait_for(page.read_message(), 20) is None

    asyncio.run(run())
    assert server.is_well()


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://attacker.example"}, {"Host": "attacker.example"}]
)
def test_other_pages_cannot_connect(server, headers):
    async def run():
        with pytest.raises(HTTPClientError) as refused:
            await connect(server, **headers)
        assert refused.value.code == 403

    asyncio.run(run())


def test_only_so_many_pages_are_served(server, monkeypatch):
    monkeypatch.setattr("temnet.live.events.MOST_CONNECTIONS", 2)

    async def run():
        pages = [await opened(server) for _ in range(2)]
        late = await connect(server)
        assert await asyncio.wait_for(late.read_message(), 20) is None
        for page in pages:
            await next_of(page, str)
            page.close()

    asyncio.run(run())
