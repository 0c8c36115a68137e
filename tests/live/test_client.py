import subprocess
import sys

import numpy as np
import pytest
from live_server import TOKEN, LiveServer, with_a_port_that_stays_free

from temnet.errors import InputError
from temnet.live import Client
from temnet.live.client import sendable


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return path


@pytest.fixture
def client(server, token_file):
    with Client(server.port, token_file) as one:
        yield one


def test_columns_come_back(client):
    columns = client.find(np.zeros((32, 24), np.uint16), sampling=0.2, name="a.dm4")
    assert columns.positions.tolist() == [[5.0, 10.0]]
    assert columns.positions_angstrom.tolist() == [[1.0, 2.0]]
    assert columns.classes == ("metal", "oxide") and columns.score.tolist() == [0.9]
    assert columns.verdict == "in distribution" and columns.values["name"] == "a.dm4"
    assert client.latest().frame == columns.frame == 1 == client.status()["analysed"]


def test_pixels_that_are_not_square_and_settings(client):
    columns = client.find(np.zeros((32, 24)), sampling=(0.2, 0.4))
    assert columns.positions.tolist() == [[5.0, 5.0]]
    assert client.change(threshold=0.2)["threshold"] == 0.2
    assert client.send(np.zeros((32, 24), bool), 0.2) == 2


def test_numbers_of_numpy_are_sent(client, server):
    image = np.zeros((32, 24), np.uint16)
    client.find(image, np.float32(0.25), exposure_s=np.float32(0.5), energy_kev=np.array(300),
                defocus_nm=np.longdouble(-4), series="a", index=np.uint8(2))  # fmt: skip
    head = server.session.latest.frame.head
    assert head.pixel_size == (0.25, 0.25) and head.exposure_s == 0.5
    assert (head.energy_kev, head.defocus_nm, head.index) == (300, -4, 2)
    settings = {"threshold": np.float64(0.25), "region": np.array([0, 16, 0, 16])}
    changed = client.change(**settings, invert=np.True_)
    assert (changed["threshold"], changed["region"]) == (0.25, [0, 16, 0, 16])
    assert changed["invert"] is True


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("exposure_s", np.float32("nan"), "finite number"),
        ("energy_kev", float("inf"), "finite number"),
        ("defocus_nm", np.complex64(1j), "finite number"),
        ("name", b"a.dm4", "a text, .* got b.a.dm4"),
        ("time", np.datetime64("2026-01-01"), "a text"),
        ("sampling", float("nan"), "pixel size"),
        ("sampling", (0.2, 0.2, 0.2), "height and width"),
        ("sampling", "0.2 nm", "pixel size"),
    ],
)
def test_values_that_json_cannot_hold_are_named(client, key, value, words):
    given = {"sampling": 0.2, key: value}
    with pytest.raises(InputError, match=f"^{key} must be .*{words}"):
        client.send(np.zeros((32, 24), np.uint16), **given)
    with pytest.raises(InputError, match="^threshold must be"):
        client.change(threshold=object())
    assert client.status()["received"] == 0


@pytest.mark.parametrize("kind", ["u1", "<u2", ">u2", "<i4", ">i4", "<i8", "<f2", "<f4", ">f8"])
def test_each_type_keeps_its_values(kind):
    values = np.arange(100).astype(kind).reshape(10, 10)
    assert (sendable(values[::-1, ::2]) == values[::-1, ::2]).all()


@pytest.mark.parametrize(
    ("image", "sampling", "words"),
    [
        (np.zeros((8, 8), np.uint8), 0.2, "from 16"),
        (np.zeros((32, 32), np.uint8), None, "no pixel size"),
        (np.zeros((32, 32, 2)), 0.2, "one image"),
        (np.zeros((32, 32), complex), 0.2, "real numbers"),
        (np.full((32, 32), 4, np.uint8), 0.2, "This frame is bad"),
    ],
)
def test_what_is_wrong_is_an_input_error(client, image, sampling, words):
    with pytest.raises(InputError, match=words):
        client.find(image, sampling)
    assert len(client.find(np.zeros((32, 24), np.uint16), 0.2)) == 1


def test_a_large_frame_that_is_refused_gets_the_reason(client):
    for _ in range(5):  # the answer comes after the body, which the sender does not interrupt
        with pytest.raises(InputError, match="no pixel size"):
            client.find(np.zeros((4096, 2048), np.float32))
    assert len(client.find(np.zeros((32, 24), np.uint16), 0.2)) == 1


def test_a_server_that_starts_again_is_found_again(stand_in, token_file):
    image = np.zeros((32, 24), np.uint16)

    def attempt():
        with LiveServer(stand_in) as server:
            client = Client(server.port, token_file)
            assert len(client.find(image, 0.2)) == 1
        with pytest.raises(InputError) as away:
            client.find(image, 0.2)
        with LiveServer(stand_in, port=server.port):
            assert "is it running" in str(away.value)
            assert client.find(image, 0.2).frame == 1

    with_a_port_that_stays_free(attempt)


def test_a_wrong_token_is_refused(server, token_file):
    token_file.write_text("u" * 43)
    with pytest.raises(InputError, match="token is not that of this server"):
        Client(server.port, token_file).status()


def test_it_loads_nothing_heavy():
    code = (
        "import sys; from temnet.live import Client;"
        "heavy = {'tornado', 'scipy', 'pydantic', 'tensorflow', 'rsciio'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
