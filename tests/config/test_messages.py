import json

import pytest

from temnet.config.experiment import STAGES
from temnet.config.loading import load_experiment, merge, parse_assignments, validate
from temnet.errors import InputError

VALUES = {
    "structure": {"kind": "nanoparticle", "support": {"kind": "CeO2"}},
    "vibrations": {"kind": "einstein", "sigma": {"default": 0.08}},
    "microscope": {"energy": 300e3, "grid_sampling": 0.05, "aperture_mrad": 50},
    "camera": {"sampling": 0.2, "dose": 100},
    "labels": {"classes": ["metal", "oxide"], "width": 0.4},
    "model": {"kind": "unet", "sampling": 0.2},
    "images": {"files": ["a.tif"]},
    "prediction": {"network": "a"},
    "stages": ["simulate", "train", "predict"],
}

NUMBER = (
    "expected a number or one of {uniform: [low, high]}, {log_uniform: [low, high]}, "
    "{normal: [mean, sigma]}, {choice: [a, b, ...]}, {choice: {a: weight, b: weight}}; got "
)


def message(*assignments):
    with pytest.raises(InputError) as caught:
        validate(merge(VALUES, parse_assignments(assignments)), "a.yaml")
    return str(caught.value)


def test_the_values_themselves_are_right():
    validate(VALUES, "a.yaml")


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("microscope.energy=abc", f"microscope.energy: {NUMBER}'abc'."),
        ("microscope.energy='1'", f"microscope.energy: {NUMBER}'1'."),
        ("microscope.energy=true", f"microscope.energy: {NUMBER}'true'."),
        ("microscope.energy=.inf", f"microscope.energy: {NUMBER}inf."),
        ("microscope.energy=null", f"microscope.energy: {NUMBER}nothing."),
        ("camera.dose={unifrm: [1, 2]}", f"camera.dose: {NUMBER}{{unifrm: [1, 2]}}."),
        (
            "camera.dose={uniform: [1, 2], normal: [1, 2]}",
            f"camera.dose: {NUMBER}{{uniform: [1, 2], normal: [1, 2]}}.",
        ),
        ("camera.dose={uniform: [1]}", "camera.dose: uniform needs two numbers; got [1]."),
        ("camera.dose={uniform: 1}", "camera.dose: uniform needs a list of numbers; got 1."),
        (
            "camera.dose={choice: [1, a]}",
            "camera.dose: choice needs a list of numbers; got [1, 'a'].",
        ),
        ("camera.dose={choice: []}", "camera.dose: choice needs a list of numbers; got []."),
        (
            "camera.dose={uniform: [2, 1]}",
            "camera.dose: uniform needs [low, high]; got [2.0, 1.0].",
        ),
        (
            "camera.dose={log_uniform: [0, 1]}",
            "camera.dose: log_uniform needs [low, high], both positive; got [0.0, 1.0].",
        ),
        (
            "camera.dose={normal: [1, -1]}",
            "camera.dose: normal needs [mean, sigma >= 0]; got [1.0, -1.0].",
        ),
        (
            "camera.dose={uniform: [-1, 1]}",
            "camera.dose: expected more than 0 and at most 1e+08 e/Å²; got -1 to 1.",
        ),
        (
            "vibrations.sigma.Pt=9",
            "vibrations.sigma.Pt: expected at least 0 and at most 0.5 Å; got 9.",
        ),
        (
            "vibrations.sigma.Qq=0.1",
            "vibrations.sigma: expected chemical elements or `default`; got 'Qq'.",
        ),
        (
            "structure.radus=1",
            "structure.radus: this setting does not exist; perhaps `radius` is meant.",
        ),
        (
            "structure.support.thick=1",
            "structure.support.thick: this setting does not exist; perhaps `thickness` is meant.",
        ),
        ("modell.depth=1", "modell: this setting does not exist; perhaps `model` is meant."),
        (
            "prediction.zzz=1",
            "prediction.zzz: this setting does not exist; remove it or use one of network, "
            "threshold, min_distance, symmetries, leave_out, keep_classes, engine, workers, "
            "outputs, rings, scheduler.",
        ),
        (
            "structure.kind=mos",
            "structure.kind: expected one of mos2, nanoparticle, graphene, crystal, file, python; "
            "got 'mos' (perhaps mos2 is meant).",
        ),
        (
            "model.depth=4.5",
            "model.depth: expected a whole number (number of times that the image is halved); "
            "got 4.5.",
        ),
        (
            "model.depth=true",
            "model.depth: expected a whole number (number of times that the image is halved); "
            "got 'true'.",
        ),
        (
            "model.depth=7",
            "model.depth: expected at most 6 (number of times that the image is halved); got 7.",
        ),
        ("model.skip=cat", "model.skip: expected concatenate or add; got 'cat'."),
        (
            "camera.kind=film",
            "camera.kind: expected one of ideal, counting, scintillator; got 'film'.",
        ),
        (
            "camera.kind=[a]",
            "camera.kind: expected a word, {choice: [one, another]} or {choice: {one: weight, "
            "another: weight}}; got ['a'].",
        ),
        (
            "camera.dose={choice: {'5': 2}}",
            "camera.dose: choice needs {number: weight} without quotes; got {'5': 2}.",
        ),
        (
            "microscope.variants=[{weight: 2}, {weight: 2.5}]",
            "microscope: expected a whole number from 1 to 1000 as the weight of variants.1; got "
            "2.5.",
        ),
        (
            "microscope.variants=[{weight: 3}, {weight: 2, Cs: 1}]",
            "microscope.variants.1.Cs: this setting does not exist; remove it or use one of energy",
        ),
        (
            "structure.element={choice: [Au, Fe]}",
            "structure.element: expected one of Ag, Al, Au, Cu, Ni, Pd, Pt; got 'Fe'.",
        ),
        (
            "structure.zone_axis=112",
            "structure.zone_axis: expected one of 110, 100, 111, 211; got '112'.",
        ),
        ("camera=3", "camera: expected a section of `name: value` (the camera); got 3."),
        ("images.files=[]", "images.files: expected at least 1 entry; got []."),
        ("images.files=[[1]]", "images.files.0: expected a text; got [1]."),
        ("images.sampling=x", "images.sampling: expected a number, `header` or `auto`; got 'x'."),
        ("images.sampling=0", "images.sampling: expected at least 0.005 and at most 10 Å; got 0."),
        (
            "images.frames=[3, 2]",
            "images.frames: expected [first, one after the last]; got [3, 2].",
        ),
        ("images.frames=[3]", "images.frames.1: this entry of the list is missing; add it."),
        (
            "prediction.threshold=1",
            "prediction.threshold: expected more than 0 and less than 1; got 1.",
        ),
        ("prediction.threshold=x", "prediction.threshold: expected a number or `card`; got 'x'."),
        (
            "data.image_size=abc",
            "data.image_size: expected a whole number or [rows, cols]; got 'abc'.",
        ),
        (
            "data.image_size=[64.5, 64]",
            "data.image_size: expected a whole number or [rows, cols]; got [64.5, 64].",
        ),
        (
            "data.image_size=8",
            "data.image_size: expected at least 16 and at most 4096 pixels; got 8.",
        ),
        (
            "stages=[simulate, simulate]",
            "stages: expected each stage once; got ['simulate', 'simulate'].",
        ),
        (
            "training.class_weights=3",
            "training.class_weights: expected equal, balanced, or a number for each class; got 3.",
        ),
        (
            "microscope.variants=[{Cs_um: 1}, {defocus: 5}]",
            "microscope.variants.1.defocus: expected a section of `name: value` (the focal "
            "series); got 5.",
        ),
        (
            "stages=[fly]",
            f"stages.0: expected {', '.join(STAGES[:-1])} or {STAGES[-1]}; got 'fly'.",
        ),
        ("version=2", "version: expected 1; got 2."),
    ],
)
def test_one_clear_sentence_with_the_key_as_typed(assignment, expected):
    found = message(assignment)
    assert found == f"a.yaml: {expected}" or found.startswith(f"a.yaml: {expected}, ")


