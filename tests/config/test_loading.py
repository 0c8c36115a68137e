import math
import time
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from temnet.config.experiment import STAGES, Experiment
from temnet.config.loading import (
    dump_settings,
    load_experiment,
    parse_assignments,
    parse_yaml,
    read_yaml,
    validate,
)
from temnet.errors import InputError

EXPERIMENTS = sorted((Path(__file__).parents[2] / "experiments").glob("*.yaml"))


def written(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(files))}.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50e3", 50000.0),
        ("1.0e2", 100.0),
        ("1e5", 1e5),
        (".5", 0.5),
        ("-15", -15),
        ("1_000", 1000),
        ("0x10", 16),
        ("010", 10.0),
        ("true", True),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2020-01-02", "2020-01-02"),
        ("'50e3'", "50e3"),
        ("null", None),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(text, value):
    read = parse_yaml(f"a: {text}")["a"]
    assert read == value and type(read) is type(value)


def test_pyyaml_itself_falls_into_these_traps():
    assert yaml.safe_load("50e3") == "50e3" and yaml.safe_load("no") is False


@given(
    st.recursive(
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
            st.sampled_from(["50e3", "1e5", "no", "1:30", "0x10", "010", "1_0", ".5", "true", "~"]),
            st.integers(-(10**9), 10**9),
            st.floats(allow_nan=False, allow_infinity=False),
            st.booleans(),
        ),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=5,
    )
)
def test_whatever_is_written_reads_back_equal(value):
    from temnet.config.yaml_text import _Dumper

    text = yaml.dump({"a": value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    assert parse_yaml(text) == {"a": value}


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_experiment_reads_back_equal(path):
    experiment = load_experiment(path)
    text = dump_settings(experiment)
    again = validate(parse_yaml(text), "again")
    assert again == experiment
    assert dump_settings(again) == text


def test_a_network_name_that_looks_like_a_number_reads_back(tmp_path):
    path = written(tmp_path, a="images: {files: [a.tif]}\nprediction: {network: '1e5'}\nstages: []")
    experiment = load_experiment(path, {"stages": ["predict"]})
    assert validate(parse_yaml(dump_settings(experiment)), "again") == experiment


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    path = written(tmp_path, a="seed: 1\ncamera:\n  dose: 1\n  dose: 2\n")
    with pytest.raises(InputError, match=r"a\.yaml, line 4: .*'dose' occurs twice"):
        read_yaml(path)


def test_base_at_the_top_and_in_sections(tmp_path):
    path = written(
        tmp_path,
        a="base: b.yaml\nseed: 3\ncamera:\n  base: parts/c.yaml\n  dose: 5\n",
        b="seed: 1\nmodel: {depth: 4}\ncamera: {readout_noise: 2}\n",
    )
    (tmp_path / "parts").mkdir()
    written(tmp_path / "parts", c="base: d.yaml\ndose: 1\n", d="dose: 0\nsampling: 0.1\n")
    assert read_yaml(path) == {
        "seed": 3,
        "model": {"depth": 4},
        "camera": {"readout_noise": 2, "sampling": 0.1, "dose": 5},
    }


def test_base_in_the_entries_of_a_list(tmp_path):
    path = written(
        tmp_path,
        a="microscope:\n  energy: 300e3\n  variants:\n"
        "    - {base: parts/c.yaml, Cs_um: 2}\n    - {Cs_um: 3}\n",
    )
    (tmp_path / "parts").mkdir()
    written(tmp_path / "parts", c="Cs_um: 1\nenergy: 80e3\n")
    variants = [{"Cs_um": 2, "energy": 80e3}, {"Cs_um": 3}]
    assert read_yaml(path)["microscope"]["variants"] == variants
    written(tmp_path / "parts", c="Cs: 1\n")
    with pytest.raises(InputError) as caught:
        load_experiment(path)
    file = tmp_path / "parts" / "c.yaml"
    assert f"{file}: microscope.variants.0.Cs: this setting does not exist" in str(caught.value)


def test_a_section_takes_over_another_by_yaml_s_own_means(tmp_path):
    path = written(tmp_path, a="a: &one {dose: 1, gain: 2}\nb:\n  <<: *one\n  dose: 3\n")
    assert read_yaml(path)["b"] == {"dose": 3, "gain": 2}
    path = written(tmp_path, a="a: &one {dose: 1}\nb:\n  <<: *one\n  dose: 3\n  dose: 4\n")
    with pytest.raises(InputError, match="'dose' occurs twice"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "base: b.yaml", "b": "base: a.yaml"}, r"leads back to itself \(a.yaml -> b.yaml ->"),
        ({"a": "base: a.yaml"}, "leads back to itself"),
        ({"a": "camera: {base: a.yaml}"}, "leads back to itself"),
        (
            {"a": "base: gone.yaml"},
            r"gone.yaml: the file does not exist \(named as `base` in .*a.yaml",
        ),
        ({"a": "base: [b.yaml, c.yaml]"}, "`base` must name one file; got"),
        ({"a": "- 1"}, "expected sections"),
        ({"a": ""}, "expected sections as `name: value`; got nothing"),
        ({"a": "a: [1"}, "line 1: this is not valid YAML"),
        ({"a": "1: 2"}, "keys are texts; got 1"),
        ({"a": "camera: {true: 2}"}, "keys are texts; got true in camera"),
        ({"a": "a: !!python/object:os.system {}"}, "not valid YAML"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, files, message):
    with pytest.raises(InputError, match=message):
        read_yaml(written(tmp_path, **files))


@pytest.mark.parametrize(
    "content", [b"seed: 1\n# 0.2 \xc5\n", b"\xff\xfes\x00\x00", b"\xef\xbb\xbf\xff"]
)
def test_files_that_are_no_text(tmp_path, content):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(InputError, match="not valid YAML: .* save the file as UTF-8"):
        read_yaml(tmp_path / "a.yaml")
    with pytest.raises(InputError, match="does not exist"):
        read_yaml(tmp_path)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
def test_texts_of_every_unicode_encoding_with_a_byte_order_mark(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith(("-le", "-be")) else ""
    (tmp_path / "a.yaml").write_bytes(f"{mark}question: 0.2 Å 图\nbase: b.yaml".encode(encoding))
    (tmp_path / "b.yaml").write_bytes("seed: 3  # µm".encode("utf-8-sig"))
    assert read_yaml(tmp_path / "a.yaml") == {"question": "0.2 Å 图", "seed": 3}


def test_a_letter_of_another_encoding_is_reported_with_its_line(tmp_path):
    (tmp_path / "a.yaml").write_bytes("seed: 1\nquestion: 0.2 Å\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"a\.yaml, line 2: .*not UTF-8 text; save the file as"):
        read_yaml(tmp_path / "a.yaml")


def nested(width, depth):
    """Lists that alias each other, in few bytes."""
    ones, names = ",".join("1" * width), [f"n{level}" for level in range(depth)]
    lines = [f"n0: &n0 [{ones}]"]
    for below, name in pairwise(names):
        lines.append(f"{name}: &{name} [{','.join([f'*{below}'] * width)}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (nested(9, 9), "aliases copy more than 100,000 values"),
        (
            "m0: &m0 {a: 1}\n"
            + "\n".join(f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, 20)),
            "aliases copy more than 100,000 values",
        ),
        ("a: &a [*a]", "an alias contains itself"),
        ("a: &a {b: {c: *a}}", "an alias contains itself"),
        ("a: " + "[" * 500, "more than 40 sections within each other"),
        ("{a: " * 500, "more than 40 sections within each other"),
        ("- " * 2000 + "1", "more than 40 sections within each other"),
        ("a: " + "9" * 5000, "a whole number has more than 38 digits"),
        ("a: -" + "9" * 400, "a whole number has more than 38 digits"),
        ("a: 0x" + "f" * 5000, "a whole number has more than 38 digits"),
        ('a: "x\\0y"', "a text contains the character NUL"),
        ("a: x\0y", "unacceptable character #x0000"),
        ('a: "\\ud800"', "half of a surrogate pair"),
        ("? " + "a" * 5000 + "\n: 1", "a key has more than 200 characters"),
        ("? [1, 2]\n: 1", "a key is one text"),
        ("a: !!int one", "not of the type int"),
        ("a: !!bool perhaps", "not of the type bool"),
        ("a: !!timestamp never", "not of the type timestamp"),
        ("a: !!float ''", "a tag stands before a value of another type"),
        ("a: !!map 3", "a tag stands before a value of another type"),
    ],
)
def test_texts_that_are_larger_or_deeper_than_settings(tmp_path, text, problem):
    started = time.process_time()
    with pytest.raises(InputError, match=f"not valid YAML: .*{problem}") as caught:
        read_yaml(written(tmp_path, a=text))
    assert time.process_time() - started < 2
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    with pytest.raises(InputError, match=f"--set .*not valid YAML: .*{problem}") as caught:
        parse_assignments([f"a={text}"])
    assert len(str(caught.value)) < 300


def test_values_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("temnet.config.yaml_text.MOST_VALUES", 8)
    whole = "a: {b: [1, 2]}\nc: 3"  # the file, three names, a section, a list and three values
    with pytest.raises(InputError, match="line 2: .*more than 8 values"):
        read_yaml(written(tmp_path, a=whole))
    monkeypatch.setattr("temnet.config.yaml_text.MOST_VALUES", 9)
    assert read_yaml(written(tmp_path, a=whole)) == {"a": {"b": [1, 2]}, "c": 3}


def test_many_names_in_one_section_take_no_longer_than_in_many(tmp_path):
    """Together they took the square of their number."""
    started = time.process_time()
    values = read_yaml(written(tmp_path, a="\n".join(f"k{n}: 1" for n in range(60000))))
    assert len(values) == 60000 and time.process_time() - started < 12


def test_what_settings_have_is_within_the_limits(tmp_path):
    """Aliases, depth and numbers that an honest file may have, and one of 20,000 images."""
    files = "\n".join(f"  - /data/2026-01-01/session/movie/frame_{n:06d}.tif" for n in range(20000))
    deep = "[" * 30 + "]" * 30
    text = f"{nested(9, 4)}\ndeep: {deep}\nseed: {2**128 - 1}\nfiles:\n{files}\n"
    values = read_yaml(written(tmp_path, a=text))
    assert values["n3"] == [[[[1] * 9] * 9] * 9] * 9
    assert values["seed"] == 2**128 - 1 and len(values["files"]) == 20000


def test_bases_that_multiply_are_counted(tmp_path):
    sections = "".join(f"s{number}: {{base: DEEPER}}\n" for number in range(8))
    for level in range(4):
        (tmp_path / f"{level}.yaml").write_text(sections.replace("DEEPER", f"{level + 1}.yaml"))
    (tmp_path / "4.yaml").write_text("dose: 1")
    started = time.process_time()
    with pytest.raises(InputError, match="more than 100 files in all"):
        read_yaml(tmp_path / "0.yaml")
    assert time.process_time() - started < 5
    assert read_yaml(tmp_path / "3.yaml") == {f"s{number}": {"dose": 1} for number in range(8)}
    for level in range(40):
        (tmp_path / f"{level}.yaml").write_text(f"base: {level + 1}.yaml")
    (tmp_path / "40.yaml").write_text("dose: 1")
    assert read_yaml(tmp_path / "25.yaml") == {"dose": 1}
    with pytest.raises(InputError, match="more than 20 files one after the other"):
        read_yaml(tmp_path / "0.yaml")


def test_a_file_too_large_for_settings_is_not_read(tmp_path):
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(2**40)  # a terabyte that takes no room
    with pytest.raises(InputError, match="at most 5 MB"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize("name", ["a" * 300 + ".yaml", "b/" * 3000, "'a\\0.yaml'"])
def test_a_base_that_no_file_can_be_called(tmp_path, name):
    with pytest.raises(InputError) as caught:
        read_yaml(written(tmp_path, a=f"base: {name}"))
    assert "not a valid path" in str(caught.value) or "does not exist" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_overrides_go_before_the_file_and_its_bases(tmp_path):
    path = written(tmp_path, a="base: b.yaml\nstages: [report]", b="seed: 1\nstages: [report]")
    assert load_experiment(path).seed == 1
    assert load_experiment(path, {"seed": 7}).seed == 7


def test_the_message_names_the_file_that_holds_the_key(tmp_path):
    path = written(
        tmp_path, a="base: b.yaml\ncamera: {dose: 1}", b="camera: {dose: -1, sampling: x}"
    )
    with pytest.raises(InputError) as caught:
        load_experiment(path, {"stages": ["report"], "seed": -1})
    lines = str(caught.value).splitlines()
    assert sorted(line.split(": ")[:2] for line in lines) == [
        [str(tmp_path / "b.yaml"), "camera.sampling"],
        ["the overrides (--set)", "seed"],
    ]


def test_the_schema_offers_base_and_every_stage():
    from temnet.config.schema import json_schema

    schema = json_schema()
    assert "base" in schema["properties"] and "base" in schema["$defs"]["Camera"]["properties"]
    assert schema["properties"]["stages"]["items"]["enum"] == list(STAGES)


def test_a_dump_has_every_default(tmp_path):
    values = parse_yaml(dump_settings(load_experiment(written(tmp_path, a="stages: [report]"))))
    assert values["data"]["training"] == Experiment(stages=("report",)).data.training
    assert not math.isnan(values["evaluation"]["radius"])
