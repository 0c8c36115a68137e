"""Text of YAML files: encoding, plain values and limits of size.

PyYAML with the plain values of YAML 1.2. ruamel.yaml 0.19, which has most of them, would save some
30 of these lines, but it reads dates as dates and 010 as a whole number, accepts a key that occurs
twice beside a merge, has none of the limits and takes 40 % longer.
"""

from __future__ import annotations

import codecs
import os
import re
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from yaml import YAMLError

from temnet.errors import InputError

Values = dict[str, Any]
"""Plain values of settings, as YAML and JSON have them, by their keys."""

MOST_BYTES = 5_000_000
"""Largest YAML file; a run of 20,000 named images has 2 MB."""

MOST_DEPTH = 40
"""Deepest nesting of sections and lists; experiments have ten levels."""

MOST_VALUES = 200_000
"""Most values and keys, which take 5 s to read; a run of 20,000 named images has 20,000."""

MOST_COPIES = 100_000
"""Most values that aliases (`*name`) copy, in total."""

LARGEST_INT = 2**128
"""Bound of whole numbers; seeds are the largest."""

LONGEST_NAME = 200
"""Longest key, and longest path `section.key` after `--set` [characters]."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # starts as UTF-16 does, so it is tried before
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks and their encodings."""

YAML_1_2_FLOAT = re.compile(
    r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$"
)
"""Numbers of YAML 1.2: PyYAML itself reads 50e3 and 1.0e2 as text."""


YAML_1_2_INT = re.compile(r"^[-+]?(0|[1-9][0-9_]*)$|^0x[0-9a-fA-F]+$")
YAML_1_2_BOOL = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")

_PLAIN_VALUES = {
    "tag:yaml.org,2002:int": ("-+0123456789", YAML_1_2_INT),
    "tag:yaml.org,2002:float": ("-+.0123456789", YAML_1_2_FLOAT),
    "tag:yaml.org,2002:bool": ("tTfF", YAML_1_2_BOOL),
    "tag:yaml.org,2002:timestamp": ("", None),
}
"""Values that YAML 1.1 reads differently: here `no`, 1:30 and dates are texts."""