@pytest.mark.parametrize(
    ("assignments", "parts"),
    [
        (["data.image_size=250"], ["data.image_size 250", "model.depth=4", "240 or 256"]),
        (
            ["model={kind: unet, sampling: 0.2, depth: 3, stem: 2}", "data.image_size=120"],
            ["data.image_size 120", "16 (stem * 2**depth, model.stem=2, model.depth=3)", "112"],
        ),
        (
            ["model={kind: msdnet, sampling: 0.2, max_dilation: 40}", "data.image_size=32"],
            ["data.image_size 32 is less than 41", "model.max_dilation"],
        ),
        (
            ["labels.classes=[Mo]"],
            ["labels.classes names Mo", "structure.kind nanoparticle", "metal"],
        ),
        (["labels.width=0.1"], ["labels.width 0.1 Å", "model.sampling 0.2", "at least 0.2"]),
        (["microscope.grid_sampling=0.2"], ["microscope.grid_sampling 0.2", "aperture_mrad"]),
        (["data.exit_wave_reuse=1000", "data.training=10"], ["data.exit_wave_reuse 1000"]),
        (["data.exit_wave_reuse=5", "data.selection=4"], ["data.exit_wave_reuse 5"]),
        (
            ["structure.twin_probability=0.7", "structure.fault_probability=0.7"],
            ["structure: twin_probability and fault_probability add up to 1.4"],
        ),
        (
            ["structure.support={off_axis_probability: 0.8, epitaxial_probability: 0.5}"],
            ["epitaxial_probability and off_axis_probability add up to 1.3"],
        ),
        (
            ["labels.classes=[metal:1-3, oxide, metal:3-8]"],
            ["labels: columns of 3 atoms belong to metal:1-3 and metal:3-8"],
        ),
        (
            ["labels.classes=[metal, metal:3-8]"],
            ["columns of 3 atoms belong to metal and metal:3-8"],
        ),
        (
            ["vibrations={kind: snapshots, file: x.npz}", "structure.negatives={amorphous: 0.1}"],
            ["vibrations.kind snapshots", "set amorphous to 0"],
        ),
        (["structure=null"], ["stage `simulate`", "structure", "out of stages"]),
        (["images=null"], ["stage `predict` needs the section images"]),
        (["data.image_size=[64, 80]"], ["data.augment to false", "[64, 80]"]),
        (
            ["structure={kind: mos2, vacancies: {S: 0.5, S2: {uniform: [0, 0.5]}, Mo: 0}}"],
            ["labels.classes names metal"],
        ),
    ],
)
def test_sections_that_cannot_agree_name_the_key_to_change(assignments, parts):
    text = message(*assignments)
    assert text.startswith("a.yaml: ") and "\n" not in text
    for part in parts:
        assert part in text


