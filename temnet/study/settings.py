"""Settings of a study: networks that are trained in different ways and scored alike.

An arm is one way of training, written as settings that override those of an experiment.  In every
arm each network is trained with each seed, and tested on images of the arm's focal series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, field_validator

from temnet.config.differences import differences, settings_hash
from temnet.config.experiment import Experiment
from temnet.config.loading import merge, read_layers, validate
from temnet.config.messages import Layer, describe
from temnet.config.old_keys import with_old_keys
from temnet.config.paths import with_file_names
from temnet.config.settings import Settings, shown
from temnet.config.yaml_text import LARGEST_INT
from temnet.errors import InputError

TRAINING_STAGES = ("simulate", "train", "report")
SCORING_STAGES = ("simulate", "evaluate", "report")

NOT_IN_ARMS = ("seed", "stages")
"""Sections that the study itself sets in each of its experiments."""

NOT_IN_TESTS = ("stages", "model", "training")
"""Sections that a test cannot change: its images do not depend on them, or the network does."""

OF_NETWORKS = ("model", "training")
"""Sections in which networks may differ: they are trained and tested on the same images."""

Name = Annotated[str, Field(min_length=1, max_length=60)]
Sections = dict[str, Any]
"""Settings as in YAML."""


def _refuse(layers: Mapping[str, Sections], keys: Sequence[str], why: str) -> None:
    """Refuses settings that none of the named layers may change."""
    for name, changes in layers.items():
        for key in keys:
            if key in changes:
                raise ValueError(f"`{key}` {why}; take it out of {name}")


class Study(Settings):
    """All settings of a study."""

    plain: ClassVar[tuple[str, ...]] = ("experiment", "networks", "arms", "tests")

    version: Literal[1] = Field(1, description="Version of this format.")
    question: str = Field(
        min_length=1, max_length=10_000, description="The question that the study answers."
    )
    experiment: Sections = Field(
        description="An experiment that all arms share; its `seed` draws the test images, "
        "`data.validation` of them.",
    )
    networks: dict[Name, Sections] = Field(
        min_length=1,
        description="For each network the settings that override the experiment's: its `model`, "
        "and the `training` that suits it.",
    )
    arms: dict[Name, Sections] = Field(
        min_length=2,
        description="For each arm, one way of training, the settings that override the "
        "experiment's; the other arms are compared with the first.",
    )
    seeds: tuple[Annotated[int, Field(ge=0, lt=LARGEST_INT)], ...] = Field(
        min_length=1,
        description="Seeds of the trainings: of the images, their order and the initial weights.",
    )
    tests: dict[Name, Sections] = Field(
        {"validation": {}},
        min_length=1,
        description="For each test the settings that override an arm's, for the images on which "
        "the arm's networks are scored.",
    )

    @field_validator("seeds")
    @classmethod
    def _once_each(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds):
            raise ValueError(f"expected each seed once; got {shown(seeds)}")
        return seeds

    @field_validator("arms")
    @classmethod
    def _arms_leave_the_study_its_own(cls, arms: dict[str, Sections]) -> dict[str, Sections]:
        _refuse(arms, NOT_IN_ARMS, "is the study's own")
        return arms

    @field_validator("networks")
    @classmethod
    def _networks_differ_in_themselves(cls, networks: dict[str, Sections]) -> dict[str, Sections]:
        for name, changes in networks.items():
            for key in changes:
                if key not in OF_NETWORKS:
                    raise ValueError(
                        f"{name} has `{key}`, but networks have {' and '.join(OF_NETWORKS)} alone; "
                        "put the rest into the experiment or an arm"
                    )
        return networks

    @field_validator("tests")
    @classmethod
    def _tests_change_the_images(cls, tests: dict[str, Sections]) -> dict[str, Sections]:
        _refuse(tests, NOT_IN_TESTS, "is not a test's to change")
        for name, changes in tests.items():
            evaluation = changes.get("evaluation")
            if isinstance(evaluation, Mapping) and "networks" in evaluation:
                raise ValueError(
                    f"a study scores its own networks; take evaluation.networks out of {name}"
                )
        return tests

    def identity(self) -> str:
        """Hash of all settings; of a path, its last part counts."""
        return settings_hash(with_file_names(with_old_keys(self.model_dump(mode="json"))))

    def earlier_identity(self) -> str:
        """The hash that studies of the version before have."""
        return settings_hash(with_old_keys(self.model_dump(mode="json")))

    @property
    def first_arm(self) -> str:
        """The arm that the others are compared with."""
        return next(iter(self.arms))


def load_study(path: str | Path, overrides: Sections | None = None) -> Study:
    """The validated settings of a study's YAML file.

    Args:
        path: The YAML file.
        overrides: Sections that override the file's, such as ``{"seeds": [1]}``.

    Raises:
        InputError: If the file, or one of the study's experiments, is invalid.
    """
    values, origin, layers = read_layers(Path(path), overrides or {})
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        raise InputError("\n".join(describe(error, origin, layers, Study))) from None
    _check(study, origin)
    return study


def training_experiment(
    study: Study, arm: str, network: str, seed: int, origin: str = "the study"
) -> Experiment:
    """The experiment that trains a network in an arm.

    Its validation images, which are not used, are those of one specimen.

    Raises:
        InputError: If the settings are invalid.
    """
    own = {"seed": seed, "stages": list(TRAINING_STAGES)}
    experiment = _experiment(study, arm, network, [("the study", own)], origin)
    return _with_data(experiment, validation=experiment.data.exit_wave_reuse)


def scoring_experiment(
    study: Study,
    test: str,
    arm: str,
    networks: Sequence[str | Path] = (),
    origin: str = "the study",
) -> Experiment:
    """The experiment that scores an arm's networks on a test's images.

    Args:
        study: The settings.
        test: One of its tests.
        arm: One of its arms.
        networks: Folders of the arm's networks.
        origin: Name of the study in messages.

    Raises:
        InputError: If the settings are invalid.
    """
    own = {"stages": list(SCORING_STAGES)}
    changes = [("the study", own), (f"tests.{test}", study.tests[test])]
    experiment = _experiment(study, arm, next(iter(study.networks)), changes, origin)
    scoring = experiment.evaluation.model_copy(update={"networks": tuple(map(str, networks))})
    reuse = experiment.data.exit_wave_reuse
    # Scored images are always stored, even in an arm with fresh training images.
    data = {"training": reuse, "selection": reuse, "source": "stored", "image_epochs": 1}
    return _with_data(experiment, **data).model_copy(update={"evaluation": scoring})


def _experiment(
    study: Study,
    arm: str,
    network: str,
    changes: Sequence[tuple[str, Sections]],
    origin: str,
) -> Experiment:
    """The study's experiment with a network, an arm and ``changes``; the first change wins."""
    parts = [
        *changes,
        (f"arms.{arm}", study.arms[arm]),
        (f"networks.{network}", study.networks[network]),
        ("experiment", study.experiment),
    ]
    values: Sections = {}
    for _, part in reversed(parts):
        values = merge(values, part)
    layers = [Layer(f"{origin}, {name}", (), part) for name, part in parts]
    return validate(values, f"{origin}, experiment", layers)


