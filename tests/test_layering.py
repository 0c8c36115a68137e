"""Imports run one way, and heavy libraries stay behind their walls."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "temnet"

LAYERS = (
    {
        "errors",
        "records",
        "randomness",
        "units",
        "electrons",
        "images",
        "system",
        "tables",
        "score_records",
        "version",
    },
    {"config"},
    {"structures"},
    {"simulation"},
    {"data"},
    {"models"},
    {"inference"},
    {"evaluation"},
    {"reporting", "interoperability"},
    {"movies", "training", "strain"},
    {"workflow"},
    {"stages", "callbacks"},
    {"benchmarks"},
    {"command_line"},
    {"analysis", "column_search", "new_experiment"},
    {"study"},
    {"live"},
    {"publishing"},
    {"run", "predict", "benchmark", "publish", "networks", "init", "export", "new"},
    {"__main__"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

WALLS = {
    "tensorflow": {
        "data.pipeline",
        "models.msdnet_kernels.tensorflow_operation",
        "models.unet_tensorflow",
        "training.distribution",
    },
    "keras": {"data.pydataset", "models", "inference", "training", "benchmarks"},
    "numba": {"models.msdnet_kernels.loops"},
    "threadpoolctl": {"system.threads"},
    "psutil": {"system.memory"},
    "openvino": {"inference.engines.openvino_network"},
    "onnx": {"inference.engines.onnx_network"},
    "onnxruntime": {"inference.engines.onnxruntime_network"},
    "abtem": {"simulation"},
    "ase": {
        "records",
        "config",
        "structures",
        "simulation",
        "benchmarks",
        "reporting.files.peaks_files",
        "interoperability",
    },
    "spglib": {"structures.atom_files.cif_symmetry"},
    "matplotlib": {"reporting", "movies", "study", "publishing.figures", "strain.figures"},
    "yaml": {"config.yaml_text"},
    "pydantic": {"config", "tables.json_records", "score_records", "study.settings"},
    "annotated_types": {"config"},
    "rsciio": {
        "inference.reading.formats.rosettasciio",
        "reporting.files.map_files",
        "reporting.files.kept_images",
    },
    "tifffile": {
        "inference.reading.formats.tiff",
        "inference.reading.formats.tiff_pages",
        "inference.reading.formats.tiff_partial",
        "benchmarks.files",
        "live.recording.recording_folder",
    },
    "h5py": {
        "inference.reading.formats.declared_size",
        "reporting.files.peaks_files",
        "models.weights_file",
    },
    "zarr": {"data"},
    "dask": {
        "data",
        "inference.reading.image_file",
        "inference.reading.image_array",
        "reporting.files.kept_images",
    },
    "pandas": {"interoperability.tables"},
    "hyperspy": {"interoperability.hyperspy_markers"},
    "atomap": {"interoperability.atomap_sublattice"},
    "roifile": {"interoperability.imagej_rois"},
    "distributed": {"data"},
    "cloudpickle": {"data"},
    "argparse": {
        "command_line.command_options",
        "command_line.setting_options",
        "run",
        "predict",
        "benchmark",
        "publish",
        "study.__main__",
        "live.__main__",
        "networks",
        "init",
        "export",
        "new",
    },
    "tqdm": {"command_line.run_log"},
    "tornado": {"live"},
}
"""Where each library may be imported: in these packages or modules and nowhere else."""

POSIX_ONLY = {"resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline"}
"""Modules of the standard library that Windows lacks."""

COMMANDS = {
    "__main__",
    "command_line.command",
    "run",
    "predict",
    "benchmark",
    "publish",
    "study.__main__",
    "live.__main__",
    "networks",
    "init",
    "export",
    "new",
}


def imports(tree, module):
    """Full names of everything that a module imports, at its top or in a function."""
    parts = ["temnet", *module.split(".")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            if source == "temnet":
                yield from (f"temnet.{alias.name}" for alias in node.names)
            else:
                yield source


def imports_when_loaded(tree):
    """Modules that are imported with the module itself: not in functions, nor tried or chosen."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.ClassDef | ast.With):
            waiting += node.body


def within(module, places):
    return any(module == place or module.startswith(f"{place}.") for place in places)


