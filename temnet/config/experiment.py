"""The settings of one experiment, and whether its sections agree with each other."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

from pydantic import Field, field_validator, model_validator

from temnet.config.analysis.accuracy import Accuracy
from temnet.config.analysis.evaluation import Evaluation
from temnet.config.analysis.images import Images
from temnet.config.analysis.movie import Movie
from temnet.config.analysis.occupancy import Compare, Occupancy
from temnet.config.analysis.prediction import Prediction
from temnet.config.analysis.strain import Strain
from temnet.config.distributions import support
from temnet.config.external_files import with_tables
from temnet.config.instrument.camera import Camera
from temnet.config.instrument.microscope import Microscope
from temnet.config.learning.data import Data
from temnet.config.learning.labels import COLUMN, Labels, split_class
from temnet.config.learning.models import ModelSettings
from temnet.config.learning.training import Training
from temnet.config.settings import Settings, shown
from temnet.config.simulation import SimulationSettings
from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.vibrations import NoVibrations, VibrationSettings
from temnet.config.yaml_text import LARGEST_INT
from temnet.electrons import wavelength
from temnet.errors import InputError

Stage = Literal[
    "vibrations",
    "accuracy",
    "gallery",
    "movie",
    "simulate",
    "train",
    "evaluate",
    "predict",
    "occupancy",
    "strain",
    "compare",
    "report",
]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""Every stage, in the order in which they run."""

SIMULATION_SECTIONS = ("structure", "microscope", "camera", "labels", "data", "model")
"""Sections without which nothing can be simulated."""

STAGE_SECTIONS: dict[str, tuple[str, ...]] = {
    "vibrations": ("molecular_dynamics",),
    "accuracy": ("accuracy",),
    "gallery": SIMULATION_SECTIONS,
    "movie": (*SIMULATION_SECTIONS, "movie"),
    "simulate": SIMULATION_SECTIONS,
    "train": (*SIMULATION_SECTIONS, "training"),
    "evaluate": (*SIMULATION_SECTIONS, "evaluation"),
    "predict": ("images", "prediction"),
    "occupancy": ("images", "prediction", "occupancy"),
    "strain": ("images", "prediction", "strain"),
    "compare": ("compare",),
    "report": (),
}
"""Sections that each stage needs."""


SectionType = TypeVar("SectionType")


def required(section: SectionType | None, name: str) -> SectionType:
    """A section that may be missing in general, but not here.

    The sections that a stage needs are there by the time that the stage runs.

    Args:
        section: The section, such as ``experiment.labels``.
        name: Its name, for the message.

    Raises:
        ValueError: If the section is missing.
    """
    if section is None:
        raise ValueError(f"this experiment has no {name} section")
    return section


