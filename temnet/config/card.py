"""The card of a network: its task, its training and its scores."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from temnet.config.card_scores import SelectionScores, ValidationScores
from temnet.score_records import Calibration, StrictNumber
from temnet.tables.json_records import Number, as_values, renamed

Quantity = TypeVar("Quantity", int, float)

SCHEMA = 1
"""Version of card.json; a card of a newer one is refused."""

MOST_WEIGHTS = 2**30
"""Weights of the largest network that is read: 4 GB."""


def _plain_name(name: str) -> str:
    """A name that can be shown in one line, and be that of a file."""
    if not name.isprintable() or name != name.strip() or name.startswith("."):
        raise ValueError("expected printable characters, without a dot or blanks before them")
    if set(name) & set('/\\:*?"<>|'):
        raise ValueError("expected a name without the characters of paths")
    return name


def _ordered(span: tuple[float, float]) -> tuple[float, float]:
    if not 0 < span[0] <= span[1] <= 100:
        raise ValueError("expected the least and the largest pixel size in Å")
    return span


def _distances(span: tuple[float, float]) -> tuple[float, float]:
    if not 0 < span[0] <= span[1]:
        raise ValueError("expected the least and the largest distance in Å")
    return span


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("expected classes that differ")
    return names


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain_name)]
ClassName = Annotated[str, Field(min_length=1, max_length=100)]
ClassNames = Annotated[
    tuple[ClassName, ...], Field(min_length=1, max_length=100), AfterValidator(_different)
]
Span = tuple[StrictNumber, StrictNumber]
"""Lowest and highest value."""


@dataclass(frozen=True, kw_only=True)
class ImageStatistics:
    """Statistics of images like those of the training, with which other images are compared.

    See `temnet.inference.checks.out_of_distribution`.

    Attributes:
        count: Number of images.
        bin_edges: Edges of the frequency bins [1/Å].
        spectrum: Power in each bin, three quantiles [log10 Å²]; None where it is not known.
        limit: Largest deviation of a spectrum from the median.
        noise_dose: Dose of the noisiest image [e/Å²]; None where it is not known.
        spots: Frequencies of the strongest spots, sorted [1/Å].
        spot_images: Number of images whose spots are kept.
        spot_limit: Deviation of a lattice that is rarely exceeded; None where it is not known.
        lattice_fraction: Fraction of images with spots.
        slow_variation: Largest standard deviation of the slow part of an image, as a fraction of
            its mean; None where it is not known.
        skewness: Lowest and highest skewness of an image without noise and slow variation, among
            those whose columns have a clear contrast; None where it is not known.
    """

    count: Annotated[int, Field(ge=0, strict=True)] = 0
    bin_edges: Annotated[tuple[StrictNumber, ...], Field(min_length=2)]
    spectrum: Annotated[
        tuple[tuple[StrictNumber | None, ...], ...], Field(min_length=3, max_length=3)
    ]
    limit: Annotated[StrictNumber, Field(ge=0)] | None
    noise_dose: Annotated[StrictNumber, Field(gt=0)] | None
    spots: tuple[Annotated[StrictNumber, Field(gt=0)], ...]
    spot_images: Annotated[int, Field(ge=0, strict=True)]
    spot_limit: StrictNumber | None
    lattice_fraction: Annotated[StrictNumber, Field(ge=0, le=1)]
    slow_variation: Annotated[StrictNumber, Field(ge=0)] | None = None
    skewness: Span | None = None


def _consistent(one: ImageStatistics) -> ImageStatistics:
    edges, lengths = one.bin_edges, {len(line) for line in one.spectrum}
    if lengths != {len(edges) - 1} or list(edges) != sorted(set(edges)):
        raise ValueError("expected one value of each quantile between two rising bin edges")
    values = [value for line in one.spectrum for value in line if value is not None]
    known = one.limit is not None or not values
    if not known or (one.spot_limit is not None and not (one.spots and one.spot_images)):
        raise ValueError("expected a limit for each compared quantity")
    if list(one.spots) != sorted(one.spots):
        raise ValueError("expected rising frequencies of spots")
    return one


Positive = Annotated[StrictNumber, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class KnownLattice:
    """A crystal that training images show, along one zone axis; see `known_lattices`.

    Attributes:
        name: The material and its zone axis, such as ``Pt [110]``.
        spacings: Distances between the lattice planes that can be seen, largest first [Å].
        angles: Directions of their normals in the image, from that of the first [deg].
        strengths: Kinematic intensities of their reflections, of sum 1.
        spread: Relative standard deviation of the spacings over the training images.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    spacings: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=1000)]
    angles: tuple[StrictNumber, ...]
    strengths: tuple[Positive, ...]
    spread: Annotated[StrictNumber, Field(ge=0, le=1)]