def _with_plain_values(resolvers: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    """``resolvers``, followed by those of `_PLAIN_VALUES`."""
    extended = {first: list(patterns) for first, patterns in resolvers.items()}
    for tag, (letters, pattern) in _PLAIN_VALUES.items():
        for first in letters:
            extended.setdefault(first, []).append((tag, pattern))
    return extended


_MERGE = "tag:yaml.org,2002:merge"
"""Tag of the key `<<`, by which a mapping takes over the entries of another one."""

NO_TEXT = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
"""Characters that are not text: NUL and halves of surrogate pairs, except those by which Python
represents bytes of file names that are not UTF-8."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the values of YAML 1.2, limits of size and unique keys."""

    yaml_implicit_resolvers = _with_plain_values(
        {
            first: [(tag, pattern) for tag, pattern in patterns if tag not in _PLAIN_VALUES]
            for first, patterns in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
    )

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth, self._count, self._copies = 0, 0, 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node; it and all nodes in it are counted."""
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            return self._copy(super().compose_node(parent, index), event)
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise _fault(f"more than {MOST_DEPTH} sections within each other", event)
        self._count += 1
        if self._count > MOST_VALUES:
            raise _fault(f"more than {MOST_VALUES:,} values", event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._sizes[id(node)] = 1 + self._within(node)
        return node

    def _within(self, node: yaml.Node | None) -> int:
        """Number of values in a node, and of keys in a mapping, with copies by aliases."""
        if isinstance(node, yaml.ScalarNode) or node is None:
            return 0
        is_list = isinstance(node, yaml.SequenceNode)
        parts = node.value if is_list else chain.from_iterable(node.value)
        return sum(self._sizes.get(id(part), 1) for part in parts)

    def _copy(self, node: yaml.Node | None, event: yaml.Event) -> yaml.Node | None:
        """The node that an alias copies, which is counted once more."""
        if id(node) not in self._sizes:
            raise _fault("an alias contains itself", event)
        self._copies += self._sizes[id(node)]
        if self._copies > MOST_COPIES:
            raise _fault(f"aliases copy more than {MOST_COPIES:,} values", event)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The entries of a mapping."""
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, dict | list | set | bytearray):
                raise _fault("a key is one text", key_node)
            if isinstance(key, str) and len(key) > LONGEST_NAME:
                raise _fault(f"a key has more than {LONGEST_NAME} characters", key_node)
            if key in seen:
                raise _fault(f"the key {key!r} occurs twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        """The text of a value."""
        value = super().construct_scalar(node)
        if isinstance(value, str) and NO_TEXT.search(value):
            raise _fault("a text contains the character NUL or half of a surrogate pair", node)
        return value

    def construct_whole(self, node: yaml.ScalarNode) -> int:
        """A whole number."""
        digits = str(node.value).replace("_", "")
        if len(digits) > len(str(LARGEST_INT)) + 1 or abs(int(digits, 0)) >= LARGEST_INT:
            raise _fault("a whole number has more than 38 digits", node)
        return int(digits, 0)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError, TypeError, OverflowError) as error:
            # A tag such as !!int before another type.
            raise _fault(f"this is not of the type {node.tag.rpartition(':')[2]}", node) from error


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_whole)


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which also quotes texts that YAML 1.2 reads as numbers."""

    yaml_implicit_resolvers = _with_plain_values(yaml.SafeDumper.yaml_implicit_resolvers)


def _fault(problem: str, where: yaml.Event | yaml.Node) -> YAMLError:
    """An error at the position of an event or a node."""
    return yaml.constructor.ConstructorError(None, None, problem, where.start_mark)


def parse_yaml(text: str) -> Any:
    """The plain values of a YAML text.

    Raises:
        YAMLError: If the text is not YAML, or larger or deeper than settings are.

    >>> parse_yaml("energy: 50e3")
    {'energy': 50000.0}
    """
    try:
        return yaml.load(text, Loader=_Loader)  # a subclass of SafeLoader
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise YAMLError("a tag stands before a value of another type") from error


def problem_in(error: YAMLError) -> str:
    """The fault of a YAML text in one line.

    >>> try:
    ...     parse_yaml("a: [1")
    ... except YAMLError as error:
    ...     print(problem_in(error))
    expected ',' or ']', but got '<stream end>'
    """
    problem = getattr(error, "problem", None) or str(error)
    return problem.strip().splitlines()[0].rstrip(".:")


def read_values(path: Path) -> Any:
    """The plain values of a YAML file, in UTF-8 or with a byte order mark.

    Raises:
        InputError: If the file cannot be read or is not valid YAML.
    """
    text = read_text(path)
    try:
        return parse_yaml(text)
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        raise InputError(f"{path}{line}: this is not valid YAML: {problem_in(error)}.") from error


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8 or with a byte order mark.

    Raises:
        InputError: If the file cannot be read, is too large or has another encoding.
    """
    try:
        size = os.path.getsize(path)
        content = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {error.strerror}.") from error
    if size > MOST_BYTES:
        raise InputError(
            f"{path}: a file of settings has at most {MOST_BYTES / 1e6:g} MB; got "
            f"{size / 1e6:.1f} MB."
        )
    marks = (code for mark, code in BYTE_ORDER_MARKS if content.startswith(mark))
    encoding = next(marks, "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1 if encoding.startswith("utf-8") else 1
        raise InputError(
            f"{path}, line {line}: this is not valid YAML: it is not {encoding.upper()} text; save "
            "the file as UTF-8."
        ) from error


def dump_yaml(values: Any) -> str:
    """Plain values as YAML that reads back to the same values."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
