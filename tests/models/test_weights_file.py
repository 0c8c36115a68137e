"""Weights are those in the file, and invalid files are refused before they are read."""

import io
import tracemalloc
import warnings
import zipfile

import h5py
import keras
import numpy as np
import pytest

from temnet.config.card import MOST_WEIGHTS
from temnet.errors import InputError
from temnet.models import factory
from temnet.models.checkpoint import load_network, save_network
from temnet.models.weights_file import MEMBER, SLACK
from tests.models.damage import change_card, change_settings, vouch

GIBIBYTE = 2**30


def rewrite(folder, change=lambda file: None, members=None, method=zipfile.ZIP_STORED):
    """Changes the HDF5 file, or the members, in a network's archive."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(content[MEMBER])
    with h5py.File(weights, "r+") as file:
        change(file)
    content[MEMBER] = weights.getvalue()
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, data in {**content, **(members or {})}.items():
            archive.writestr(name, data)
    vouch(folder)


def first_weights(file):
    """Path of the weights of a convolution."""
    return next(f"layers/{name}/vars/0" for name in file["layers"] if name.startswith("conv"))


def put(value):
    def change(file):
        data = file[first_weights(file)]
        data[(0,) * data.ndim] = value

    return change


def wrong_archive(folder, content):
    (folder / "model.keras").write_bytes(content)
    vouch(folder)


def archive_of(folder):
    return (folder / "model.keras").read_bytes()


def replaced(**made):
    def change(file):
        path = first_weights(file)
        shape = file[path].shape
        del file[path]
        file.create_dataset(path, **{"shape": shape, "dtype": "f4", **made})

    return change


def linked(link):
    def change(file):
        path = first_weights(file)
        del file[path]
        file[path] = link

    return change


def external(file):
    path = first_weights(file)
    shape = file[path].shape
    del file[path]
    file.create_dataset(path, shape, "f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def test_a_right_one_that_was_written_again_is_read(folder):
    before = load_network(folder).model.get_weights()
    rewrite(folder)
    for one, other in zip(load_network(folder).model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_are_those_that_keras_reads(folder):
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    for one, other in zip(load_network(folder).model.weights, model.weights, strict=True):
        assert one.path == other.path
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_files_of_older_keras_name_no_layers(folder):
    def forget(file):
        for name in file["layers"]:
            file[f"layers/{name}/vars"].attrs.clear()

    before = load_network(folder).model.get_weights()
    rewrite(folder, forget)
    for one, other in zip(load_network(folder).model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


WRONG_WEIGHTS = {
    "NaN": (put(np.nan), "1 of .* weights of the layer encoder_0_1_conv are NaN or infinite"),
    "infinity": (put(-np.inf), "are NaN or infinite"),
    "4 GiB": (replaced(shape=(GIBIBYTE,)), r"float32 of shape \(1073741824,\)"),
    "4 GiB in chunks": (replaced(shape=(GIBIBYTE,), chunks=(2**20,)), "of shape"),
    "unwritten": (replaced(), "not stored as Keras"),
    "compressed": (replaced(compression="gzip", chunks=True), "not stored as Keras"),
    "double": (replaced(dtype="f8"), "is float64"),
    "text": (replaced(dtype=h5py.string_dtype()), "is object"),
    "missing": (linked(h5py.SoftLink("/nowhere")), "weights of the layer .* are missing"),
    "link to a file": (linked(h5py.ExternalLink("/etc/hostname", "/")), "are missing"),
    "outside": (external, "not stored as Keras"),
    "no layers": (lambda file: file.clear(), "are missing"),
    "one more": (
        lambda file: file.create_dataset(first_weights(file)[:-1] + "7", data=[1.0]),
        "more weights",
    ),
}


@pytest.mark.parametrize("name", WRONG_WEIGHTS)
def test_invalid_weights(folder, name):
    change, message = WRONG_WEIGHTS[name]
    rewrite(folder, change)
    tracemalloc.start()
    with pytest.raises(InputError, match=message) as caught:
        load_network(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6 and "\n" not in str(caught.value)


def bomb(folder):
    rewrite(folder, members={MEMBER: bytes(2**28)}, method=zipfile.ZIP_DEFLATED)
    assert (folder / "model.keras").stat().st_size < 2**20


WRONG_ARCHIVES = {
    "bomb": (bomb, "compressed|bytes"),
    "deflated": (lambda folder: rewrite(folder, method=zipfile.ZIP_DEFLATED), "compressed|bytes"),
    "more members": (lambda folder: rewrite(folder, members={"../x.py": b""}), "archive holds"),
    "no HDF5": (lambda f: rewrite(f, members={MEMBER: bytes(26000)}), "cannot be read|bytes"),
    "cut off": (lambda f: wrong_archive(f, archive_of(f)[:-100]), "cannot be read|bytes"),
    "damaged": (lambda f: wrong_archive(f, archive_of(f).replace(b"PK", b"KP")), "cannot be read"),
    "zeros": (lambda f: wrong_archive(f, bytes(len(archive_of(f)))), "cannot be read"),
    "empty": (lambda f: wrong_archive(f, b""), "has 0 bytes"),
    "too large": (lambda f: wrong_archive(f, archive_of(f) + bytes(SLACK)), "bytes"),
}


@pytest.mark.parametrize("name", WRONG_ARCHIVES)
def test_invalid_archives(folder, name):
    change, message = WRONG_ARCHIVES[name]
    change(folder)
    with pytest.raises(InputError, match=message):
        load_network(folder)


def test_the_largest_network_is_not_built(folder, monkeypatch):
    def large(values):
        values["model"] = {"kind": "msdnet", "sampling": 0.2, "depth": 450, "width": 30}

    monkeypatch.setattr(factory, "build_model", lambda *args, **kwargs: pytest.fail("built"))
    change_settings(folder, large)
    change_card(folder, kind="msdnet", parameters=...)
    with pytest.raises(InputError, match="weights of the network need"):
        load_network(folder)
    assert MOST_WEIGHTS < 2e9


def test_weights_that_are_no_numbers_are_not_saved(folder, tmp_path):
    network = load_network(folder)
    weights = network.model.get_weights()
    weights[0][..., 0] = np.inf
    network.model.set_weights(weights)
    with pytest.raises(InputError, match=r"not saved: 9 of 18 weights .*diverged"):
        save_network(tmp_path / "new", network.model, network.experiment, network.card)
    assert not (tmp_path / "new").exists()
    with pytest.raises(InputError, match="not saved"):  # and the old one stays
        save_network(folder, network.model, network.experiment, network.card)
    assert load_network(folder).name == "tiny"


def test_finite_weights_that_give_no_numbers(folder, dots):
    from temnet.inference.engines.choice import choose_engine

    network = load_network(folder)
    network.model.set_weights([np.full_like(one, 1e30) for one in network.model.get_weights()])
    images = np.repeat(dots[:32, :32, None], network.model.input_shape[-1], axis=-1)
    for engine in ("keras", "auto"):
        with pytest.raises(InputError, match="predicts probabilities that are not finite"):
            choose_engine(network, engine).run(images)
