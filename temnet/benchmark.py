"""The command that measures costs: ``python -m temnet.benchmark simulate|train|predict``."""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from temnet.config.experiment import SIMULATION_SECTIONS
from temnet.config.loading import load_experiment, parse_yaml, validate
from temnet.errors import InputError
from temnet.run import DONE, guarded

EXPERIMENTS = Path("experiments")

PRESETS, PLAIN = EXPERIMENTS / "models", "msdnet_paper"
"""Networks that are timed, and the one that is timed in Keras' operations too."""

SCRIPT = Path("tests/benchmarks/abtem_script.py")
"""The straightforward script; it is part of the source tree and not of the package."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m temnet.benchmark", description="Measures what the work costs."
    )
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    simulate = commands.add_parser("simulate", help="time to simulate an example")
    simulate.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help=f"experiments (default: all in {EXPERIMENTS} that make training images)",
    )
    simulate.add_argument(
        "--examples", type=int, default=8, metavar="N", help="specimens to time (default: 8)"
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
    return parser


def _simulate(options: argparse.Namespace) -> int:
    from temnet.benchmarks.simulate import measure_simulation, simulation_table

    if options.examples < 1:
        raise InputError(f"--examples must be at least 1; got {options.examples}.")
    script = runpy.run_path(str(SCRIPT))["simulate"] if SCRIPT.is_file() else None
    costs = []
    for file in options.files or sorted(EXPERIMENTS.glob("*.yaml")):
        experiment = load_experiment(file, {})
        if any(getattr(experiment, name) is None for name in SIMULATION_SECTIONS):
            if options.files:
                raise InputError(f"{file}: this experiment makes no training images.")
            continue
        costs.append(
            measure_simulation(file.stem, experiment, options.examples, script, options.workers)
        )
        _progress(f"{file.stem}: {costs[-1].seconds:.3f} s per example")
    _print([asdict(cost) for cost in costs] if options.json else simulation_table(costs))
    return DONE


def _networks(options: argparse.Namespace) -> int:
    files = sorted(PRESETS.glob("*.yaml"))
    if not files:
        raise InputError(f"{PRESETS}: there are no networks; run this in temnet's source folder.")
    for name, least in (("size", 32), ("batch", 1), ("foci", 1), ("repeats", 1)):
        if getattr(options, name) < least:
            raise InputError(f"--{name} must be at least {least}; got {getattr(options, name)}.")
    from temnet.benchmarks.networks import measure_networks, network_table

    experiments = {
        file.stem: validate(
            {
                "microscope": {"energy": 50e3, "defocus": {"steps": [0] * options.foci}},
                "labels": {"classes": ["Mo", "S2", "S"]},
                "model": {**parse_yaml(file.read_text(encoding="utf-8")), "sampling": 0.12},
                "training": {"precision": options.precision},
                "stages": ["report"],
            },
            str(file),
        )
        for file in files
    }
    costs = measure_networks(
        experiments,
        PLAIN,
        options.task,
        options.size,
        options.batch,
        options.repeats,
        lambda cost: _progress(f"{cost.name}: {cost.seconds:.3f} s per image"),
    )
    _print([asdict(cost) for cost in costs] if options.json else network_table(costs))
    return DONE


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _print(result: Any) -> None:
    print(result if isinstance(result, str) else json.dumps(result, indent=1))


if __name__ == "__main__":
    sys.exit(main())
