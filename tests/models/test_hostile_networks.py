"""Networks' folders that are damaged, hostile or put together from two: a sentence, no more.

Each must end in `InputError` without claiming much memory, or in a network of finite weights.
"""

import json
import random
import shutil

import keras
import numpy as np
import pytest
import yaml

from temnet import predict
from temnet.errors import InputError
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import find_network
from tests.models.damage import change_card, change_settings, vouch


def not_a_number(folder):
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    model.set_weights([np.full_like(one, np.nan) for one in model.get_weights()])
    model.save(folder / "model.keras")
    vouch(folder)


def truncated(folder):
    path = folder / "model.keras"
    path.write_bytes(path.read_bytes()[:-50])
    vouch(folder)


@pytest.mark.parametrize("name", ["model.keras", "experiment.yaml", "card.json"])
def test_a_folder_or_a_circle_of_links_in_place_of_a_file(folder, name):
    message = "not a network's folder" if name == "card.json" else f"{name} is missing"
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(InputError, match=message):
        load_network(folder)
    (folder / name).rmdir()
    (folder / name).symlink_to(folder / name)
    with pytest.raises(InputError, match=message):
        load_network(folder)


@pytest.mark.parametrize("name", ["x" * 5000, "a/" * 3000, "nul\0nul", "\udc80", "..", ""])
def test_invalid_names(name):
    with pytest.raises(InputError) as caught:
        find_network(name)
    assert len(str(caught.value)) < 2000


def with_calibration(**changes):
    return {"slope": 1.0, "offset": 0.0, "class_slope": 1.0} | changes


COMPARED = {
    "spectrum": [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], "bin_edges": [0.1, 0.2, 0.3], "limit": 1.0,
    "noise_dose": 100.0, "spots": [0.3, 0.4], "spot_images": 2, "spot_limit": 1.0,
    "lattice_fraction": 0.5,
}  # fmt: skip

IMPOSSIBLE = {
    "threshold": [float("nan"), float("inf"), 0, 1, -0.5, True, "0.5", None, [0.5], 10**400],
    "sampling": [0, -0.2, float("inf"), 1e9, float("nan"), "0.2", None],
    "classes": [[], ["metal", "metal"], [""], "metal", [1], ["x" * 10_000], None, {"metal": 1}],
    "name": ["", "../evil", "a/b", "a\\b", "x" * 10_000, "a\nb", "\x1b[31m", " ", ".part", 5, None],
    "focus_count": [0, -1, 1.5, True, 10**9, None],
    "parameters": [0, -5, 1.5, 10**15, "5"],
    "camera_sampling": [[0.3, 0.1], [0, 1], [0.1], [0.1, 0.2, 0.3], "ab", [float("nan"), 1]],
    "score_calibration": [
        with_calibration(slope=float("nan")), with_calibration(slope=-1), {"slop": 1.0}, [1, 2],
        with_calibration(offset="a"), 5,
    ],
    "schema": [0, -1, 1.5, "1", True, None, 10**9],
    "sha256": ["", "x" * 64, "A" * 64, 5, None],
    "image_statistics": [
        {"x": 1}, {**COMPARED, "spectrum": [[0.0], [1.0], [2.0]]}, {**COMPARED, "limit": None},
        {**COMPARED, "bin_edges": [0.3, 0.2, 0.1]}, {**COMPARED, "spots": []},
        {**COMPARED, "lattice_fraction": 2},
    ],
    "frozen": [5, []],
    "metrics": [5],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in IMPOSSIBLE.items() for value in values]
)
def test_impossible_entries_of_a_card(folder, key, value):
    change_card(folder, **{key: value})
    with pytest.raises(InputError, match=r"card\.json") as caught:
        load_network(folder)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("key", ["schema", "sha256", "threshold", "name", "classes", "sampling"])
def test_missing_entries_of_a_card(folder, key):
    change_card(folder, **{key: ...})
    with pytest.raises(InputError, match=key):
        load_network(folder)


def test_a_possible_card_is_read(folder):
    change_card(
        folder, image_statistics=COMPARED, score_calibration=with_calibration(slope=2), more=1
    )
    card = load_network(folder).card
    assert card.image_statistics.spots == (0.3, 0.4) and card.score_calibration.slope == 2


CONTRADICTIONS = {
    "classes": ["metal", "support"], "focus_count": 3, "sampling": 0.25, "parameters": 7,
    "kind": "msdnet", "label_width": 0.5, "normalisation_width": 3.0, "focus_steps": [50.0],
    "camera_sampling": [0.1, 0.2],
}  # fmt: skip


@pytest.mark.parametrize("key", CONTRADICTIONS)
def test_a_card_of_another_network(folder, key):
    change_card(folder, **{key: CONTRADICTIONS[key]})
    with pytest.raises(InputError, match=f"different networks: {key} is .* on the card and"):
        load_network(folder)


def test_settings_of_another_network(folder):
    def deeper(values):
        values["model"]["depth"] = 2

    change_settings(folder, deeper)
    with pytest.raises(InputError, match="different networks: parameters is"):
        load_network(folder)
    change_card(folder, parameters=...)
    with pytest.raises(InputError, match=r"experiment\.yaml describes has float32 of shape"):
        load_network(folder)


def nested(text):
    return lambda path: path.write_text(text * 20_000)