def test_vacancies_of_the_same_pairs_add_up():
    structure = {"kind": "mos2", "vacancies": {"S": 0.5, "S2": {"normal": [0.3, 0.05]}}}
    values = {**VALUES, "structure": structure, "stages": ["predict"], "labels": None}
    validate({**values, "structure": {"kind": "mos2", "vacancies": {"S": 0.5, "S2": 0.5}}}, "a")
    validate(values, "a.yaml")
    structure["vacancies"]["S2"] = {"normal": [0.4, 0.05]}
    with pytest.raises(InputError, match="at most 0.5"):
        validate(values, "a.yaml")


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"depth": 3}, "model.kind: this setting is missing; add it with one of unet, msdnet."),
        (
            {"kind": "unet"},
            "model.sampling: this setting is missing; add it (Pixel size of the network's input "
            "[Å]).",
        ),
    ],
)
def test_missing_settings(section, expected):
    with pytest.raises(InputError) as caught:
        validate({**VALUES, "model": section}, "a.yaml")
    assert str(caught.value) == f"a.yaml: {expected}"


def test_every_fault_has_a_line_of_its_own():
    text = message("seed=-1", "camera.dose=abc", "model.depth=9")
    assert [line.split(": ")[1] for line in text.splitlines()] == [
        "seed",
        "camera.dose",
        "model.depth",
    ]


