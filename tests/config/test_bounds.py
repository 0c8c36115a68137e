"""Every number of a YAML has bounds, texts are no numbers, and names can be those of files."""

import math

import pytest

from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment, validate
from temnet.config.structures.vibration_table import VibrationTable
from temnet.errors import InputError
from temnet.study.settings import Study

VALUES = {
    "structure": {"kind": "nanoparticle"},
    "microscope": {"energy": 300e3, "grid_sampling": 0.1, "aperture_mrad": 30},
    "camera": {"sampling": 0.2, "dose": 1000},
    "labels": {"classes": ["metal"], "width": 0.4},
    "data": {"image_size": 64},
    "model": {"kind": "unet", "sampling": 0.2},
    "molecular_dynamics": {"material": "Au", "sizes": [10]},
    "images": {"files": ["a.tif"]},
    "prediction": {"network": "tiny"},
    "compare": {"runs": ["a", "b"]},
    "stages": ["report"],
}


def changed(path, value):
    """The settings with one of them changed, as plain values."""
    *sections, key = path.split(".")
    values = {**VALUES}
    inner = values
    for section in sections:
        inner[section] = dict(inner.get(section, {}))
        inner = inner[section]
    inner[key] = value
    return values


def refused(path, value):
    with pytest.raises(InputError) as caught:
        validate(changed(path, value), "test")
    message = str(caught.value)
    assert "\n" not in message and len(message) < 500
    assert message.startswith(f"test: {path}")
    return message


BY_VALIDATORS = {
    ("Data", "image_size"), ("Images", "sampling"), ("Images", "frames"), ("Images", "mask"),
    ("Images", "average"), ("Prediction", "threshold"), ("Evaluation", "threshold"),
    ("RingSettings", "bond"), ("Movie", "doses"), ("TransferFunction", "table"),
    ("Training", "class_weights"), ("Strain", "region"),
    # The numbers of distributions have the bounds of the setting that they stand for.
    ("Uniform", "uniform"), ("LogUniform", "log_uniform"), ("Normal", "normal"),
    ("Choice", "choice"),
}  # fmt: skip
"""Settings whose bounds are no part of the schema."""


def unbounded(schema, bounds=()):
    """Whether a schema lets numbers through without a lowest and a largest value."""
    bounds = {*bounds, *(key.removeprefix("exclusiveM").lower() for key in schema)}
    inner = [*schema.get("anyOf", ()), *schema.get("prefixItems", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    if any(isinstance(one, dict) and unbounded(one, bounds) for one in inner):
        return True
    number = schema.get("type") in ("integer", "number") and "enum" not in schema
    return number and not ({"minimum", "inimum"} & bounds and {"maximum", "aximum"} & bounds)


@pytest.mark.parametrize("root", [Experiment, Study, VibrationTable])
def test_every_number_has_a_lowest_and_a_largest_value(root):
    schema = root.model_json_schema()
    sections = {root.__name__: schema, **schema.get("$defs", {})}
    found = {
        (name, key)
        for name, section in sections.items()
        for key, field in section.get("properties", {}).items()
        if "const" not in field and unbounded(field)
    }
    assert found - BY_VALIDATORS == set()


def test_a_number_without_a_bound_is_noticed():
    assert unbounded({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]})
    assert unbounded({"type": "array", "items": {"type": "integer", "maximum": 3}})
    assert not unbounded({"type": "number", "minimum": 0, "exclusiveMaximum": 1})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", 2**128),
        ("seed", -1),
        ("training.epochs", 1e15),
        ("training.images_per_epoch", 10**12),
        ("training.batch_size", 10**6),
        ("training.peak_weight", 1e30),
        ("training.clip_norm", 1e30),
        ("training.class_weights", {"metal": 1e30}),
        ("training.class_weights", {"metal": -1}),
        ("data.training", 10**15),
        ("data.image_epochs", 10**9),
        ("data.image_size", 10**9),
        ("molecular_dynamics.sizes", [-1]),
        ("molecular_dynamics.sizes", [10, 1e9]),
        ("molecular_dynamics.length", 1e30),
        ("molecular_dynamics.interval", math.inf),
        ("microscope.defocus.steps", [0, 1e12]),
        ("microscope.coma_angle_deg", 1e300),
        ("microscope.coma_angle_deg", {"uniform": [0, 1e300]}),
        ("occupancy.frame_time", 1e12),
        ("images.frames", [0, 10**30]),
        ("images.mask", [[0, 5, 0, 10**30]]),
        ("compare.block_frames", 10**12),
        ("camera.dose", math.nan),
        ("camera.dose", 10**400),
        ("occupancy.tolerance", math.inf),
    ],
)
def test_absurd_numbers_are_refused(path, value):
    refused(path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("molecular_dynamics.temperature", "1e3"),
        ("molecular_dynamics.temperature", "300"),
        ("training.epochs", "20"),
        ("training.early_stopping", "5"),
        ("microscope.grid_sampling", "0.1"),
        ("microscope.defocus.steps", [0, "50"]),
        ("camera.dose", "1000"),
        ("camera.dose", {"uniform": ["1", "2"]}),
        ("data.image_size", "64"),
        ("images.sampling", "0.2"),
        ("images.mask", [[0, "5", 0, 5]]),
        ("occupancy.frame_time", "0.1"),
        ("prediction.threshold", "0.5"),
        ("training.class_weights", {"metal": "2"}),
        ("seed", "1"),
        ("training.epochs", True),
    ],
)
def test_a_text_is_no_number(path, value):
    with pytest.raises(InputError) as caught:
        validate(changed(path, value), "test")
    assert path.split(".")[-1] in str(caught.value) and "number" in str(caught.value)


