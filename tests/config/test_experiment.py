import copy
import re

import pytest

from temnet.config.experiment import STAGES, Experiment
from temnet.config.loading import json_schema, merge, parse_assignments, validate
from temnet.electrons import wavelength

VALUES = {
    "seed": 1,
    "structure": {"kind": "nanoparticle", "radius": 8},
    "microscope": {"energy": 300e3, "grid_sampling": 0.05, "aperture_mrad": 50},
    "camera": {"sampling": 0.2, "dose": {"uniform": [100, 200]}},
    "labels": {"classes": ["metal", "oxide"], "width": 0.4},
    "data": {"image_size": 64},
    "model": {"kind": "unet", "sampling": 0.2},
    "stages": ["simulate"],
}


def identity(*assignments, values=VALUES):
    changed = merge(copy.deepcopy(values), parse_assignments(assignments))
    return validate(changed, "a").simulation.identity()


@pytest.mark.parametrize(
    "same",
    [
        ["structure.radius=8.0"],
        ["microscope.energy=300000"],
        ["camera.dose={uniform: [100.0, 2e2]}"],
        ["data.image_size=[64, 64]"],
        ["model.depth=3", "model.filters=8"],
        ["model={kind: msdnet, sampling: 0.2}"],
        ["training.epochs=3"],
        ["data.training=7", "data.workers=0", "data.folder=x", "data.source=fresh"],
        ["data.augment=false"],
        ["evaluation.radius=0.3"],
        ["images.files=[a.tif]", "prediction.network=b"],
        ["stages=[simulate, train]"],
        ["structure.kind=nanoparticle", "structure.element=Au"],  # written out, but the default
    ],
)
def test_identity_depends_on_nothing_that_an_example_does_not(same):
    assert identity(*same) == identity()


@pytest.mark.parametrize(
    "other",
    [
        ["seed=2"],
        ["structure.radius=9"],
        ["structure.element=Pt"],
        ["vibrations={kind: einstein, sigma: {default: 0.1}}"],
        ["microscope.Cs_um=1"],
        ["camera.dose=100"],
        ["camera.dose={log_uniform: [100, 200]}"],
        ["labels.width=0.5"],
        ["labels.classes=[oxide, metal]"],
        ["data.image_size=80"],
        ["data.image_size=[64, 80]", "data.augment=false"],
        ["data.exit_wave_reuse=2"],
        ["model.sampling=0.21"],
    ],
)
def test_identity_changes_with_everything_that_an_example_depends_on(other):
    assert identity(*other) != identity()


def test_stages_without_training_need_no_simulation():
    experiment = Experiment(stages=STAGES[-1:])
    assert experiment.structure is None
    with pytest.raises(ValueError, match="no labels"):
        _ = experiment.class_names
    with pytest.raises(ValueError, match="no microscope"):
        _ = experiment.focus_count


@pytest.mark.parametrize(
    ("energy", "picometre"), [(60e3, 4.87), (80e3, 4.18), (200e3, 2.51), (300e3, 1.97)]
)
def test_wavelengths_of_the_textbook(energy, picometre):
    # Williams & Carter, Transmission Electron Microscopy, table 1.2 (relativistic).
    assert wavelength(energy) * 100 == pytest.approx(picometre, abs=0.006)


def test_settings_are_frozen():
    experiment = Experiment(stages=("report",))
    with pytest.raises(ValueError, match="frozen"):
        experiment.seed = 3


WITHOUT_UNIT = re.compile(
    r"fraction|factor|number|how many|how often|score|seed|version|momentum|weight|norm|rate|"
    r"steps|epochs|images|processes|channels|dilation|relative|steepness|value|examples|decay|"
    r"pixels|frame|occupied|exit wave|times",
    re.IGNORECASE,
)


def numeric(schema):
    parts = [schema, *schema.get("anyOf", []), *schema.get("allOf", [])]
    return any(part.get("type") in ("number", "integer") for part in parts)


def test_every_setting_has_a_description_and_every_quantity_its_unit():
    schema = json_schema()
    for name, section in {"Experiment": schema, **schema["$defs"]}.items():
        if section.get("type") != "object":
            continue
        assert section.get("description"), name
        for key, setting in section["properties"].items():
            description = setting.get("description", "")
            assert description.endswith("."), f"{name}.{key}"
            if numeric(setting):
                with_unit = re.search(r"\[[^\]]+\]", description) or WITHOUT_UNIT.search(
                    description
                )
                assert with_unit, f"{name}.{key}: {description}"


def test_the_schema_carries_the_bounds_of_numbers_that_may_be_distributions():
    energy = json_schema()["$defs"]["Microscope"]["properties"]["energy"]
    assert (energy["minimum"], energy["maximum"]) == (20e3, 1.5e6)
