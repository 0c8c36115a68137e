import copy
import re

import pytest

from temnet.config.experiment import STAGES, Experiment
from temnet.config.loading import merge, parse_assignments, validate
from temnet.config.schema import is_numeric, json_schema, unit_of
from temnet.config.structures.vibration_table import VibrationTable
from temnet.electrons import wavelength
from temnet.study.settings import Study

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


@pytest.mark.parametrize("root", [Experiment, Study, VibrationTable])
def test_every_setting_has_a_description_and_every_number_its_unit(root):
    """Units stand in brackets; numbers without one begin with what they are: `Number of ...`."""
    schema = root.model_json_schema()
    sections = {root.__name__: schema, **schema.get("$defs", {})}
    for name, section in sections.items():
        assert section.get("description"), name
        for key, setting in section["properties"].items():
            description = setting.get("description", "")
            assert description.endswith("."), f"{name}.{key}"
            if is_numeric(setting):
                unit = unit_of(description)
                assert unit is not None, f"{name}.{key}: {description}"
                assert setting.get("unit", unit) == unit, f"{name}.{key}: {setting['unit']}"


@pytest.mark.parametrize("name", ["Distance [Å].", "Angle [deg] and more.", "Dose [e/Å²]."])
def test_a_number_without_unit_would_be_noticed(name):
    assert unit_of(name) and unit_of(re.sub(r"\[.*?\]", "", name)) is None


def test_keys_that_carry_a_unit_have_that_unit():
    short = {"um": "µm", "mm": "mm", "mrad": "mrad", "deg": "deg"}
    found = set()
    for section in json_schema()["$defs"].values():
        for key, setting in section.get("properties", {}).items():
            unit = short.get(key.rpartition("_")[2])
            if unit:
                assert setting["unit"] == unit, key
                found.add(unit)
    assert found == set(short.values())


def test_the_schema_carries_the_bounds_of_numbers_that_may_be_distributions():
    energy = json_schema()["$defs"]["Microscope"]["properties"]["energy"]
    assert (energy["minimum"], energy["maximum"]) == (20e3, 1.5e6)
