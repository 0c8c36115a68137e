"""Sets of examples on disk, as Zarr arrays with checksums.

A set is a folder with ``manifest.json`` and the arrays ``images`` (float16), ``columns``,
``parameters`` and ``done``.  A shard is one chunk of each; its ``done`` flag is written last.  Only
one process writes to a set; others may simulate the examples.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import Crc32cCodec, ZstdCodec

from temnet.config.differences import differences
from temnet.config.simulation import SimulationSettings
from temnet.data.shards import SHARD, LabelForm, Shard
from temnet.errors import InputError
from temnet.records import Example
from temnet.structures.columns import TOLERANCE
from temnet.system.files import replace_file

MANIFEST = "manifest.json"
MANIFEST_VERSION = 2

AREA_PER_COLUMN = math.sqrt(3) / 2 * TOLERANCE**2
"""Area per column if all neighbours are as close as columns can be [Å²]; it determines the size of
the table of columns.  Crystals come close: SrTiO3 along [137] has a column per 0.50 Å²."""

PARAMETER_BYTES = 8192
"""Size of the drawn parameters of an example as JSON."""

ARRAYS = ("images", "columns", "parameters")

WHOLE = 1
"""Mark of a finished shard.  A shard that a longer set continues, and whose first n examples are
still readable, has the mark ``WHOLE + n`` until it is written again; 0 is an unfinished one."""


def describe(settings: SimulationSettings, split: str, first: int = 0) -> dict[str, object]:
    """The manifest of a set: everything that its examples depend on, as plain values."""
    return {
        "version": MANIFEST_VERSION,
        "split": split,
        "first": first,
        "identity": settings.identity(),
        "focus_count": settings.focus_count,
        **settings.plain_values(),
    }


@dataclass(frozen=True)
class StoredSet:
    """A set on disk.

    Attributes:
        folder: Its folder.
        manifest: The settings of its examples; see `describe`.
        group: The Zarr group of its arrays.
    """

    folder: Path
    manifest: Mapping[str, Any]
    group: zarr.Group

    def __len__(self) -> int:
        return int(self.array("images").shape[0])

    @property
    def classes(self) -> list[str]:
        """Names of the classes without the background."""
        return list(self.manifest["labels"]["classes"])

    @property
    def label_form(self) -> LabelForm:
        """How the labels of its examples are drawn."""
        labels = self.manifest["labels"]
        return LabelForm(self.manifest["sampling"], labels["width"], len(labels["classes"]))

    def missing_shards(self, count: int) -> list[int]:
        """Unfinished shards below example ``count``."""
        needed = -(-count // SHARD)
        done = self._values("done", slice(needed))
        return [shard for shard in range(needed) if done[shard] != WHOLE]

    def holds(self, count: int) -> bool:
        """Whether the first ``count`` examples are complete."""
        least = min(self.array(name).shape[0] for name in ARRAYS)
        return least >= count and not self.missing_shards(count)

    def example(self, index: int) -> Example:
        """Example ``index`` of the set, with its labels drawn again."""
        return self.read(index // SHARD).example(index % SHARD, self.label_form)

    def shard(self, shard: int) -> list[Example]:
        """All examples of a shard.

        Raises:
            InputError: If the shard does not exist yet or is damaged.
        """
        stored, form = self.read(shard), self.label_form
        return [stored.example(number, form) for number in range(len(stored))]

    def parameters(self) -> list[dict[str, Any]]:
        """The drawn parameters of each example of a complete set, by name."""
        shards = (self.read(shard) for shard in range(-(-len(self) // SHARD)))
        return [json.loads(text) for shard in shards for text in shard.parameters]

    def read(self, shard: int) -> Shard:
        """A shard as it is stored.

        Raises:
            InputError: If the shard does not exist yet or is damaged.
        """
        part = slice(shard * SHARD, min((shard + 1) * SHARD, len(self)))
        mark = int(self._values("done", shard))
        if mark > WHOLE:
            part = slice(part.start, min(part.start + mark - WHOLE, part.stop))
        if not mark:
            raise InputError(
                f"{self.folder}: examples {part.start} to {part.stop - 1} do not exist yet; "
                "run the stage `simulate` again."
            )
        try:
            lost = [name for name in ARRAYS if not self._chunk(name, shard).is_file()]
            if lost:
                raise ValueError(f"the file of {lost[0]} is missing")
            images, tables, texts = (self._values(name, part) for name in ARRAYS)
            empty = len(images) - np.count_nonzero(texts.any(axis=1))
            if empty:
                raise ValueError(f"{empty} of them were never written")
        except (ValueError, OSError, RuntimeError) as error:
            raise InputError(
                f"{self.folder}: examples {part.start} to {part.stop - 1} are damaged ({error}); "
                "run the stage `simulate` again with --repair."
            ) from error
        return Shard(
            images=images,
            columns=[table[~np.isnan(table[:, 0])] for table in tables],
            parameters=[text.tobytes().rstrip(b"\0").decode() for text in texts],
        )

    def write(self, shard: int, content: Shard) -> None:
        """Write a shard; a crash before the end leaves it unfinished.

        Args:
            shard: Number of the shard.
            content: Its examples, ``SHARD`` of them except in the last shard of a set.

        Raises:
            InputError: If an example has more columns than the capacity of the set.
        """
        part = slice(shard * SHARD, shard * SHARD + len(content))
        capacity = self.array("columns").shape[1]
        tables = np.full((len(content), capacity, 4), np.nan)
        texts = np.zeros((len(content), PARAMETER_BYTES), np.uint8)
        for row, (table, text) in enumerate(zip(content.columns, content.parameters, strict=True)):
            if len(table) > capacity:
                raise InputError(
                    f"{self.folder}: example {part.start + row} has {len(table)} columns, the set "
                    f"has room for {capacity}; use a specimen with fewer columns, or remove the "
                    "set if an older temnet started it."
                )
            tables[row, : len(table)] = table
            texts[row, : len(text.encode())] = np.frombuffer(text.encode(), np.uint8)
        # A missing chunk counts as lost, so that chunks of fill values are written as well; for an
        # array that was opened, not created, only the settings of Zarr can ask for that.
        with zarr.config.set({"array.write_empty_chunks": True}):
            for name, array in zip(ARRAYS, (content.images, tables, texts), strict=True):
                self.array(name)[part] = array
        self.array("done")[shard] = WHOLE

    def forget_damaged(self) -> list[int]:
        """Read every finished shard and mark the damaged ones as unfinished.

        Returns:
            The damaged shards.
        """
        damaged = []
        for shard in range(-(-len(self) // SHARD)):
            if not self._values("done", shard):
                continue
            try:
                self.read(shard)
            except InputError:
                self.array("done")[shard] = 0
                damaged.append(shard)
        return damaged

    def array(self, name: str) -> zarr.Array:
        """One of the arrays of the set.

        Raises:
            InputError: If it is missing, or the name belongs to something else.
        """
        try:
            found = self.group[name]
        except KeyError as error:
            raise InputError(
                f"{self.folder}: this set is damaged ({name} is missing); remove it and run the "
                "stage `simulate` again."
            ) from error
        if not isinstance(found, zarr.Array):
            raise InputError(
                f"{self.folder}: {name} is not an array; remove the set and run the stage "
                "`simulate` again."
            )
        return found

    def _values(self, name: str, part: int | slice) -> np.ndarray:
        """The values of a part of an array."""
        return np.asarray(self.array(name)[part])

    def _chunk(self, name: str, shard: int) -> Path:
        """The file of an array's chunk."""
        zeros = (self.array(name).ndim - 1) * ["0"]
        return self.folder / name / "c" / str(shard) / Path(*zeros)


