"""Keys that were renamed are read with one warning, and hashes keep the earlier ones."""

import pytest

from temnet.config import old_keys
from temnet.config.analysis.evaluation import Evaluation
from temnet.config.loading import (
    dump_settings,
    load_experiment,
    parse_assignments,
    parse_yaml,
    validate,
)
from temnet.config.old_keys import with_new_keys, with_old_keys
from temnet.config.structures.mos2 import MoS2
from temnet.errors import InputError

OLD = """
structure: {kind: mos2, empty: {probability: 0.3}}
evaluation: {series: {dose: [10], heights: [1, 2]}}
stages: [report]
"""
NEW = """
structure: {kind: mos2, negatives: {probability: 0.3}}
evaluation: {sweep: {dose: [10], atom_counts: [1, 2]}}
stages: [report]
"""


@pytest.fixture(autouse=True)
def forget():
    old_keys._warned.clear()


def written(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def test_old_keys_give_the_same_settings_with_one_warning_each(tmp_path, caplog):
    new = load_experiment(written(tmp_path, "new.yaml", NEW))
    assert not caplog.text and new.structure.negatives.probability == 0.3
    for _ in range(2):
        assert load_experiment(written(tmp_path, "old.yaml", OLD)) == new
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3 and all(str(tmp_path / "old.yaml") in line for line in lines)
    assert "structure.empty is now structure.negatives" in caplog.text


def test_what_finished_runs_compare_has_the_old_keys():
    """The records and hashes of runs of earlier versions stay what they were."""
    settings = validate(parse_yaml(NEW), "new")
    plain = settings.model_dump(mode="json")
    assert plain["structure"]["empty"]["probability"] == 0.3
    assert plain["evaluation"]["series"]["heights"] == [1, 2]
    assert with_old_keys(parse_yaml(NEW)) == parse_yaml(OLD)
    assert validate(plain, "again") == settings  # and records read back
    evaluation = Evaluation.model_validate(plain["evaluation"])
    assert evaluation == settings.evaluation
    assert "empty" in MoS2().model_dump() and "negatives" not in MoS2().model_dump()


def test_yaml_is_written_with_the_new_keys(caplog):
    text = dump_settings(validate(parse_yaml(OLD), "old"))
    values = parse_yaml(text)
    assert with_new_keys(values) == values and not caplog.text
    assert values["structure"]["negatives"]["probability"] == 0.3
    assert values["evaluation"]["sweep"]["atom_counts"] == [1, 2]


def test_a_base_and_the_command_line_may_have_the_other_key(tmp_path):
    written(tmp_path, "base.yaml", OLD)
    path = written(tmp_path, "a.yaml", "base: base.yaml\nstructure: {negatives: {amorphous: 0.1}}")
    overrides = parse_assignments(
        ["structure.empty.graphitic=0.2", "evaluation.series.heights=[3]"]
    )
    experiment = load_experiment(path, overrides)
    negatives = experiment.structure.negatives
    assert (negatives.probability, negatives.amorphous, negatives.graphitic) == (0.3, 0.1, 0.2)
    assert experiment.evaluation.sweep.atom_counts == (3,)


def test_both_keys_at_once_are_refused(tmp_path):
    text = "structure: {kind: mos2, empty: {}, negatives: {}}\nstages: [report]"
    with pytest.raises(InputError, match="structure has both `negatives` and `empty`"):
        load_experiment(written(tmp_path, "a.yaml", text))


def test_faults_are_named_by_the_new_key(tmp_path):
    text = OLD.replace("0.3", "3")
    with pytest.raises(InputError, match=r"structure\.negatives\.probability: expected at most 1"):
        load_experiment(written(tmp_path, "a.yaml", text))