def faults(source, module):
    """What is wrong with a module's imports and calls.

    ``module`` is its name without ``temnet.``, such as ``config.loading``.
    """
    tree = ast.parse(source)
    found = []
    own = RANK[module.split(".")[0]]
    for name in imports(tree, module):
        top, _, rest = name.partition(".")
        if top == "temnet" and (not rest or RANK[rest.split(".")[0]] > own):
            found.append(f"{module} imports {name}, which stands right of it")
        if top in WALLS and not within(module, WALLS[top]):
            found.append(f"{module} imports {name}; only {sorted(WALLS[top])} may")
    if module not in COMMANDS:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.exit"):
                found.append(f"{module} calls {ast.unparse(node.func)}")
    return found


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if name != "__init__":
            yield name.removesuffix(".__init__"), path


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: str(value))
def test_imports_run_one_way_and_libraries_stay_behind_their_walls(module, path):
    assert faults(path.read_text(encoding="utf-8"), module) == []


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: str(value))
def test_every_module_can_be_loaded_on_windows(module, path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not POSIX_ONLY & set(imports_when_loaded(tree))


def starts_by_default(tree):
    """Calls that start a process in the system's own way, which is a fork on Linux."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            own = name in ("multiprocessing.Process", "multiprocessing.Pool")
            pool = name.endswith("ProcessPoolExecutor")
            spawned = "get_context('spawn')" in ast.unparse(node)
            if own or (pool and not spawned) or name == "os.fork":
                yield name


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: str(value))
def test_no_process_is_a_fork_since_windows_has_none(module, path):
    assert not list(starts_by_default(ast.parse(path.read_text(encoding="utf-8"))))


def test_forks_are_found():
    source = """
multiprocessing.Process(target=f)
multiprocessing.Pool(2)
ProcessPoolExecutor(2)
os.fork()
ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
context.Process(target=f)
"""
    assert len(list(starts_by_default(ast.parse(source)))) == 4


def test_what_windows_lacks_is_found():
    source = "import os, fcntl\nfrom resource import x\nclass A:\n    import pwd"
    assert POSIX_ONLY & set(imports_when_loaded(ast.parse(source))) == {"fcntl", "resource", "pwd"}
    guarded = "try:\n    import fcntl\nexcept ImportError:\n    pass\ndef f():\n    import pwd"
    assert not POSIX_ONLY & set(imports_when_loaded(ast.parse(guarded)))


@pytest.mark.parametrize("module", sorted(COMMANDS - {"command_line.command"}))
def test_commands_do_not_import_each_other(module):
    source = (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    others = {f"temnet.{name}" for name in COMMANDS - {"command_line.command", module}}
    assert not others & set(imports(ast.parse(source), module))


def test_every_package_has_its_layer():
    assert {module.split(".")[0] for module, _ in modules()} <= set(RANK)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import temnet.training.fit", "models.unet"),
        ("from temnet.training import fit", "models.unet"),
        ("from temnet.training.fit import fit", "evaluation.scores"),
        ("from temnet import stages", "training.fit"),
        ("from ..training import fit", "models.unet"),
        ("from .. import run", "stages.plan"),
        ("def f():\n    from temnet.run import main", "stages.plan"),
        ("from temnet.config.loading import x", "records"),
        ("import temnet", "config.loading"),
        ("import tensorflow as tf", "data.batches"),
        ("from tensorflow.data import Dataset", "training.fit"),
        ("import matplotlib.pyplot", "evaluation.scores"),
        ("def f():\n    import abtem", "structures.mos2"),
        ("import yaml", "config.experiment"),
        ("from rsciio import IO_PLUGINS", "inference.peaks"),
        ("import keras", "evaluation.scores"),
        ("import argparse", "stages.plan"),
        ("print('here')", "stages.plan"),
        ("import sys\nsys.exit(1)", "stages.plan"),
    ],
)
def test_wrong_arrows_are_found(source, module):
    assert len(faults(source, module)) == 1


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from temnet.models.unet import build_unet", "training.fit"),
        ("from temnet.units import to_angstrom", "images.resample"),
        ("from temnet.images.resample import resample", "simulation.example"),
        ("from . import blocks", "models.unet"),
        ("import tensorflow as tf", "data.pipeline"),
        ("import matplotlib.figure", "reporting.maps"),
        ("import sys\nsys.exit(print(1))", "run"),
        ("import numpy.linalg", "units"),
        ("", "errors"),
    ],
)
def test_right_arrows_are_left_alone(source, module):
    assert faults(source, module) == []