def open_set(folder: str | os.PathLike[str]) -> StoredSet:
    """Open a stored set.

    Raises:
        InputError: If ``folder`` holds no set, the set is damaged, or a newer version made it.
    """
    path = Path(folder)
    manifest_file = path / MANIFEST
    if not manifest_file.is_file():
        raise InputError(f"{path}: no stored set here; run the stage `simulate` first.")
    with _damage_reported(path):
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        newer = manifest["version"] > MANIFEST_VERSION
    if newer:
        raise InputError(
            f"{path}: the set has version {manifest['version']}, this temnet reads up to "
            f"{MANIFEST_VERSION}; update temnet."
        )
    with _damage_reported(path):
        stored = StoredSet(path, manifest, zarr.open_group(path, mode="r+"))
    for name in (*ARRAYS, "done"):
        stored.array(name)
    return stored


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    """Turns errors of a damaged set inside the block into `InputError`."""
    try:
        yield
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: this set is damaged ({error}); remove it and run the stage `simulate` again."
        ) from error


def prepare_set(
    settings: SimulationSettings, split: str, folder: Path, first: int, count: int
) -> StoredSet:
    """Create the set in ``folder``, or extend it to ``count`` examples.

    Args:
        settings: The settings of the examples.
        split: training, selection or validation.
        folder: The folder of the set.
        first: Index of the first example of the set.
        count: Number of its examples.

    Raises:
        InputError: If the folder holds a set of other settings; the message names the differences.
    """
    if (folder / MANIFEST).is_file():
        stored = open_set(folder)
        check_settings(stored, settings, split, first)
        for leftover in folder.rglob("*.partial"):  # of a process that was killed
            leftover.unlink()
        _make_room(stored, count)
        return stored
    folder.mkdir(parents=True, exist_ok=True)
    _create_arrays(settings, count, folder)
    text = json.dumps(describe(settings, split, first), indent=1)
    replace_file(folder / MANIFEST, text.encode())
    return open_set(folder)