def test_numbers_are_numbers_however_they_are_written():
    given = {"training.epochs": 1e2, "molecular_dynamics.temperature": 300, "seed": 2**128 - 1}
    for path, value in given.items():
        found = validate(changed(path, value), "test")
        for key in path.split("."):
            found = getattr(found, key)
        assert found == value
    assert validate(changed("images.invert", "yes"), "test").images.invert is True


LONG = "a" * 5000


@pytest.mark.parametrize(
    "path",
    [
        "data.folder", "images.files", "prediction.network", "evaluation.networks", "compare.runs",
        "training.start_from",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", [LONG, "x/" * 3000, "b/" + "ü" * 200, "a\0b", "\ud800.tif", "", " "]
)
def test_impossible_names_of_files_are_refused(path, name):
    lists = ("images.files", "evaluation.networks")
    value = [name] if path in lists else [name, "b"] if path == "compare.runs" else name
    assert "expected a path or a name" in refused(path, value)


@pytest.mark.parametrize(
    "section",
    [
        {"structure": {"kind": "file", "path": LONG}},
        {"vibrations": {"kind": "snapshots", "file": LONG}},
        {"vibrations": {"kind": "coordination", "table": LONG}},
    ],
)
def test_files_of_specimens_have_possible_names(section):
    with pytest.raises(InputError, match="expected a path or a name") as caught:
        validate({**VALUES, **section}, "test")
    assert len(str(caught.value)) < 300


def test_possible_names_of_files_are_unchanged(tmp_path):
    names = ["a.tif", "b/*.tif", "Größe 图像.tif", "a" * 251 + ".tif", "C:\\a\\b.tif", "x/" * 900]
    names.append("\udcff\udcfe.tif")  # bytes that are no UTF-8, as Python writes them
    assert list(validate(changed("images.files", names), "test").images.files) == names


@pytest.mark.parametrize("key", ["data.scheduler", "prediction.scheduler"])
def test_schedulers_have_addresses(key):
    for address in ("tcp://10.0.0.1:8786", "tls://node-3.cluster:8786", "localhost:8786",
                    "tcp://[fe80::1]:8786", "wss://a.b:443"):  # fmt: skip
        validate(changed(key, address), "test")
    wrong = ("file:///tmp/scheduler.json", "http://10.0.0.1:8786", "tcp://10.0.0.1", LONG, "a b:1",
             "nonsense", "tcp://127.0.0.1:9999999", "inproc://1", "")  # fmt: skip
    for address in wrong:
        assert "expected a Dask scheduler's address" in refused(key, address)


def test_a_seed_written_by_a_run_reads_back(tmp_path):
    (tmp_path / "a.yaml").write_text(f"seed: {2**128 - 1}\nstages: [report]\n")
    assert load_experiment(tmp_path / "a.yaml").seed == 2**128 - 1
