"""The command that measures time and memory: ``python -m temnet.benchmark``."""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from temnet.command_line.command import DONE, guarded
from temnet.config.analysis.prediction import EngineName
from temnet.config.experiment import SIMULATION_SECTIONS, Experiment
from temnet.config.loading import load_experiment, parse_yaml, validate
from temnet.errors import InputError
from temnet.system.shipped import shipped

if TYPE_CHECKING:
    from temnet.benchmarks.files import FileCost
    from temnet.benchmarks.networks import NetworkCost

EXPERIMENTS = shipped("experiments")

PRESETS, PLAIN = EXPERIMENTS / "models", "msdnet_paper"
"""Folder of the timed networks, and the network that is also timed with Keras' operations alone."""

UNIT = 16
"""Image sizes must be multiples of this, since the U-Nets halve them four times."""

FILE_NETWORKS = ("unet_small", "unet_standard", "nanoparticle-unet")
"""Networks for which all steps from a file to its columns are timed."""

FILE_SIZES = (512, 1024, 2048, 4096)
"""Rows and columns of the files' images [pixels]."""

SCRIPT = Path("tests/benchmarks/abtem_script.py")
"""The script that the simulation is compared with; it is not part of the package."""


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.benchmark") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _measure(_parser(prog).parse_args(arguments)))


def _measure(options: argparse.Namespace) -> int:
    return options.run(options)


def _parser(prog: str = "temnet benchmark") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Measures time and memory of simulation, training and prediction.",
    )
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    simulate = commands.add_parser("simulate", help="time to simulate an example")
    simulate.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help=f"experiments (default: all in {EXPERIMENTS} that simulate training images)",
    )
    simulate.add_argument(
        "--examples",
        type=int,
        default=8,
        metavar="N",
        help="number of specimens to time (default: 8)",
    )
    simulate.add_argument(
        "--workers", action="store_true", help="measure the gain of a second worker too"
    )
    simulate.add_argument("--json", action="store_true", help="print JSON")
    simulate.set_defaults(run=_simulate)
    for task, text in (("train", "time of a training step"), ("predict", "time of a prediction")):
        network = commands.add_parser(task, help=f"{text}, for each network in {PRESETS}")
        network.add_argument("--size", type=int, default=256, help="pixels (default: 256)")
        network.add_argument("--batch", type=int, default=4, help="images per step (default: 4)")
        network.add_argument("--foci", type=int, default=3, help="focal images (default: 3)")
        network.add_argument(
            "--precision", choices=("float32", "mixed_bfloat16"), default="mixed_bfloat16"
        )
        network.add_argument("--repeats", type=int, default=5, help="timings (default: 5)")
        network.add_argument("--json", action="store_true", help="print JSON")
        network.set_defaults(run=_networks, task=task)
        if task == "predict":
            _add_files(network)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a prediction's second table, from file to columns."""
    parser.set_defaults(run=_predict)
    parser.add_argument(
        "--only",
        choices=("networks", "files"),
        help="only the networks, or only the steps from a file to its columns (default: both)",
    )
    parser.add_argument(
        "--files",
        nargs="+",
        default=list(FILE_NETWORKS),
        metavar="NETWORK",
        help=f"networks that are timed on files: presets in {PRESETS}, which are trained briefly, "
        f"or trained networks (default: {' '.join(FILE_NETWORKS)})",
    )
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=int,
        default=list(FILE_SIZES),
        metavar="N",
        help="pixels of the files' images (default: %(default)s)",
    )
    parser.add_argument(
        "--engine",
        choices=get_args(EngineName),
        default="auto",
        help="engine that runs the networks on files (default: auto)",
    )