def _make_room(stored: StoredSet, count: int) -> None:
    """Extend all arrays to the longest of them and at least to ``count``.

    Shards that are incomplete in an array are marked as unfinished; what the last one holds stays
    readable, since another process may be reading it.  ``images``, which defines the
    length of the set, comes last, so that an interrupted set keeps its length.
    """
    lengths = [stored.array(name).shape[0] for name in ARRAYS]
    length = max(count, *lengths)
    if min(lengths) == length:
        return
    done = stored.array("done")
    done.resize((-(-length // SHARD),))
    first, rest = divmod(min(lengths), SHARD)
    mark = int(stored._values("done", first)) if rest else 0
    if mark:
        done[first] = WHOLE + rest if mark == WHOLE else mark
        first += 1
    done[first:] = 0
    for name in reversed(ARRAYS):
        array = stored.array(name)
        array.resize((length, *array.shape[1:]))


def check_settings(
    stored: StoredSet, settings: SimulationSettings, split: str, first: int = 0
) -> None:
    """Check that a set holds the examples of these settings.

    Raises:
        InputError: If it was made with other settings; the message names the differences.
    """
    derived = ("version", "identity")
    wanted = json.loads(json.dumps(describe(settings, split, first)))
    before, now = (
        {key: value for key, value in one.items() if key not in derived}
        for one in (stored.manifest, wanted)
    )
    if before != now:
        raise InputError(
            f"{stored.folder}: the stored set was made with other settings "
            f"({differences(before, now)}); give data.folder another name, leave it out, or remove "
            "the set."
        )


def _create_arrays(settings: SimulationSettings, count: int, folder: Path) -> None:
    rows, cols = settings.shape
    reach = 8 * settings.labels.width
    sides = [size * settings.sampling + reach for size in (rows, cols)]
    capacity = math.ceil(sides[0] * sides[1] / AREA_PER_COLUMN) + SHARD
    group = zarr.open_group(folder, mode="w")
    checked: list[BytesBytesCodec] = [Crc32cCodec()]
    packed = [ZstdCodec(level=3), *checked]
    image_shape = (rows, cols, settings.focus_count)
    arrays: dict[str, tuple[tuple[int, ...], str, list[BytesBytesCodec], float]] = {
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
