"""Reading the weights of a network from a ``.keras`` file of unknown origin.

Only weights are read: the network itself is built from its settings.  The archive and the HDF5 file
in it may only hold plain float32 arrays, as Keras writes them; everything is checked against the
shapes of the network before it is read, so that a small file cannot claim much memory.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from temnet.errors import InputError

MEMBER = "model.weights.h5"
"""The weights in the archive."""

MEMBERS = frozenset({MEMBER, "config.json", "metadata.json"})

BYTES = 4
"""Bytes of a weight: networks are saved in float32."""

SLACK = 2**22
"""Most bytes of a file beyond its weights: names, and the configuration of layers."""


class _Invalid(Exception):
    """The fault of a file."""


def read_weights(path: Path, model: keras.Model) -> None:
    """Gives a network the weights of a file.

    Args:
        path: A ``.keras`` file.
        model: The network, with any weights; it is of float32.

    Raises:
        InputError: If the file is damaged, is something else, or has weights of another network or
            weights that are not finite.
    """
    expected = BYTES * model.count_params()
    check_size(path, model.count_params())
    try:
        content = io.BytesIO(_weights_member(path, expected))
        with h5py.File(content, "r") as file:
            arrays = _arrays(file, model)
            for variable, array in arrays:
                variable.assign(array)
    except _Invalid as error:
        raise InputError(f"{path}: {error}; copy the network's whole folder again.") from error
    except Exception as error:  # zip and HDF5 raise many kinds at damaged bytes
        raise InputError(
            f"{path}: this file cannot be read as a network that Keras saved "
            f"({_first_line(error)}); copy the network's whole folder again."
        ) from error


def check_size(path: Path, parameters: int) -> None:
    """Checks that a file is about as large as its weights.

    Raises:
        InputError: If it is smaller or larger.
    """
    size, expected = path.stat().st_size, BYTES * parameters
    if not expected <= size <= expected + SLACK:
        raise InputError(
            f"{path}: the file has {size:,} bytes, the {parameters:,} weights of the network need "
            f"{expected:,}; it is damaged or of another network. Copy the network's whole folder "
            "again."
        )


def check_finite(model: keras.Model, origin: str, remedy: str) -> None:
    """Checks that all weights are finite.

    Args:
        model: The network.
        origin: Start of the message: where the network comes from.
        remedy: End of the message: what to do.

    Raises:
        InputError: If one is NaN or infinite.
    """
    for layer in model.layers:
        for variable in layer.weights:
            values = keras.ops.convert_to_numpy(variable)
            invalid = values.size - np.count_nonzero(np.isfinite(values))
            if invalid:
                raise InputError(
                    f"{origin}: {invalid:,} of {values.size:,} weights of the layer {layer.name} "
                    f"are NaN or infinite, so that the network would find nothing; {remedy}."
                )


def _weights_member(path: Path, expected: int) -> bytes:
    """The HDF5 file in the archive."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > len(MEMBERS) or {one.filename for one in members} - MEMBERS:
            names = ", ".join(sorted({repr(one.filename[:40]) for one in members} - MEMBERS)[:3])
            raise _Invalid(
                f"the archive holds {names}, expected {', '.join(sorted(MEMBERS))} alone"
            )
        member = archive.getinfo(MEMBER)
        if member.compress_type != zipfile.ZIP_STORED:
            raise _Invalid(f"{MEMBER} is compressed in the archive, which Keras does not do")
        if not expected <= member.file_size <= expected + SLACK:
            raise _Invalid(
                f"{MEMBER} has {member.file_size:,} bytes, the network's weights need {expected:,}"
            )
        return archive.read(member)


def _arrays(file: h5py.File, model: keras.Model) -> list[tuple[Any, np.ndarray]]:
    """Each variable of a network with its value in the file."""
    groups = dict(_groups(file))
    pairs = []
    for keras_name, layer in _named(model):
        group = groups.get(layer.name) or groups.get(f"/{keras_name}")
        for number, variable in enumerate(layer.weights):
            array = None if group is None else _array(group, str(number), tuple(variable.shape))
            if array is None:
                raise _Invalid(f"the weights of the layer {layer.name} are missing")
            pairs.append((variable, array))
        if group is not None and len(group) != len(layer.weights):
            raise _Invalid(f"the file has more weights of the layer {layer.name} than the network")
    return pairs


def _groups(file: h5py.File) -> Iterator[tuple[str, h5py.Group]]:
    """The groups of weights by their layers' names, and by ``/`` and Keras' own names."""
    layers = _held(file, "layers", h5py.Group)
    for name in layers or ():
        layer = _held(layers, name, h5py.Group)
        group = None if layer is None else _held(layer, "vars", h5py.Group)
        if group is not None:
            yield f"/{name}", group
            if isinstance(group.attrs.get("name"), str):
                yield group.attrs["name"], group


def _named(model: keras.Model) -> Iterator[tuple[str, keras.layers.Layer]]:
    """Layers with the names that Keras gives them in a file: their class, and a number.

    Keras up to 3.8 kept no other names there.
    """
    used: dict[str, int] = {}
    for layer in model.layers:
        name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
        name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
        number = used[name] = used.get(name, -1) + 1
        yield f"{name}_{number}" if number else name, layer


def _held(group: h5py.Group, name: str, kind: type) -> Any:
    """A member of a group that is stored in the file itself; None for a link or another kind."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        return None
    found = group[name]
    return found if isinstance(found, kind) else None


def _array(group: h5py.Group, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    data = _held(group, name, h5py.Dataset)
    if data is None:
        return None
    if data.shape != shape or data.dtype != np.float32:
        raise _Invalid(
            f"{group.name}/{name} is {data.dtype} of shape {data.shape}; the network that "
            f"experiment.yaml describes has float32 of shape {shape}"
        )
    plain = data.chunks is None and not data.is_virtual and data.external is None
    if not plain or data.id.get_storage_size() != data.nbytes:
        raise _Invalid(f"{group.name}/{name} is not stored as Keras stores weights")
    return data[()]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