def test_no_word_of_pydantic_is_left():
    for assignment in (
        "structure.a=1",
        "model.a=1",
        "vibrations.a=1",
        "data.image_size=x",
        "images.sampling=[1]",
        "camera.dose={choice: x}",
        "structure.support.a=1",
    ):
        text = message(assignment)
        for word in ("nanoparticle.", "unet.", "einstein.", "Uniform", "literal", "tuple", "float"):
            assert word not in text


LONG = "x" * 5000
LONG_VALUES = (
    LONG,
    [LONG] * 2,
    ["x"] * 500,
    list(range(-500, 0)),
    {LONG: 1},
    {"kind": LONG},
    {"kind": [LONG]},
    {"choice": ["x"] * 500},
    {"choice": [LONG, "x"]},
    {f"key{number}": number for number in range(500)},
)


def test_a_long_value_is_shown_by_its_beginning():
    shown = f"'{'x' * 56}..."
    with pytest.raises(InputError) as caught:
        validate({**VALUES, "camera": {"kind": LONG}}, "a.yaml")
    assert (
        f"camera.kind: expected one of ideal, counting, scintillator; got {shown}"
        in str(caught.value).splitlines()[-1]
    )
    assert message(f"structure.element={LONG}").endswith(f"Pd, Pt; got {shown}")
    assert message(f"camera={{{LONG[:150]}: 1}}").startswith(f"a.yaml: camera.{'x' * 57}...: this")
    assert message("structure.element=gold").endswith("Pd, Pt; got 'gold'.")


def test_of_many_faults_the_first_are_named_and_the_rest_counted():
    lines = message(f"stages=[{', '.join(['fly'] * 500)}]").splitlines()
    assert lines[0].startswith("a.yaml: stages.0: expected ") and len(lines) == 21
    assert lines[-1] == "a.yaml: there are 480 more invalid settings."
    assert len(message(f"stages=[{', '.join(['fly'] * 20)}]").splitlines()) == 20


@pytest.mark.parametrize("section", [name for name in VALUES if name != "stages"])
def test_no_setting_repeats_a_long_value_whole(section):
    whole = VALUES[section]
    for value in LONG_VALUES:
        tried = [value, *({**whole, key: value} for key in whole)]
        for changed in tried:
            try:
                validate({**VALUES, section: changed}, "a.yaml")
            except InputError as error:
                lines = str(error).splitlines()
                assert len(lines) <= 21 and max(map(len, lines)) < 700, (changed, lines[0][:200])


def test_any_message_keeps_its_beginning_and_its_end():
    text = f"a.yaml: {LONG}; correct the value."
    assert len(str(InputError(text))) == 1200
    assert str(InputError(text)).startswith("a.yaml: xxx")
    assert str(InputError(text)).endswith("xxx; correct the value.")
    many = "\n".join(["a.yaml: a fault."] * 200)
    assert str(InputError(many)) == many


def test_a_fault_between_sections_names_the_file_and_no_override(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps(merge(VALUES, {"data": {"image_size": 90}})))
    with pytest.raises(InputError) as caught:
        load_experiment(path)
    assert str(caught.value).startswith(f"{path}: data.image_size 90 is not a multiple")
    with pytest.raises(InputError) as caught:
        load_experiment(path, overrides={"data": {"image_size": "wide"}})
    assert str(caught.value).startswith("the overrides (--set): data.image_size")
