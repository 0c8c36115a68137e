"""Settings, with comments, that train a network for the structure in a file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

from temnet.config.experiment import required
from temnet.config.paths import is_path
from temnet.config.structures.from_file import FromFile
from temnet.electrons import wavelength
from temnet.errors import InputError
from temnet.models.checkpoint import open_network
from temnet.structures.atom_files.columns_along import ColumnsAlong, columns_along
from temnet.structures.atom_files.from_file import read_structure

FINEST = 0.9
"""Finest spacing that a corrected microscope transfers below 300 kV [Å]: that of the apertures in
the shipped presets for 50 and 80 kV."""

CORRECTED_MRAD, UNCORRECTED_SPACING = 25.0, 1.3
"""Aperture of a corrected microscope at 300 kV [mrad], and the finest spacing of an uncorrected one
[Å]."""

LARGEST_INDEX = 50
"""Of a zone axis, as in the settings."""

WIDTH, RADIUS = 0.4, 0.5
"""Width of the labels and radius of the matching [Å], for columns that are far enough apart."""


@dataclass(frozen=True)
class Size:
    """How many images a network is trained on.

    Attributes:
        images: Simulated training images.
        epochs: Epochs.
        images_per_epoch: Images of an epoch.
        specimens: Images for each simulated specimen.
    """

    images: int
    epochs: int
    images_per_epoch: int
    specimens: int


SIZES = {"quick": Size(480, 15, 600, 4), "standard": Size(2400, 30, 1500, 4)}
"""Sizes by name: for a first look, and for use."""


@dataclass(frozen=True)
class Material:
    """A structure and how it is seen.

    Attributes:
        file: The structure file.
        zone_axis: Direction along the beam, in the cell's vectors.
        voltage: Acceleration voltage [kV].
        corrected: Whether the microscope has a corrector of spherical aberration.
        start_from: Name of a shipped network, or folder of a network, whose weights the training
            starts from; None for random weights.
    """

    file: Path
    zone_axis: tuple[int, int, int]
    voltage: float
    corrected: bool
    start_from: str | None = None

    @property
    def aperture(self) -> float:
        """Aperture of the microscope [mrad]."""
        finest = FINEST if self.corrected else UNCORRECTED_SPACING
        least = CORRECTED_MRAD if self.corrected else 0.0
        return max(least, 1e3 * wavelength(self.voltage * 1e3) / finest)

    @property
    def resolution(self) -> float:
        """Finest spacing that the aperture lets through [Å]."""
        return 1e3 * wavelength(self.voltage * 1e3) / self.aperture


@dataclass(frozen=True)
class Draft:
    """Settings for a material.

    Attributes:
        text: The YAML, with comments.
        columns: The kinds of columns.
        doubts: Sentences on columns that the microscope cannot separate.
    """

    text: str
    columns: ColumnsAlong
    doubts: tuple[str, ...]


def parse_zone(text: str) -> tuple[int, int, int]:
    """Indices of a direction.

    Raises:
        InputError: If the text is not a direction.

    >>> parse_zone("001"), parse_zone("1-10"), parse_zone("[3 -1 2]"), parse_zone("1,1,0")
    ((0, 0, 1), (1, -1, 0), (3, -1, 2), (1, 1, 0))
    """
    inner = text.strip().strip("[]<>")
    digits = r"-?\d+" if re.search(r"[\s,]", inner) else r"-?\d"
    indices = [int(number) for number in re.findall(digits, inner)]
    if (
        re.fullmatch(r"[-\d\s,]+", inner) is None
        or len(indices) != 3
        or not any(indices)
        or max(map(abs, indices)) > LARGEST_INDEX
    ):
        raise InputError(f"--zone {text}: expected three indices, such as 001, 1-10 or [1 -1 0].")
    first, second, third = indices
    return first, second, third


def draft(material: Material, size: Size, folder: Path) -> Draft:
    """Settings that train a network for a material.

    Args:
        material: The structure and the microscope.
        size: How many images are simulated and seen.
        folder: Where the YAML will be; the path of the structure is relative to it.

    Raises:
        InputError: If the structure cannot be read or has no columns along the zone axis.
    """
    cell = read_structure(str(material.file))
    naming = "elements" if bool(np.all(cell.pbc)) else "formula"
    structure = FromFile(path=str(material.file), zone_axis=material.zone_axis, naming=naming)
    columns = columns_along(structure)
    closest = columns.closest
    doubts = tuple(
        f"{name} columns have a neighbour at {near:.2f} Å, closer than the finest spacing that "
        f"this microscope resolves ({material.resolution:.2f} Å); the network cannot separate them"
        for name, near in zip(columns.names, columns.nearest, strict=True)
        if near < material.resolution
    )
    model, sampling = _model(material.start_from, 0.2 if closest > 1.5 else 0.15)
    text = TEMPLATE.substitute(
        file=_relative(material.file, folder),
        zone=", ".join(map(str, material.zone_axis)),
        zone_name=" ".join(map(str, material.zone_axis)),
        naming=naming,
        thickness=BULK if naming == "elements" else WHOLE,
        voltage=f"{material.voltage:g}",
        microscope=(CORRECTED if material.corrected else UNCORRECTED).rstrip(),
        aperture=f"{material.aperture:.0f}",
        resolution=f"{material.resolution:.2f}",
        classes=", ".join(columns.names),
        distances=", ".join(
            f"{name} {near:.2f}" for name, near in zip(columns.names, columns.nearest, strict=True)
        ),
        width=f"{max(sampling, min(WIDTH, closest / 4)):.2f}",
        radius=f"{min(RADIUS, 0.4 * closest):.2f}",
        model=model,
        start=_start(material.start_from, folder),
        images=size.images,
        reuse=size.specimens,
        epochs=size.epochs,
        images_per_epoch=size.images_per_epoch,
    )
    return Draft(text, columns, doubts)


def _model(start_from: str | None, sampling: float) -> tuple[str, float]:
    """The line of the settings with the model, and its pixel [Å].

    Args:
        start_from: The network whose model it is; None for a new one.
        sampling: Pixel of a new one [Å].
    """
    if start_from is None:
        return f"{{kind: unet, sampling: {sampling:g}, depth: 3, filters: 16}}", sampling
    settings = required(open_network(start_from).experiment.model, "model")
    values = settings.model_dump(mode="json")
    given = settings.model_dump(mode="json", exclude_defaults=True)
    shown = {"kind": values["kind"], "sampling": values["sampling"], **given}
    line = "{" + ", ".join(f"{key}: {value}" for key, value in shown.items()) + "}"
    return line, float(values["sampling"])


def _start(start_from: str | None, folder: Path) -> str:
    """The lines of the settings with the weights to start from."""
    if start_from is None:
        return RANDOM
    if not Path(start_from).is_dir():
        return START.substitute(name=start_from)
    path = _relative(Path(start_from), folder)
    # Without a separator it would be the name of a shipped network.
    return START.substitute(name=path if is_path(path) else path.replace('"', '"./', 1))


def _relative(file: Path, folder: Path) -> str:
    """A path as it is written in a YAML file in a folder, quoted."""
    try:
        path = os.path.relpath(file, folder)
    except ValueError:  # on another drive
        path = str(file.resolve())
    return '"' + Path(path).as_posix().replace('"', '\\"') + '"'


CORRECTED = """\
  # With a corrector, tuned for bright atoms: negative Cs with overfocus.
  Cs_um: {uniform: [-30, -8]}
  defocus:
    start: {uniform: [-15, 10]}  # Å, on top of:
    scherzer: {uniform: [0.9, 1.5]}  # times the Scherzer defocus for the drawn Cs
  astigmatism: {uniform: [0, 30]}  # Å
  coma: {uniform: [0, 300]}  # Å
  focal_spread: {uniform: [14, 28]}  # Å, standard deviation