def _one_each(one: KnownLattice) -> KnownLattice:
    if not len(one.spacings) == len(one.angles) == len(one.strengths):
        raise ValueError("expected an angle and a strength of each spacing")
    return one


@dataclass(frozen=True, kw_only=True)
class EarlierCost:
    """Cost of the network from which a training started.

    Attributes:
        network: Its name.
        sha256: Checksum of its weights; None where it is not known.
        images_seen: Images seen in its training, its own start included; None if unknown.
        seconds: Time of its training, its own start included [s]; None if unknown.
    """

    network: str
    sha256: str | None = None
    images_seen: Annotated[int | None, renamed("images_seen", "presentations")] = None  # old key
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost of a training.

    Attributes:
        epochs: Number of epochs.
        images_per_epoch: Images in each of them.
        images_seen: Their product; an image that is shown twice counts twice.
        training_images: Number of different images.
        specimens: Number of different specimens.
        seconds: Time of all epochs [s]; None if unknown.
        start: Cost of the network from which the training started, if it did.
    """

    epochs: int
    images_per_epoch: int
    images_seen: Annotated[int, renamed("images_seen", "presentations")]  # old key
    training_images: int
    specimens: int
    seconds: float | None = None
    start: EarlierCost | None = None

    def total_images_seen(self) -> int | None:
        """Images seen, those of the network that the training started from included.

        Returns:
            None where a part of it is not known.
        """
        return _sum(self.images_seen, 0 if self.start is None else self.start.images_seen)

    def total_seconds(self) -> float | None:
        """Time of the training, that of the network it started from included [s].

        Returns:
            None where a part of it is not known.
        """
        return _sum(self.seconds, 0 if self.start is None else self.start.seconds)


def _sum(own: Quantity | None, before: Quantity | None) -> Quantity | None:
    return None if own is None or before is None else own + before


@dataclass(frozen=True, kw_only=True)
class FrozenScores:
    """Scores on a few images that are simulated again to check a network.

    Attributes:
        images: Number of images.
        macro_f1: Mean F1 over the classes; NaN where it is not defined.
        columns: True columns that count.
        found: Peaks that count.
        rms_error_pm: Root mean square error of positions [pm]; NaN without a pair.
        shift_pm: Mean of found minus true (row, col) [pm], which the error leaves out; None
            without a pair.
        simulation: Version of the simulation that made the images.
    """

    images: int
    macro_f1: Number
    columns: int
    found: int
    rms_error_pm: Number
    shift_pm: tuple[float, float] | None
    simulation: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """All entries of card.json; those that an earlier temnet did not write are None.

    Attributes:
        name: The network's name.
        kind: Kind of network: unet or msdnet.
        structure: Kind of specimen it was trained on.
        classes: Names of the column classes it predicts.
        focus_count: Images in a focal series.
        focus_steps: Defocus of each image of a series minus that of the first [Å].
        sampling: Pixel size of its input [Å].
        label_width: Standard deviation of a column in the label maps [Å].
        normalisation_width: Standard deviation of the window by which images are normalised [Å].
        energies: Range of electron energies in the training [eV].
        defocus: Range of the defocus of any image [Å], positive for underfocus.
        Cs_um: Range of spherical aberration [µm].
        astigmatism: Range of two-fold astigmatism [Å].
        focal_spread: Range of focal spread, standard deviation [Å].
        dose: Range of the dose of an image [e/Å²].
        camera_sampling: Range of the camera's pixel size [Å].
        seed: Seed of the training.
        parameters: Number of weights.
        temnet: Version of temnet that wrote the card.
        keras: Version of Keras that wrote the weights.
        threshold: Lowest score of a column.
        score_calibration: How scores become probabilities.
        metrics: Scores on the selection images.
        image_statistics: Statistics of images like those of the training.
        neighbour_distances: For each class the least and the largest distance from a column to
            the nearest one in images like those of the training, of 99 % of the columns [Å].
        materials: Crystals that training images show, by which pixel sizes are checked.
        sha256: Checksum of model.keras.
        schema: Version of the card's format.
        validation: Scores on the validation images, once the network is published.
        cost: Cost of the training.
        frozen: Scores on a few images that are simulated again to check the network.
    """

    name: Name
    kind: str | None = None
    structure: str | None = None
    classes: ClassNames
    focus_count: Annotated[int, Field(ge=1, le=1000, strict=True)]
    focus_steps: tuple[StrictNumber, ...] | None = None
    sampling: Annotated[StrictNumber, Field(ge=0.02, le=1)]
    label_width: StrictNumber | None = None
    normalisation_width: StrictNumber | None = None
    energies: Span | None = None
    defocus: Span | None = None
    Cs_um: Span | None = None
    astigmatism: Span | None = None
    focal_spread: Span | None = None
    dose: Span | None = None
    camera_sampling: Annotated[Span, AfterValidator(_ordered)] | None = None
    seed: int | None = None
    parameters: Annotated[int, Field(ge=1, le=MOST_WEIGHTS, strict=True)] | None = None
    temnet: str | None = None
    keras: str | None = None
    threshold: Annotated[StrictNumber, Field(gt=0, lt=1)]
    score_calibration: Calibration | None = None
    metrics: SelectionScores | None = None
    image_statistics: Annotated[
        Annotated[ImageStatistics, AfterValidator(_consistent)] | None,
        renamed("image_statistics", "taught_images"),  # old key
    ] = None
    neighbour_distances: dict[str, Annotated[Span, AfterValidator(_distances)]] | None = None
    materials: tuple[Annotated[KnownLattice, AfterValidator(_one_each)], ...] | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    schema: Annotated[int, Field(ge=1, strict=True)]
    validation: ValidationScores | None = None
    cost: Cost | None = None
    frozen: FrozenScores | None = None

    def __getitem__(self, name: str) -> Any:
        """An entry as plain values, as earlier versions had it; use the attribute instead."""
        message = f'card["{name}"] will be removed in the next version; use card.{name} instead'
        warnings.warn(message, FutureWarning, stacklevel=2)
        return as_values(self)[name]


_CARD = TypeAdapter(Card)

Entries = dict[str, Any]
"""The entries of a card as plain values of JSON, with names that `Card` may not have."""


def parse_card(text: str) -> Entries:
    """The entries of a card from its JSON.

    Raises:
        ValueError: If it is not JSON, is nested too deeply, or holds NaN or infinity.
    """
    try:
        entries = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(entries, dict):
        raise ValueError("it has no entries `name: value`")
    return entries


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


class InvalidEntries(ValueError):
    """Names of entries that are missing or not valid."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def card_of(entries: Entries) -> Card:
    """The card with some entries; further ones are left out.

    Raises:
        InvalidEntries: If one is missing or not valid.
    """
    try:
        return _CARD.validate_python(entries)
    except ValidationError as error:
        names = {str(fault["loc"][0]) for fault in error.errors()}
        raise InvalidEntries(sorted(names)) from None


def entries_of(card: Card) -> Entries:
    """The entries of a card for its JSON; those that are not known are left out."""
    return {key: value for key, value in as_values(card).items() if value is not None}
