"""YAML as text: its encoding, the plain values in it, and how large it may be."""

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

MOST_BYTES = 5_000_000
"""Size of a YAML file; a run of 20,000 named images has 2 MB."""

MOST_DEPTH = 40
"""Sections and lists within each other; experiments have ten."""

MOST_VALUES = 200_000
"""Values and names in a text, which take 5 s to read; a run of 20,000 named images has 20,000."""

MOST_COPIES = 100_000
"""Values that aliases (`*name`) stand for, together."""

LARGEST_INT = 2**128
"""Whole numbers are less than this; seeds are the largest that anybody needs."""

LONGEST_NAME = 200
"""Characters of a setting's name, or of the path `section.key` after `--set`."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does, so it is tried before
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""First bytes of a text, and the encoding that they stand for."""

YAML_1_2_FLOAT = re.compile(
    r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$"
)
"""Numbers as YAML 1.2 has them: PyYAML itself takes 50e3 and 1.0e2 for text."""


YAML_1_2_INT = re.compile(r"^[-+]?(0|[1-9][0-9_]*)$|^0x[0-9a-fA-F]+$")
YAML_1_2_BOOL = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")

_PLAIN_VALUES = {
    "tag:yaml.org,2002:int": ("-+0123456789", YAML_1_2_INT),
    "tag:yaml.org,2002:float": ("-+.0123456789", YAML_1_2_FLOAT),
    "tag:yaml.org,2002:bool": ("tTfF", YAML_1_2_BOOL),
    "tag:yaml.org,2002:timestamp": ("", None),
}
"""Values that YAML 1.1 reads in ways of its own: `no` is a text here, as are 1:30 and dates."""


def _with_plain_values(resolvers: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    """``resolvers`` and, tried after them, those of `_PLAIN_VALUES`."""
    extended = {first: list(patterns) for first, patterns in resolvers.items()}
    for tag, (letters, pattern) in _PLAIN_VALUES.items():
        for first in letters:
            extended.setdefault(first, []).append((tag, pattern))
    return extended


_MERGE = "tag:yaml.org,2002:merge"
"""What YAML calls the key `<<`, by which a mapping takes over another's entries."""

NO_TEXT = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
"""Characters that no text has: NUL and halves of surrogate pairs, but for those by which Python
writes the bytes of a file's name that are no UTF-8."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the values of YAML 1.2 and with limits, for keys that differ."""

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
        """The next node, which is counted with all that is in it."""
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
        """Number of the values that stand directly in a node, those of a mapping with keys."""
        if isinstance(node, yaml.ScalarNode) or node is None:
            return 0
        is_list = isinstance(node, yaml.SequenceNode)
        parts = node.value if is_list else chain.from_iterable(node.value)
        return sum(self._sizes.get(id(part), 1) for part in parts)

    def _copy(self, node: yaml.Node | None, event: yaml.Event) -> yaml.Node | None:
        """What an alias stands for, which is counted once more."""
        if id(node) not in self._sizes:
            raise _fault("an alias stands for what it is in itself", event)
        self._copies += self._sizes[id(node)]
        if self._copies > MOST_COPIES:
            raise _fault(f"aliases stand for more than {MOST_COPIES:,} values", event)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The entries of a mapping."""
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, dict | list | set | bytearray):
                raise _fault("a name is one text", key_node)
            if isinstance(key, str) and len(key) > LONGEST_NAME:
                raise _fault(f"a name has more than {LONGEST_NAME} characters", key_node)
            if key in seen:
                raise _fault(f"the key {key!r} stands twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        """The text of a value."""
        value = super().construct_scalar(node)
        if isinstance(value, str) and NO_TEXT.search(value):
            raise _fault("a text holds the character NUL or half of a character", node)
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
            # A tag such as !!int before what is none.
            raise _fault(f"this is no {node.tag.rpartition(':')[2]}", node) from error


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_whole)


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which also quotes texts that YAML 1.2 takes for numbers."""

    yaml_implicit_resolvers = _with_plain_values(yaml.SafeDumper.yaml_implicit_resolvers)


def _fault(problem: str, where: yaml.Event | yaml.Node) -> YAMLError:
    """An error at the place of an event or a node."""
    return yaml.constructor.ConstructorError(None, None, problem, where.start_mark)


def parse_yaml(text: str) -> Any:
    """The plain values of a YAML text.

    Raises:
        YAMLError: It is none, or larger or deeper than settings are.

    >>> parse_yaml("energy: 50e3")
    {'energy': 50000.0}
    """
    try:
        return yaml.load(text, Loader=_Loader)  # a subclass of SafeLoader
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise YAMLError("a tag stands before what is nothing of that kind") from error


def problem_in(error: YAMLError) -> str:
    """What is wrong with a YAML text, in one line.

    >>> try:
    ...     parse_yaml("a: [1")
    ... except YAMLError as error:
    ...     print(problem_in(error))
    expected ',' or ']', but got '<stream end>'
    """
    problem = getattr(error, "problem", None) or str(error)
    return problem.strip().splitlines()[0].rstrip(".:")


def read_values(path: Path) -> Any:
    """The plain values in a YAML file, of UTF-8 or with a byte order mark.

    Raises:
        InputError: It cannot be read, or is no YAML.
    """
    text = read_text(path)
    try:
        return parse_yaml(text)
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        raise InputError(f"{path}{line}: this is not valid YAML: {problem_in(error)}.") from error


def read_text(path: Path) -> str:
    """The text in a file, of UTF-8 or with a byte order mark.

    Raises:
        InputError: It cannot be read, is too large, or is of another encoding.
    """
    try:
        size = os.path.getsize(path)
        content = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {error.strerror}.") from error
    if size > MOST_BYTES:
        raise InputError(
            f"{path}: this is no file of settings, which has at most {MOST_BYTES / 1e6:g} MB; got "
            f"{size / 1e6:.1f} MB."
        )
    marks = (code for mark, code in BYTE_ORDER_MARKS if content.startswith(mark))
    encoding = next(marks, "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1 if encoding.startswith("utf-8") else 1
        raise InputError(
            f"{path}, line {line}: this is not valid YAML: it is no {encoding.upper()} text; save "
            "the file as UTF-8."
        ) from error


def dump_yaml(values: Any) -> str:
    """Plain values as YAML that reads back to the same values."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