def _with_data(experiment: Experiment, **changes: Any) -> Experiment:
    """The experiment with other numbers of examples, or another source of them."""
    return experiment.model_copy(update={"data": experiment.data.model_copy(update=changes)})


def _check(study: Study, origin: str) -> None:
    """Checks that all of the study's experiments are valid and can be compared.

    Raises:
        InputError: If they are not.
    """
    for arm in study.arms:
        experiments = {
            network: training_experiment(study, arm, network, study.seeds[0], origin)
            for network in study.networks
        }
        (first, own), *others = experiments.items()
        if own.data.folder is not None:
            raise InputError(
                f"{origin}: data.folder holds the sets of one arm and seed alone; leave it out."
            )
        for name, other in others:
            assert own.model is not None and other.model is not None
            if other.model.sampling != own.model.sampling:
                raise InputError(
                    f"{origin}, networks: in the arm {arm}, {first} has pixels of "
                    f"{own.model.sampling:g} Å and {name} of {other.model.sampling:g} Å; networks "
                    "are tested on the same images, so give them the same model.sampling."
                )
    for test in study.tests:
        experiments = {arm: scoring_experiment(study, test, arm, (), origin) for arm in study.arms}
        for arm, scored in experiments.items():
            network = next(iter(study.networks))
            own = training_experiment(study, arm, network, study.seeds[0], origin)
            found = differences(_seen_by_networks(own), _seen_by_networks(scored))
            if found:
                raise InputError(
                    f"{origin}: networks of the arm {arm} cannot be scored in tests.{test} "
                    f"({found})."
                )
        (first, reference), *rest = experiments.items()
        for arm, other in rest:
            found = differences(_shared(reference), _shared(other))
            if found:
                raise InputError(
                    f"{origin}: {first} and {arm} would be scored in different ways ({found}); "
                    f"set these in tests.{test}, which overrides the arms."
                )


def _seen_by_networks(experiment: Experiment) -> Sections:
    """Settings that must be as in the training for a network to be scored."""
    return {
        "labels": {"classes": list(experiment.class_names)},
        "microscope": {"defocus": {"foci": experiment.focus_count}},
    }


def _shared(experiment: Experiment) -> Sections:
    """Settings that must be the same for scores that are compared image by image."""
    data = experiment.data
    return {
        "data": {"validation": data.validation, "exit_wave_reuse": data.exit_wave_reuse},
        "labels": {"classes": list(experiment.class_names)},
        "evaluation": experiment.evaluation.model_dump(mode="json"),
    }
