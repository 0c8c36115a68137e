"""Source of a Python function that settings name: its file and its hash.

Nothing is imported or run here; see `temnet.structures.user_function`.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

from temnet.errors import InputError

KEY = "structure.function"
"""The setting, for messages."""

MOST_STEPS = 20
"""Modules through which the import of a function is followed."""


def in_one_line(error: BaseException) -> str:
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
    """Hash of the file that defines `module:function`.

    A function without source, such as one of a compiled module, has the hash of no bytes.

    Raises:
        InputError: If the module does not exist or does not define the name.
    """
    file = source_file(name)
    try:
        content = b"" if file is None else file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: the file cannot be read: {error.strerror}.") from error
    return hashlib.sha256(content).hexdigest()[:16]


def source_file(name: str) -> Path | None:
    """File that defines `module:function`, followed through imports.

    Returns:
        The file; None without source, as for a compiled module.

    Raises:
        InputError: If the module does not exist or does not define the name.
    """
    module, attribute = name.split(":")
    _search_working_folder()
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


def _search_working_folder() -> None:
    """Lets modules in the working folder be imported, as `python -m` does and a script does not."""
    folder = str(Path.cwd())
    if not {"", folder} & set(sys.path):
        sys.path.append(folder)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError, RecursionError, OSError) as error:
        raise InputError(f"{KEY}: {file} is not valid Python: {in_one_line(error)}.") from error


def _definition(tree: ast.Module, name: str) -> tuple[bool, tuple[int, str, str] | None]:
    """Whether a module may define a name, and from where it imports it.

    Returns:
        Whether the name is defined or may be defined while the module runs; and level, module and
        name of its `from` import, None if the module defines it itself.
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
    """Full name of a module from which ``importer``, in ``file``, imports."""
    if level == 0:
        return module
    parts = importer.split(".") if file.name == "__init__.py" else importer.split(".")[:-1]
    parts = parts[: len(parts) - (level - 1)]
    return ".".join([*parts, *([module] if module else [])])


def _module_file(module: str) -> Path | None:
    """File of a module; an empty path without a file, None if the module does not exist."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        named = getattr(loaded, "__file__", None)
        return Path(named) if named else Path()
    spec = _spec(module)
    if spec is None:
        return None
    return Path(spec.origin) if spec.has_location and spec.origin else Path()


def _spec(module: str) -> ModuleSpec | None:
    """Import specification of a module; not even the packages around it are imported."""
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
