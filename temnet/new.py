"""The command that writes settings for a material: ``temnet new STRUCTURE_FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from temnet.command_line.command import DONE, guarded
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.new_experiment import SIZES, Material, draft, parse_zone
from temnet.system.files import replace_file

LOWEST, HIGHEST = 20.0, 1500.0
"""Acceleration voltages that are accepted [kV]."""


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.new") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet new") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Writes a YAML file, with comments, that trains a network for your material. "
        "The columns are named after the elements on them; microscope, thickness and pixel size "
        "are typical values to check.",
        epilog="example: temnet new SrTiO3.cif --zone 001 --voltage 300 --corrected",
    )
    parser.add_argument(
        "structure", type=Path, metavar="FILE", help="structure: CIF, XYZ or another that ASE reads"
    )
    parser.add_argument(
        "--zone", required=True, metavar="UVW", help="zone axis, such as 001 or [1 -1 0]"
    )
    parser.add_argument(
        "--voltage", required=True, type=float, metavar="kV", help="acceleration voltage [kV]"
    )
    parser.add_argument(
        "--corrected",
        action="store_true",
        help="the microscope corrects spherical aberration and is tuned for bright atoms",
    )
    parser.add_argument(
        "--size",
        choices=tuple(SIZES),
        default="standard",
        help="number of training images: quick for a first look, standard for use (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--start-from",
        metavar="NAME",
        help="shipped network, or folder of a network, whose weights the training starts from: "
        "places of columns are then learnt from fewer images, their classes are not",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="YAML",
        help="file to write (default: the structure's name with zone and voltage)",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    if not LOWEST <= options.voltage <= HIGHEST:
        raise InputError(f"--voltage {options.voltage:g}: expected {LOWEST:g} to {HIGHEST:g} kV.")
    zone = parse_zone(options.zone)
    name = f"{options.structure.stem}_{''.join(map(str, zone))}_{options.voltage:g}kV.yaml"
    path: Path = options.output or Path(name)
    if path.exists():
        raise InputError(f"{path}: this file exists; give another one as --output.")
    material = Material(
        options.structure, zone, options.voltage, options.corrected, options.start_from
    )
    made = draft(material, SIZES[options.size], path.parent)
    replace_file(path, made.text.encode())
    try:
        load_experiment(path)
    except InputError:
        path.unlink()  # a second attempt must not find it
        raise
    columns = ", ".join(
        f"{name} ({near:.2f} Å to the nearest column)"
        for name, near in zip(made.columns.names, made.columns.nearest, strict=True)
    )
    print(f"Columns along [{' '.join(map(str, zone))}]: {columns}.")
    for doubt in made.doubts:
        print(f"Note: {doubt}.")
    print(f"The settings are in {path}. Read them, then: temnet run {path} --check")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
