"""A Python function that settings name: where its source is, and how it is run.

Settings that name one are a program: it may do whatever its user may do.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from temnet.config.structures.from_file import FromFunction
from temnet.errors import InputError

KEY = "structure.function"
"""The setting, for messages."""

MOST_STEPS = 20
"""Modules that a function's import is followed through."""

_left_out: list[bool] = []
"""Holds an entry while functions are named and not run, in all threads."""


@contextmanager
def only_named() -> Iterator[None]:
    """Inside of it no function that settings name is imported or run, as `--check` promises."""
    _left_out.append(True)
    try:
        yield
    finally:
        _left_out.pop()


def left_out(structure: object) -> bool:
    """Whether a specimen cannot be made now, since only its function could make it."""
    return isinstance(structure, FromFunction) and bool(_left_out)


def run_function(name: str, *arguments: Any, **options: Any) -> Any:
    """What the function `module:function` returns.

    Raises:
        InputError: It cannot be imported, or raises an exception, which the message names.
    """
    function = find_function(name)
    try:
        return function(*arguments, **options)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{KEY}: {name} failed: {_told(error)}.") from error


@cache
def find_function(name: str) -> Callable[..., Any]:
    """The function `module:function`, which is imported.

    Raises:
        InputError: The module cannot be imported or has no such function.
    """
    if _left_out:
        raise InputError(f"{KEY}: {name} is only named here; run the experiment without --check.")
    source_hash(name)  # what it is known by is that of the source which is imported now
    module, attribute = name.split(":")
    try:
        function = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"{KEY}: {name} cannot be found ({error}); the module has to be importable from where "
            "the command is run."
        ) from error
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{KEY}: the module {module} cannot be imported: {_told(error)}."
        ) from error
    if not callable(function):
        raise InputError(f"{KEY}: {name} is no function.")
    return function


def _told(error: BaseException) -> str:
    """An exception in one line, with the line of the user's source that raised it."""
    text = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    frame, place = error.__traceback__, ""
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not file.startswith(("<", str(Path(__file__).parents[1]))):
            place = f" ({Path(file).name}, line {frame.tb_lineno})"
        frame = frame.tb_next
    return f"{type(error).__name__}{f': {text}' if text else ''}{place}"


@cache
def source_hash(name: str) -> str:
    """A hash of the file that `module:function` is written in; nothing is imported or run.

    The hash of nothing stands for what has no source, such as a compiled module.

    Raises:
        InputError: There is no such module, or no such name in it.
    """
    file = source_file(name)
    try:
        content = b"" if file is None else file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: the file cannot be read: {error.strerror}.") from error
    return hashlib.sha256(content).hexdigest()[:16]


def source_file(name: str) -> Path | None:
    """The file that `module:function` is written in: where its name is defined, not imported.

    Returns:
        None where there is no source, such as in a compiled module.

    Raises:
        InputError: There is no such module, or no such name in it.
    """
    module, attribute = name.split(":")
    file: Path | None = None
    for step in range(MOST_STEPS):
        found = _module_file(module)
        if found is None and step == 0:
            raise InputError(
                f"{KEY}: {name} cannot be found (there is no module {module}); the module has to "
                "be importable from where the command is run."
            )
        if found is None or found.suffix != ".py":
            return file
        file = found
        defined, origin = _definition(_parsed(file), attribute)
        if not defined:
            raise InputError(f"{KEY}: {name} cannot be found (there is no {attribute} in {file}).")
        if origin is None:
            return file
        module, attribute = _absolute(origin[0], origin[1], module, file), origin[2]
    return file


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError, RecursionError, OSError) as error:
        raise InputError(f"{KEY}: {file} is no Python source: {_told(error)}.") from error


def _definition(tree: ast.Module, name: str) -> tuple[bool, tuple[int, str, str] | None]:
    """Whether a module may have a name, and where it imports it from.

    Returns:
        Whether it is there or can come about while the module is run, and the level, the module
        and the name of a `from` import; None where the module has it of its own.
    """
    origin, own, unsure = None, False, False
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own |= node.name == name
            unsure |= node.name == "__getattr__"
        elif isinstance(node, ast.Name):
            own |= node.id == name and isinstance(node.ctx, ast.Store)
            unsure |= node.id in ("globals", "exec", "setattr", "vars")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                unsure |= alias.name == "*"
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    if isinstance(node, ast.ImportFrom):
                        origin = (node.level, node.module or "", alias.name)
                    else:
                        own = True
    return own or unsure or origin is not None, None if own else origin


def _absolute(level: int, module: str, importer: str, file: Path) -> str:
    """The full name of a module that ``importer``, in ``file``, imports something from."""
    if level == 0:
        return module
    parts = importer.split(".") if file.name == "__init__.py" else importer.split(".")[:-1]
    parts = parts[: len(parts) - (level - 1)]
    return ".".join([*parts, *([module] if module else [])])


def _module_file(module: str) -> Path | None:
    """The file of a module; None where there is none."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        named = getattr(loaded, "__file__", None)
        return Path(named) if named else Path()
    spec = _spec(module)
    if spec is None:
        return None
    return Path(spec.origin) if spec.has_location and spec.origin else Path()


def _spec(module: str) -> ModuleSpec | None:
    """How a module would be imported; nothing is, not even the packages around it."""
    spec: ModuleSpec | None = None
    places = None
    parts = module.split(".")
    for number in range(len(parts)):
        name = ".".join(parts[: number + 1])
        try:
            if number == 0:
                spec = importlib.util.find_spec(name)
            else:
                finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
                found = (find(name, places) for find in finders if find is not None)
                spec = next((one for one in found if one is not None), None)
        except (ImportError, ValueError, OSError):
            return None
        if spec is None:
            return None
        places = spec.submodule_search_locations
        if places is None and number + 1 < len(parts):
            return None
    return spec