def _simulate(options: argparse.Namespace) -> int:
    from temnet.benchmarks.simulate import measure_simulation, simulation_table
    from temnet.data.batch_settings import BatchSettings

    if options.examples < 1:
        raise InputError(f"--examples must be at least 1; got {options.examples}.")
    script = runpy.run_path(str(SCRIPT))["simulate"] if SCRIPT.is_file() else None
    costs = []
    for file in options.files or sorted(EXPERIMENTS.glob("*.yaml")):
        experiment = load_experiment(file, {})
        if any(getattr(experiment, name) is None for name in SIMULATION_SECTIONS):
            if options.files:
                raise InputError(f"{file}: this experiment simulates no training images.")
            continue
        costs.append(
            measure_simulation(
                file.stem, BatchSettings.of(experiment), options.examples, script, options.workers
            )
        )
        _progress(f"{file.stem}: {costs[-1].seconds:.3f} s per example")
    _print([asdict(cost) for cost in costs] if options.json else simulation_table(costs))
    return DONE


def _networks(options: argparse.Namespace) -> int:
    from temnet.benchmarks.networks import network_table

    costs = _network_costs(options)
    _print([asdict(cost) for cost in costs] if options.json else network_table(costs))
    return DONE


def _predict(options: argparse.Namespace) -> int:
    from temnet.benchmarks.files import file_table
    from temnet.benchmarks.networks import network_table

    networks = [] if options.only == "files" else _network_costs(options)
    files = [] if options.only == "networks" else _file_costs(options)
    if options.json:
        _print(
            {
                name: [asdict(cost) for cost in costs]
                for name, costs in (("networks", networks), ("files", files))
            }
        )
        return DONE
    tables = [network_table(networks)] if networks else []
    _print("\n\n".join(tables + ([file_table(files)] if files else [])))
    return DONE


def _network_costs(options: argparse.Namespace) -> list[NetworkCost]:
    """Time and memory of each preset."""
    names = sorted(file.stem for file in PRESETS.glob("*.yaml"))
    if not names:
        raise InputError(f"{PRESETS}: no networks found; run this in temnet's source folder.")
    for name, least in (("size", 32), ("batch", 1), ("foci", 1), ("repeats", 1)):
        if getattr(options, name) < least:
            raise InputError(f"--{name} must be at least {least}; got {getattr(options, name)}.")
    if options.size % UNIT:
        down = options.size // UNIT * UNIT
        raise InputError(
            f"--size must be a multiple of {UNIT} for the U-Nets; got {options.size}, give {down} "
            f"or {down + UNIT}."
        )
    from temnet.benchmarks.networks import measure_networks

    return measure_networks(
        {name: _preset(name, options.foci, options.precision) for name in names},
        PLAIN,
        options.task,
        options.size,
        options.batch,
        options.repeats,
        lambda cost: _progress(f"{cost.name}: {cost.seconds:.3f} s per image"),
    )


def _file_costs(options: argparse.Namespace) -> list[FileCost]:
    """Time and memory for files of each size with each network."""
    if min(options.sizes) < 32 or options.repeats < 1:
        raise InputError("--sizes must be at least 32 and --repeats at least 1.")
    from temnet.benchmarks.files import measure_files
    from temnet.models.network_folders import find_network

    networks: dict[str, Experiment | None] = {}
    for name in options.files:
        preset = (PRESETS / f"{name}.yaml").is_file()
        networks[name] = _preset(name, 1, "float32") if preset else None
        if not preset:
            find_network(name)
    return measure_files(
        networks,
        options.sizes,
        options.engine,
        options.repeats,
        lambda cost: _progress(f"{cost.network}, {cost.pixels} pixels: {cost.seconds:.3f} s"),
    )


def _preset(name: str, foci: int, precision: str) -> Experiment:
    """An experiment for three classes with a preset network."""
    file = PRESETS / f"{name}.yaml"
    values = {
        "microscope": {"energy": 50e3, "defocus": {"steps": [0] * foci}},
        "labels": {"classes": ["Mo", "S2", "S"]},
        "model": {**parse_yaml(file.read_text(encoding="utf-8")), "sampling": 0.12},
        "training": {"precision": precision},
        "stages": ["report"],
    }
    return validate(values, str(file))


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _print(result: object) -> None:
    print(result if isinstance(result, str) else json.dumps(result, indent=1))


if __name__ == "__main__":
    sys.exit(main())
