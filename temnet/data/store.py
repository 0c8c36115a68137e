"""Sets of examples on disk, as Zarr arrays with checksums.

A set is a folder with ``manifest.json`` and the arrays ``images`` (float16), ``columns``,
``parameters`` and ``done``.  Labels are not stored but drawn again from the columns.  A shard is
one chunk of examples that one worker writes; its ``done`` flag is written last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.records import Columns, Example
from temnet.simulation.labels import draw_labels

SHARD = 16
"""Examples per chunk."""

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1

AREA_PER_COLUMN = 1.5
"""No specimen has more than one column on this area [Å²]; it sizes the table of columns."""

PARAMETER_BYTES = 8192
"""Room for an example's drawn parameters as JSON."""

IDENTITY_SECTIONS = ("structure", "vibrations", "microscope", "camera", "labels")


def describe(experiment: Experiment, split: str) -> dict[str, Any]:
    """Everything that the examples of a set depend on, as plain values."""
    return {
        "version": MANIFEST_VERSION,
        "split": split,
        "identity": experiment.identity(),
        "seed": experiment.seed,
        "shape": list(experiment.data.shape),
        "focus_count": experiment.focus_count,
        "exit_wave_reuse": experiment.data.exit_wave_reuse,
        "sampling": experiment.model.sampling,
        **{name: getattr(experiment, name).model_dump(mode="json") for name in IDENTITY_SECTIONS},
    }


