"""The command that writes a network for other programs: ``temnet export NAME --onnx``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from temnet.command_line.command import DONE, guarded
from temnet.errors import InputError
from temnet.models.network_folders import find_network
from temnet.system.files import replace_file
from temnet.system.streams import libraries_silenced

SUFFIX = ".onnx"

EXAMPLES = """examples:
  temnet export nanoparticle-unet --onnx
  temnet export runs/my_run/train/network --onnx my_network.onnx
"""


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.export") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet export") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Writes a network as an ONNX file, which other programs can run without temnet "
        "or TensorFlow. Its input `images` (batch, focus, rows, cols) are images at the network's "
        "pixel size, normalised; its output `probabilities` (batch, class, rows, cols) sum to one "
        "at each pixel, the last class is the background. The file's metadata name the classes, "
        "the pixel size, the normalisation, the threshold and the steps before and after.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("network", metavar="NAME", help="name of a network, or its folder")
    parser.add_argument(
        "--onnx",
        nargs="?",
        const="",
        required=True,
        metavar="FILE",
        help=f"write an ONNX file (default: NAME{SUFFIX} in the working folder); an older one is "
        "replaced",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    folder = find_network(options.network)
    file = Path(options.onnx or f"{folder.name}{SUFFIX}")
    if file.suffix.lower() != SUFFIX or file.is_dir():
        raise InputError(f"{file}: expected the name of a file that ends in {SUFFIX}.")
    if find_spec("onnx") is None:
        raise InputError("The package onnx is not installed. Install it: pip install onnx")
    content = _content(folder)
    replace_file(file, content)
    print(f"{file}: {len(content) / 1e6:.1f} MB")
    return DONE


def _content(folder: Path) -> bytes:
    """The ONNX file of a network.

    Raises:
        InputError: If the network cannot be read, or has a layer that cannot be written.
    """
    with libraries_silenced():
        from temnet.inference.engines.onnx_network import onnx_network
        from temnet.inference.engines.translation import Untranslatable
        from temnet.models.checkpoint import load_network
    network = load_network(folder)
    try:
        return onnx_network(network).SerializeToString(deterministic=True)
    except Untranslatable as error:
        raise InputError(f"{folder}: the network cannot be written as ONNX, {error}.") from error


if __name__ == "__main__":
    sys.exit(main())
