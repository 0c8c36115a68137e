"""Seconds from a file to its columns: temnet, and AtomAI's default network and locator.

    python experiments/compare_with_atomai.py --atomai PYTHON --network columns-unet

PYTHON is the interpreter of an environment with AtomAI (`pip install atomai`), by default this
one; the network is one of temnet's for single images.  Both programs get the same images, a
lattice of bright columns in noise, in turn and in one run, each in a process of its own.  AtomAI's
network is trained on such lattices before, since an untrained one finds nothing to locate.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

DEFAULT_NETWORK = "columns-unet"
SIZES, REPEATS = (512, 1024, 2048), 7
SAMPLING, SPACING, WIDTH, DOSE = 0.2, 2.4, 0.4, 20.0
"""Pixel size, distance and standard deviation of columns [Å], electrons per pixel."""


def lattice(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An image of columns on a square lattice, and the mask of columns: (size, size) float32."""
    place = np.arange(size) * SAMPLING
    offset = (place + rng.uniform(0, SPACING) + SPACING / 2) % SPACING - SPACING / 2
    spots = np.outer(*[np.exp(-0.5 * (offset / WIDTH) ** 2)] * 2)
    return rng.poisson(DOSE * (1 + spots)).astype(np.float32), (spots > 0.5).astype(np.float32)


def temnet_finder(name: str) -> Callable[[str], int]:
    """From a file to the number of its columns, by one of temnet's networks."""
    from temnet.inference.column_finder import ColumnFinder
    from temnet.inference.reading.read_images import read_images
    from temnet.models.checkpoint import open_network

    finder = ColumnFinder(open_network(name))

    def find(file: str) -> int:
        series = read_images(file, sampling=SAMPLING)
        return len(finder.find(series.images[0], SAMPLING)[0])

    return find


def atomai_finder() -> Callable[[str], int]:
    """From a file to the number of its columns, by AtomAI's default U-Net and locator."""
    import atomai

    rng = np.random.default_rng(1)
    pairs = [lattice(128, rng) for _ in range(64)]
    images, masks = (np.stack([pair[part] for pair in pairs]) for part in (0, 1))
    images = (images - images.min()) / np.ptp(images)
    model = atomai.models.Segmentor(nb_classes=1)
    model.fit(
        images[:, None], masks[:, None], images[:8, None], masks[:8, None],
        training_cycles=60, batch_size=8, print_loss=60, plot_training_history=False,
    )  # fmt: skip

    def find(file: str) -> int:
        _, found = model.predict(np.load(file), verbose=False)
        return len(found[0])

    return find


def work(name: str, network: str) -> None:
    """Answers each line of the input, a file, by columns, seconds and processor seconds."""
    answers, sys.stdout = sys.stdout, sys.stderr
    find = temnet_finder(network) if name == "temnet" else atomai_finder()
    for line in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        columns = find(line.strip())
        took = [time.perf_counter() - wall, time.process_time() - processor]
        print(json.dumps([columns, *took]), file=answers, flush=True)


def main() -> None:
    """Prints a table of medians and ratios."""
    parser = argparse.ArgumentParser(description="Compares the speed of temnet and AtomAI.")
    parser.add_argument("--atomai", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--network", default=DEFAULT_NETWORK, help="of temnet (%(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--worker", choices=("temnet", "AtomAI"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.network)
        return
    print("size   program  columns  seconds  processor seconds")
    with tempfile.TemporaryDirectory() as folder:  # AtomAI saves its weights where it runs
        interpreters = {"temnet": sys.executable, "AtomAI": options.atomai}
        compare(options.sizes, interpreters, folder, options.network)


def compare(sizes: Sequence[int], interpreters: dict[str, str], folder: str, network: str) -> None:
    """Prints the lines of the table for each size."""
    workers = {
        name: subprocess.Popen(
            [python, Path(__file__).resolve(), "--worker", name, "--network", network], cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for name, python in interpreters.items()
    }  # fmt: skip

    def timed(name: str, file: Path) -> list[float]:
        given, answers = workers[name].stdin, workers[name].stdout
        assert given is not None and answers is not None
        print(file, file=given, flush=True)
        line = answers.readline()
        if not line:
            raise SystemExit(f"{name} cannot be run by {interpreters[name]}.")
        return json.loads(line)

    for size in sizes:
        file = Path(folder) / f"{size}.npy"
        np.save(file, lattice(size, np.random.default_rng(size))[0])
        rounds = [[timed(name, file) for name in workers] for _ in range(REPEATS + 1)]
        each = np.median(rounds[1:], axis=0)  # the first compiles
        medians = dict(zip(workers, each, strict=True))
        for name, (columns, wall, processor) in medians.items():
            print(f"{size:5}  {name:8} {columns:7.0f}  {wall:7.3f}  {processor:7.3f}")
        ratio = medians["AtomAI"][1:] / medians["temnet"][1:]
        print(f"{size:5}  ratio             {ratio[0]:7.1f}  {ratio[1]:7.1f}", flush=True)


if __name__ == "__main__":
    main()