class Experiment(Settings):
    """All settings of an experiment."""

    version: Literal[1] = Field(1, description="Version of this format.")
    seed: int = Field(1, ge=0, lt=LARGEST_INT, description="Seed of every draw.")
    structure: StructureSettings | None = Field(None, description="The specimen.")
    vibrations: VibrationSettings = Field(NoVibrations(), description="Thermal displacements.")
    microscope: Microscope | None = Field(None, description="The microscope.")
    camera: Camera | None = Field(None, description="The camera.")
    labels: Labels | None = Field(
        None, description="The columns that a network is trained to find."
    )
    data: Data = Field(Data(), description="Numbers of examples, and where they come from.")
    model: ModelSettings | None = Field(None, description="The network.")
    training: Training = Field(
        Training(), description="How the network is trained; numbers of images are in `data`."
    )
    evaluation: Evaluation = Field(
        Evaluation(), description="How predictions are scored against the true columns."
    )
    images: Images | None = Field(None, description="Microscope files to find columns in.")
    prediction: Prediction | None = Field(None, description="How columns are found in them.")
    occupancy: Occupancy = Field(Occupancy(), description="How sites are followed through a movie.")
    strain: Strain = Field(Strain(), description="How strain is measured around columns.")
    compare: Compare | None = Field(None, description="Two movies to compare.")
    movie: Movie | None = Field(None, description="A simulated movie.")
    molecular_dynamics: MolecularDynamics | None = Field(
        None, description="How tables of thermal vibration are made."
    )
    accuracy: Accuracy | None = Field(
        None, description="How the accuracy of the simulation is measured."
    )
    stages: tuple[Stage, ...] = Field(min_length=1, description="Stages to run.")

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the network's channels without the background."""
        return required(self.labels, "labels").classes

    @property
    def sampling(self) -> float:
        """Pixel size of the network's images [Å]."""
        return required(None if self.model is None else self.model.sampling, "model")

    @property
    def focus_count(self) -> int:
        """Number of images in a focal series."""
        return len(required(self.microscope, "microscope").defocus.steps)

    @model_validator(mode="after")
    def _stages_have_their_sections(self) -> Experiment:
        for stage in self.stages:
            missing = [name for name in STAGE_SECTIONS[stage] if getattr(self, name) is None]
            if missing:
                raise ValueError(
                    f"stage `{stage}` needs the section {' and '.join(missing)}; add it, or take "
                    f"`{stage}` out of stages"
                )
        return self

    @field_validator("stages")
    @classmethod
    def _once_each(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        if len(set(stages)) != len(stages):
            raise ValueError(f"expected each stage once; got {shown(stages)}")
        return stages

    @model_validator(mode="after")
    def _classes_exist(self) -> Experiment:
        if self.structure is None or self.labels is None:
            return self
        known = self.structure.column_classes
        if known is None:
            return self
        allowed = {*known, COLUMN}
        unknown = [name for name in self.labels.classes if split_class(name)[0] not in allowed]
        if unknown:
            raise ValueError(
                f"labels.classes names {', '.join(unknown)}, which structure.kind "
                f"{self.structure.kind} does not have; it has {', '.join(sorted(known))}, and "
                f"{COLUMN} for all"
            )
        return self

    @model_validator(mode="after")
    def _image_fits_network(self) -> Experiment:
        if self.model is None or "train" not in self.stages:
            return self
        crop = self.data.augment.crop
        key = "data.image_size" if crop is None else "data.augment.crop"
        sizes = self.data.shape if crop is None else (crop,)
        if self.model.kind == "msdnet":
            # A border of the largest dilation is reflected, which takes one pixel more.
            least = self.model.max_dilation + 1
            if min(sizes) < least:
                raise ValueError(
                    f"{key} {min(sizes)} is less than {least} (model.max_dilation + 1); set "
                    f"{key} to at least {least} or model.max_dilation lower"
                )
            return self
        unit = self.model.stem * 2**self.model.depth
        parts = f"model.depth={self.model.depth}"
        formula = "2**depth"
        if self.model.stem > 1:
            formula, parts = "stem * 2**depth", f"model.stem={self.model.stem}, {parts}"
        for size in sizes:
            if size % unit:
                down = max(size // unit, 1) * unit
                raise ValueError(
                    f"{key} {size} is not a multiple of {unit} ({formula}, {parts}); "
                    f"set {key} to {down} or {down + unit}"
                )
        return self

    @model_validator(mode="after")
    def _labels_fit_pixels(self) -> Experiment:
        if self.model is None or self.labels is None:
            return self
        if self.labels.width < self.model.sampling:
            raise ValueError(
                f"labels.width {self.labels.width:g} Å is less than one pixel of the network "
                f"(model.sampling {self.model.sampling:g} Å), so that peaks fall between pixels; "
                f"set it to at least {self.model.sampling:g}"
            )
        return self

    @model_validator(mode="after")
    def _grid_carries_the_aperture(self) -> Experiment:
        for microscope in () if self.microscope is None else self.microscope.every_variant:
            energy = support(microscope.energy)[0]
            aperture = support(microscope.aperture_mrad)[1] * 1e-3 / wavelength(energy)
            cutoff = 2 / 3 * 0.5 / microscope.grid_sampling
            if aperture > cutoff:
                raise ValueError(
                    f"microscope.grid_sampling {microscope.grid_sampling:g} Å carries the wave "
                    f"up to {cutoff:.2f} 1/Å (2/3 of Nyquist), but aperture_mrad lets pass up to "
                    f"{aperture:.2f} 1/Å at {energy:g} eV; set grid_sampling to at most "
                    f"{1 / (3 * aperture):.3f} or aperture_mrad to at most "
                    f"{cutoff * wavelength(energy) * 1e3:.1f}"
                )
        return self

    @model_validator(mode="after")
    def _training_fits_data(self) -> Experiment:
        if self.training.curriculum is not None and self.data.source != "fresh":
            raise ValueError(
                "training.curriculum draws other images in each epoch, but data.source is stored; "
                "set data.source to fresh or leave training.curriculum out"
            )
        weights, labels = self.training.class_weights, self.labels
        if isinstance(weights, dict) and labels is not None:
            unknown = sorted(set(weights) - set(labels.classes))
            wrong = sorted(name for name, weight in weights.items() if weight < 0)
            if unknown or wrong:
                raise ValueError(
                    f"training.class_weights names {', '.join(unknown or wrong)}; expected weights "
                    f"of 0 or more for some of {', '.join(labels.classes)}"
                )
        return self

    @model_validator(mode="after")
    def _snapshots_know_the_specimen(self) -> Experiment:
        if self.structure is None or self.vibrations.kind != "snapshots":
            return self
        shares = self.structure.negatives
        others = [name for name in ("amorphous", "off_axis", "graphitic") if getattr(shares, name)]
        if others:
            raise ValueError(
                "vibrations.kind snapshots moves the atoms of one specimen, but "
                f"structure.negatives shows others; set {' and '.join(others)} to 0"
            )
        return self

    @model_validator(mode="after")
    def _specimens_differ(self) -> Experiment:
        least = min(self.data.training, self.data.selection, self.data.validation)
        if self.data.exit_wave_reuse > least:
            raise ValueError(
                f"data.exit_wave_reuse {self.data.exit_wave_reuse} is more than a split has "
                "examples, which would all show one specimen; make it smaller"
            )
        return self

    @property
    def simulation(self) -> SimulationSettings:
        """The settings that an example depends on.

        Raises:
            InputError: If a section that the simulation needs is missing, or a measured transfer
                function cannot be read.
        """
        structure, microscope, camera = self.structure, self.microscope, self.camera
        labels, model = self.labels, self.model
        if not (structure and microscope and camera and labels and model):
            missing = [name for name in SIMULATION_SECTIONS if getattr(self, name) is None]
            raise InputError(f"Simulation needs the section {' and '.join(missing)}; add it.")
        return SimulationSettings(
            seed=self.seed,
            structure=structure,
            vibrations=self.vibrations,
            microscope=microscope,
            camera=with_tables(camera),
            labels=labels,
            shape=self.data.shape,
            exit_wave_reuse=self.data.exit_wave_reuse,
            sampling=model.sampling,
        )
