"""Damage to files and to settings, the same for the same seed."""

import re
import struct

import numpy as np
import yaml

HEADER = 2048
"""Bytes at the beginning of a file that are changed more often than others."""

NUMBERS = (0, 1, 2, 3, 127, 255, 256, 2**15, 2**16 - 1, 46341, 2**31 - 1, 2**31, 2**32 - 1, -1)
"""Values that replace numbers in headers."""


def cut(data, rng):
    """The file without its end."""
    end = int(rng.choice([rng.integers(len(data)), len(data) - 1, HEADER // 2, len(data) // 2]))
    return data[:end]


def flip(data, rng):
    """Some bits flipped."""
    changed = bytearray(data)
    for _ in range(int(rng.choice([1, 1, 3, 20]))):
        changed[_place(len(data), rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def number(data, rng):
    """A number of two, four or eight bytes changed."""
    size, code = [(2, "H"), (4, "I"), (8, "Q"), (4, "f"), (8, "d")][int(rng.integers(5))]
    place = min(_place(len(data), rng) // 2 * 2, len(data) - size)
    value = NUMBERS[int(rng.integers(len(NUMBERS)))]
    if code in "fd":
        value = float(rng.choice([0.0, -1.0, np.nan, np.inf, 1e-30, 1e30, value]))
    else:
        value %= 2 ** (8 * size)
    packed = struct.pack(str(rng.choice(["<", ">"])) + code, value)
    return data[:place] + packed + data[place + size :]


def digits(data, rng):
    """A number written as text in the file changed."""
    found = list(re.finditer(rb"\d+", data[:HEADER] + data[-HEADER:]))
    if not found:
        return number(data, rng)
    chosen = found[int(rng.integers(len(found)))]
    start = chosen.start() if chosen.start() < HEADER else len(data) - 2 * HEADER + chosen.start()
    wanted = [b"0", b"1", b"3", b"7", b"99999", b"4294967295", b"1" * 30, b"-1", b"1e9"]
    text = wanted[int(rng.integers(len(wanted)))]
    if rng.random() < 0.7:  # the rest of the file stays where it was
        text = text[: len(chosen[0])].rjust(len(chosen[0]), b"0")
    return data[:start] + text + data[start + len(chosen[0]) :]


def insert(data, rng):
    """Some bytes added or removed."""
    place, length = _place(len(data), rng), int(rng.choice([1, 2, 4, 100]))
    if rng.random() < 0.5:
        return data[:place] + data[place + length :]
    return data[:place] + rng.bytes(length) + data[place:]


def blank(data, rng):
    """A part replaced by zeros or noise."""
    place, length = _place(len(data), rng), int(rng.choice([4, 16, 512, 4096]))
    length = min(length, len(data) - place)
    part = bytes(length) if rng.random() < 0.5 else rng.bytes(length)
    return data[:place] + part + data[place + length :]


def repeat(data, rng):
    """The file followed by zeros, or by itself."""
    return data + (bytes(int(rng.integers(1, 9999))) if rng.random() < 0.5 else data)


MUTATIONS = (cut, cut, flip, number, number, digits, insert, blank, repeat)


def damaged(data, rng):
    """A damaged file, and the names of its mutations."""
    names = []
    for _ in range(1 if rng.random() < 0.7 else 2):
        mutation = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
        data = mutation(data, rng) if len(data) > 16 else data
        names.append(mutation.__name__)
    return data, names


def _place(length, rng):
    end = min(HEADER, length) if rng.random() < 0.7 else length
    return int(rng.integers(end))


VALUES = (
    None, True, 0, -1, 1, 10**9, 10**30, 1e-300, 1e300, float("nan"), float("inf"), -0.5, "", "x",
    "no", "1e3", "../..", "/dev/null", "/", "a\0b", "\ud83d", "é" * 300, "x" * 5000, "tcp://a:1",
    "file:///etc", [], [1], [[1, 2], [3]], ["x"] * 50, {}, {"x": 1}, {"uniform": [1, 0]},
    {"uniform": [0, float("inf")]}, {"choice": []}, {"normal": [0, -1]}, {"base": "x.yaml"},
    {"kind": "python", "function": "os:getcwd"}, {"kind": "file", "path": "."}, [[[[[[1]]]]]],
)  # fmt: skip
"""Values that replace those of settings."""

TEXTS = (
    "\t", "\0", "- ", ": ", "&a ", "*a", "[", "]", "{", "}", "'", '"', "#", "%", "@", "<<: ", "~",
    "!!python/object:os.system ", "---\n", "\r", "\u2028", "é", "0x", "|\n", ">", "? ",
)  # fmt: skip
"""Texts that are inserted into settings."""


def other_settings(text, rng):
    """Settings as bytes of a YAML file, damaged in their values or in their text."""
    if rng.random() < 0.6:
        values = yaml.safe_load(text)
        for _ in range(int(rng.choice([1, 1, 2]))):
            _change(values, rng)
        try:
            return yaml.safe_dump(values, allow_unicode=True).encode("utf-8", "replace")
        except (yaml.YAMLError, UnicodeError):
            return repr(values).encode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    for _ in range(int(rng.choice([1, 1, 3]))):
        line = int(rng.integers(len(lines)))
        kind = rng.integers(5)
        if kind == 0:
            lines.insert(line, lines[int(rng.integers(len(lines)))])
        elif kind == 1:
            del lines[line]
            lines = lines or ["\n"]
        elif kind == 2:
            lines[line] = " " * int(rng.integers(1, 4)) + lines[line]
        else:
            place = int(rng.integers(len(lines[line]) + 1))
            piece = TEXTS[int(rng.integers(len(TEXTS)))]
            lines[line] = lines[line][:place] + piece + lines[line][place:]
    data = "".join(lines).encode(str(rng.choice(["utf-8"] * 6 + ["utf-16", "utf-8-sig"])))
    return flip(data, rng) if rng.random() < 0.1 and data else data


def _change(values, rng):
    """Changes a value somewhere in a tree of settings, or a key."""
    while isinstance(values, dict | list) and len(values):
        keys = list(values) if isinstance(values, dict) else list(range(len(values)))
        key = keys[int(rng.integers(len(keys)))]
        inner = isinstance(values[key], dict | list) and len(values[key])
        if inner and rng.random() < 0.75:
            values = values[key]
            continue
        if isinstance(values, dict) and rng.random() < 0.2:
            values[str(rng.choice(["kind", "sampling", "xyz", "base"]))] = values.pop(key)
        else:
            values[key] = VALUES[int(rng.integers(len(VALUES)))]
        return