@dataclass(frozen=True)
class StoredSet:
    """A set on disk.

    Attributes:
        folder: Where it lies.
        manifest: What its examples depend on.
        group: The Zarr group of its arrays.
    """

    folder: Path
    manifest: dict[str, Any]
    group: zarr.Group

    def __len__(self) -> int:
        return int(self.group["images"].shape[0])

    @property
    def classes(self) -> list[str]:
        """Names of the classes without the background."""
        return list(self.manifest["labels"]["classes"])

    def missing_shards(self, count: int) -> list[int]:
        """Shards below example ``count`` that were not finished."""
        needed = -(-count // SHARD)
        done = self.group["done"][:needed]
        return [shard for shard in range(needed) if not done[shard]]

    def example(self, index: int) -> Example:
        """Example ``index``, its labels drawn anew."""
        start = index - index % SHARD
        return self.shard(start // SHARD)[index - start]

    def shard(self, shard: int) -> list[Example]:
        """All examples of a shard.

        Raises:
            InputError: The shard was not made, or it is damaged.
        """
        part = slice(shard * SHARD, min((shard + 1) * SHARD, len(self)))
        if not self.group["done"][shard]:
            raise InputError(
                f"{self.folder}: examples {part.start} to {part.stop - 1} were not made yet; "
                "run the stage `simulate` again."
            )
        try:
            arrays = [self.group[name][part] for name in ("images", "columns", "parameters")]
        except (ValueError, OSError, RuntimeError) as error:
            raise InputError(
                f"{self.folder}: examples {part.start} to {part.stop - 1} are damaged ({error}); "
                "remove the set and run the stage `simulate` again."
            ) from error
        return [self._decode(*values) for values in zip(*arrays, strict=True)]

    def _decode(self, images: np.ndarray, table: np.ndarray, text: np.ndarray) -> Example:
        table = table[~np.isnan(table[:, 0])]
        columns = Columns(table[:, :2], table[:, 2].astype(np.int64), table[:, 3].astype(np.int64))
        labels, weights = draw_labels(
            columns,
            images.shape[:2],
            self.manifest["sampling"],
            self.manifest["labels"]["width"],
            len(self.classes),
        )
        return Example(
            images=images.astype(np.float32),
            labels=labels,
            weights=weights,
            columns=columns,
            parameters=json.loads(text.tobytes().rstrip(b"\0")),
            sampling=self.manifest["sampling"],
        )


def open_set(folder: str | os.PathLike[str]) -> StoredSet:
    """A set that was made before.

    Raises:
        InputError: There is no set in ``folder``, or a newer version made it.
    """
    path = Path(folder)
    manifest_file = path / MANIFEST
    if not manifest_file.is_file():
        raise InputError(f"{path}: there is no stored set; run the stage `simulate` first.")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    if manifest.get("version", 0) > MANIFEST_VERSION:
        raise InputError(
            f"{path}: the set has version {manifest['version']}, this temnet reads up to "
            f"{MANIFEST_VERSION}; update temnet."
        )
    return StoredSet(path, manifest, zarr.open_group(path, mode="r+"))


def prepare_set(experiment: Experiment, split: str, folder: Path) -> StoredSet:
    """The set in ``folder``, made or made longer so that it holds the split's examples.

    Raises:
        InputError: A set of other settings lies there; the message names what differs.
    """
    count = experiment.data.count(split)
    wanted = json.loads(json.dumps(describe(experiment, split)))
    if (folder / MANIFEST).is_file():
        stored = open_set(folder)
        _refuse_other(stored, wanted)
        if len(stored) < count:
            _lengthen(stored, count)
        return stored
    folder.mkdir(parents=True, exist_ok=True)
    _create_arrays(experiment, count, folder)
    temporary = folder / f"{MANIFEST}.partial"
    temporary.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    temporary.replace(folder / MANIFEST)
    return open_set(folder)


def _lengthen(stored: StoredSet, count: int) -> None:
    """Makes room for ``count`` examples; a last shard that was not whole is made again."""
    if len(stored) % SHARD:
        stored.group["done"][len(stored) // SHARD] = 0
    stored.group["done"].resize((-(-count // SHARD),))
    for name in ("images", "columns", "parameters"):
        array = stored.group[name]
        array.resize((count, *array.shape[1:]))


def _refuse_other(stored: StoredSet, wanted: dict[str, Any]) -> None:
    differing = [
        key
        for key in wanted
        if key not in ("version", "identity") and wanted[key] != stored.manifest.get(key)
    ]
    if differing:
        raise InputError(
            f"{stored.folder}: the stored set was made with other settings of "
            f"{', '.join(differing)}; give data.folder another name, or remove the set."
        )


def _create_arrays(experiment: Experiment, count: int, folder: Path) -> None:
    rows, cols = experiment.data.shape
    reach = 8 * experiment.labels.width
    sides = [size * experiment.model.sampling + reach for size in (rows, cols)]
    capacity = int(np.ceil(sides[0] * sides[1] / AREA_PER_COLUMN)) + SHARD
    group = zarr.open_group(folder, mode="w")
    checked, packed = [Crc32cCodec()], [ZstdCodec(level=3), Crc32cCodec()]
    image_shape = (rows, cols, experiment.focus_count)
    arrays = {
        "images": (image_shape, "float16", checked, 0),
        "columns": ((capacity, 4), "float64", packed, np.nan),
        "parameters": ((PARAMETER_BYTES,), "uint8", packed, 0),
    }
    for name, (shape, dtype, codecs, fill) in arrays.items():
        group.create_array(
            name,
            shape=(count, *shape),
            chunks=(SHARD, *shape),
            dtype=dtype,
            compressors=codecs,
            fill_value=fill,
        )
    group.create_array(
        "done", shape=(-(-count // SHARD),), chunks=(1,), dtype="uint8", fill_value=0
    )


def write_shard(stored: StoredSet, shard: int, examples: Sequence[Example]) -> None:
    """Writes the examples of one shard; a crash before the end leaves it undone.

    Args:
        stored: The set.
        shard: Which shard.
        examples: Its examples, ``SHARD`` of them but for the last shard of a set.
    """
    part = slice(shard * SHARD, shard * SHARD + len(examples))
    capacity = stored.group["columns"].shape[1]
    images = np.stack([example.images for example in examples]).astype(np.float16)
    tables = np.full((len(examples), capacity, 4), np.nan)
    texts = np.zeros((len(examples), PARAMETER_BYTES), np.uint8)
    for row, example in enumerate(examples):
        columns = example.columns
        table = np.column_stack([columns.positions, columns.class_index, columns.atom_count])
        if len(table) > capacity:
            raise ValueError(f"{len(table)} columns do not fit into a table of {capacity}")
        tables[row, : len(table)] = table
        text = json.dumps(dict(example.parameters)).encode()
        texts[row, : len(text)] = np.frombuffer(text, np.uint8)
    stored.group["images"][part] = images
    stored.group["columns"][part] = tables
    stored.group["parameters"][part] = texts
    stored.group["done"][shard] = 1