WRONG_TEXTS = {
    "nested lists": nested("["),
    "nested names": nested('{"a":'),
    "UTF-16": lambda path: path.write_bytes(path.read_text().encode("utf-16")),
    "NUL": lambda path: path.write_bytes(bytes(100)),
    "nothing": lambda path: path.write_bytes(b""),
    "a number": lambda path: path.write_text("5"),
    "digits": lambda path: path.write_text('{"schema": 1' + "0" * 5000 + "}"),
    "large": lambda path: path.write_bytes(b"#" * (2**24 + 1)),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
}


@pytest.mark.parametrize("file", ["card.json", "experiment.yaml"])
@pytest.mark.parametrize("name", WRONG_TEXTS)
def test_invalid_texts(folder, file, name):
    WRONG_TEXTS[name](folder / file)
    with pytest.raises(InputError, match=file.replace(".", r"\.")) as caught:
        load_network(folder)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: /etc/passwd\n", "names another as base"),
        ("base: ../other.yaml\n", "names another as base"),
        ("model: {base: other.yaml}\n", "names another as base"),
        ('"\\x62ase": other.yaml\n', "names another as base"),
        ("a: &a [1]\nb: *a\n", "by an alias"),
        ("1: 2\n", "settings must be texts"),
        ("structure: !!python/object/apply:os.system [touch /tmp/x]\n", "not valid YAML"),
        ("structure: {kind: python, function: 'os:getcwd'}\n", "."),
        ("labels: {classes: [Mo]}\n", "."),
    ],
)
def test_settings_lead_nowhere_else(folder, text, message):
    (folder / "experiment.yaml").write_text(text)
    (folder.parent / "other.yaml").write_text("seed: 1\n")
    with pytest.raises(InputError, match=message):
        load_network(folder)


SPOILERS = {
    "NaN": not_a_number,
    "contradiction": lambda folder: change_card(folder, focus_count=3),
    "truncated": truncated,
    "nested": lambda folder: nested("[")(folder / "card.json"),
}


@pytest.mark.parametrize("name", SPOILERS)
@pytest.mark.parametrize("command", ["predict", "run"])
def test_nothing_is_started_with_an_invalid_network(folder, dots, tmp_path, capfd, name, command):
    from temnet import run

    SPOILERS[name](folder)
    np.save(tmp_path / "dots.npy", dots)
    output, image = tmp_path / "out", str(tmp_path / "dots.npy")
    if command == "predict":
        words = [image, "--network", str(folder), "--sampling", "0.2", "--output", str(output)]
        code = predict.main(words)
    else:
        values = {
            "images": {"files": [image], "sampling": 0.2}, "prediction": {"network": str(folder)},
            "stages": ["predict"],
        }  # fmt: skip
        (tmp_path / "a.yaml").write_text(yaml.safe_dump(values))
        code = run.main([str(tmp_path / "a.yaml"), "--output", str(output)])
    error = capfd.readouterr().err
    assert code == 2 and "Traceback" not in error and str(folder) in error
    assert not output.exists()


HOSTILE = (
    None, True, 0, -1, 1e308, 10**30, "", "x" * 10_000, "\0", "\ud800", "../..", "/dev/zero", [],
    {}, [None], {"": None}, [[[]]], {"uniform": [1, 0]}, "=1+1", "1e3", "nan", float("inf"),
)  # fmt: skip


def places(values, path=()):
    """Paths of all values in nested mappings and lists."""
    pairs = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def put_at(values, path, value):
    for key in path[:-1]:
        values = values[key]
    values[path[-1]] = value


def spoil(folder, chance):
    """Changes a network's folder somehow."""
    file = chance.choice(["card.json", "experiment.yaml", "model.keras"])
    path = folder / file
    content = bytearray(path.read_bytes())
    how = chance.choice(["value", "bytes", "cut", "double"])
    if how == "value" and file != "model.keras":
        read, write = (json.loads, json.dumps) if file == "card.json" else (
            yaml.safe_load, yaml.safe_dump,
        )  # fmt: skip
        values = read(content.decode())
        put_at(values, chance.choice(list(places(values))), chance.choice(HOSTILE))
        content = write(values).encode("utf-8", "surrogatepass")
    elif how == "cut":
        del content[chance.randrange(len(content)) :]
    elif how == "double":
        start = chance.randrange(len(content))
        content[start:start] = content[start : start + chance.randrange(1, 5000)]
    else:
        for _ in range(chance.choice([1, 1, 3, 30])):
            content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    if file == "model.keras" and chance.random() < 0.8:
        vouch(folder)
    return f"{how} of {file}"


def survives(network_folder, tmp_path, number):
    """Whether a spoilt network is refused with a sentence, or still works; which of them."""
    folder = tmp_path / "tiny"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(network_folder / "tiny", folder)
    what = spoil(folder, random.Random(number))
    try:
        network = load_network(folder)
    except InputError as error:
        assert 20 < len(str(error)) < 3000, what
        return False
    except Exception as error:
        raise AssertionError(f"{number}: {what}") from error
    assert all(np.isfinite(one).all() for one in network.model.get_weights()), what
    assert network.card.focus_count == network.model.input_shape[-1], what
    return True


def test_spoilt_networks(network_folder, tmp_path):
    refused = [not survives(network_folder, tmp_path, number) for number in range(25)]
    assert 10 < sum(refused)


@pytest.mark.long
def test_many_spoilt_networks(network_folder, tmp_path):
    refused = [not survives(network_folder, tmp_path, number) for number in range(25, 1000)]
    assert 500 < sum(refused) < 975