"""

UNCORRECTED = """\
  # Without a corrector, near the Scherzer defocus: columns are dark.
  Cs_um: {uniform: [600, 1200]}
  defocus:
    scherzer: {uniform: [0.8, 1.2]}  # times the Scherzer defocus for the drawn Cs
  astigmatism: {uniform: [0, 30]}  # Å
  focal_spread: {uniform: [30, 50]}  # Å, standard deviation
"""

BULK, WHOLE = (
    "  thickness: {uniform: [15, 60]}  # Å",
    "  # Sheets and molecules are kept whole, so that there is no thickness to set.",
)
"""Lines on the thickness: of crystals, and of anything else."""

RANDOM = "  learning_rate: 2e-3\n"

START = Template("""\
  start_from: $name  # its model must stay as above
  learning_rate: 1e-3  # lower than from random weights
""")

TEMPLATE = Template("""\
# Trains a network that finds the columns of $classes along [$zone_name] at $voltage kV.
#
#   temnet run THIS_FILE.yaml --check    checks it, and shows disk space and time
#   temnet run THIS_FILE.yaml            simulates, trains and scores; run it again to resume
#   temnet predict IMAGE --network runs/THIS_FILE/train/network
#
# Change what differs on your microscope.  {uniform: [a, b]} draws a value between a and b for each
# image: make ranges wide enough that your images lie within them, and no wider.
seed: 1
structure:
  kind: file
  path: $file
  zone_axis: [$zone]
$thickness
  tilt_deg: {uniform: [0, 0.7]}  # away from the zone axis
  scale: {normal: [1, 0.01]}  # lattice constants and calibration of the pixel size: ± 1 %
  naming: $naming
  edge_probability: 0.4  # images in which the crystal ends
  # vacancies: {O: {uniform: [0, 0.1]}}  # fraction of missing atoms, by element
  negatives: {probability: 0.04, amorphous: 0.03}  # images without columns: vacuum, carbon film
vibrations:
  kind: einstein
  sigma: {default: 0.07}  # Å per direction at room temperature; {Sr: 0.08, O: 0.09} by element
  scale: {uniform: [0.8, 1.3]}
microscope:
  energy: ${voltage}e3  # eV
$microscope
  angular_spread_mrad: {uniform: [0, 0.3]}
  image_spread: {uniform: [0, 0.5]}  # Å, vibration of the microscope
  aperture_mrad: $aperture  # $resolution Å is the finest spacing
camera:
  sampling: {uniform: [0.1, 0.25]}  # Å per pixel; your images' pixels must lie in this range
  dose: {log_uniform: [500, 20000]}  # e/Å² of each image
labels:
  # Columns are named after their elements in alphabetical order.  Distance to the nearest
  # neighbour [Å]: $distances
  classes: [$classes]
  width: $width  # Å
data:
  image_size: 128  # network pixels
  training: $images
  selection: 60  # choose the best epoch and the threshold
  validation: 100  # are scored
  exit_wave_reuse: $reuse  # microscopes and doses for each simulated specimen
model: $model
training:
$start  epochs: $epochs
  images_per_epoch: $images_per_epoch
  batch_size: 8
  selection_images: 60
evaluation:
  radius: $radius  # Å
stages: [simulate, train, evaluate, report]
""")
