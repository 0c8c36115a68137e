from importlib.util import find_spec
from pathlib import Path

import pytest

from temnet.config.experiment import STAGES, Experiment
from temnet.errors import InputError
from temnet.workflow import plan
from temnet.workflow.stage import STAGE_MODULES, Stage, silent


class Recorder:
    """Stages that write their name, in place of the real ones."""

    def __init__(self):
        self.ran, self.fails, self.refuses, self.lost = [], None, None, set()

    def stage(self, name):
        requires = {"train": ("simulate",), "evaluate": ("simulate", "train")}.get(name, ())
        sections = {"simulate": {"data"}, "train": {"training"}, "evaluate": {"evaluation"}}

        def settings(experiment):
            values = experiment.model_dump(mode="json", include=sections.get(name, set()))
            return {**values, "simulation": 3}

        def check(experiment):
            if self.refuses == name:
                raise InputError(f"{name} has an invalid input")
            return f"inputs of {name}"

        def run(work):
            assert work.inputs == f"inputs of {name}"
            self.ran.append(name)
            (work.folder / "result").write_text(str(work.experiment.seed))
            if self.fails == name:
                raise KeyboardInterrupt

        return Stage(
            name=name,
            requires=requires,
            settings=settings,
            check=check,
            run=run,
            describe=lambda experiment, inputs: [inputs],
            resumable=name == "train",
            always=name == "report",
            intact=lambda experiment, root: (name, root) not in self.lost,
        )


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(plan, "get_stage", recorder.stage)
    return recorder


def experiment(**changes):
    # Built without cross-checks, which would ask for sections that these stages do not read.
    settings = Experiment(stages=("report",))
    stages = ("simulate", "train", "evaluate", "report")
    return settings.model_copy(update={"stages": stages, **changes})


def run(settings, root, **options):
    plan.run_plan(plan.make_plan(settings, root, **options), silent)


def test_stages_run_in_their_order_also_if_the_yaml_has_another(recorder, tmp_path):
    run(experiment(stages=("report", "train", "simulate")), tmp_path)
    assert recorder.ran == ["simulate", "train", "report"]


def test_only_the_report_is_repeated_when_all_is_done(recorder, tmp_path):
    run(experiment(), tmp_path)
    run(experiment(), tmp_path)
    assert recorder.ran == ["simulate", "train", "evaluate", "report", "report"]


def test_a_stopped_run_resumes(recorder, tmp_path):
    recorder.fails = "train"
    with pytest.raises(KeyboardInterrupt):
        run(experiment(), tmp_path)
    recorder.fails = None
    steps = plan.make_plan(experiment(), tmp_path).steps
    assert [step.state for step in steps] == ["done", "started", "new", "new"]
    run(experiment(), tmp_path)
    assert recorder.ran == ["simulate", "train", "train", "evaluate", "report"]


def test_other_settings_are_refused_and_the_message_names_them(recorder, tmp_path):
    run(experiment(), tmp_path)
    other = experiment(training=experiment().training.model_copy(update={"epochs": 3}))
    with pytest.raises(InputError, match="training.epochs was 20, is 3.*--overwrite"):
        plan.make_plan(other, tmp_path)
    assert recorder.ran.count("train") == 1


def test_overwrite_replaces_only_what_has_other_settings(recorder, tmp_path):
    run(experiment(), tmp_path)
    other = experiment(seed=9, training=experiment().training.model_copy(update={"epochs": 3}))
    recorder.ran.clear()
    run(other, tmp_path, overwrite=True)
    assert recorder.ran == ["train", "report"]
    assert (tmp_path / "train" / "result").read_text() == "9"
    assert (tmp_path / "evaluate" / "result").read_text() == "1"


def test_overwrite_with_a_named_stage_makes_it_again(recorder, tmp_path):
    run(experiment(), tmp_path)
    recorder.ran.clear()
    run(experiment(), tmp_path, named=["evaluate"])
    assert recorder.ran == []
    run(experiment(), tmp_path, named=["evaluate"], overwrite=True)
    assert recorder.ran == ["evaluate"]


def test_a_stage_alone_needs_those_that_it_reads(recorder, tmp_path):
    with pytest.raises(InputError, match="`evaluate` reads the result of `simulate`"):
        plan.make_plan(experiment(), tmp_path, named=["evaluate"])
    run(experiment(), tmp_path, named=["simulate", "train"])
    run(experiment(), tmp_path, named=["evaluate"])
    assert recorder.ran == ["simulate", "train", "evaluate"]


def test_a_stage_that_another_reads_must_have_the_same_settings(recorder, tmp_path):
    run(experiment(), tmp_path, named=["simulate", "train"])
    other = experiment(training=experiment().training.model_copy(update={"epochs": 3}))
    with pytest.raises(InputError, match="`train`, which `evaluate` reads.*epochs was 20, is 3"):
        plan.make_plan(other, tmp_path, named=["evaluate"])


def test_networks_are_scored_alone_where_no_training_was_started(recorder, tmp_path):
    evaluation = experiment().evaluation.model_copy(update={"networks": ("one",)})
    naming, other = experiment(evaluation=evaluation), experiment()
    assert plan.scores_alone(naming, tmp_path, ["report", "evaluate"])
    assert not plan.scores_alone(other, tmp_path, ["evaluate"])
    assert not plan.scores_alone(naming, tmp_path, ["train", "evaluate"])
    assert not plan.scores_alone(naming, tmp_path, ["report"])
    assert not plan.scores_alone(naming, tmp_path, [])
    recorder.fails = "train"
    with pytest.raises(KeyboardInterrupt):
        run(naming, tmp_path, named=["simulate", "train"])
    assert not plan.scores_alone(naming, tmp_path, ["evaluate"])
    recorder.fails = None
    run(naming, tmp_path, named=["train"])
    assert not plan.scores_alone(naming, tmp_path, ["evaluate"])


def test_sets_that_were_removed_are_made_again(recorder, tmp_path):
    run(experiment(), tmp_path)
    recorder.lost = {("simulate", tmp_path)}
    with pytest.raises(InputError, match="`simulate`, which is missing"):
        plan.make_plan(experiment(), tmp_path, named=["train"])
    recorder.ran.clear()
    run(experiment(), tmp_path)
    assert recorder.ran == ["simulate", "report"]


def test_a_result_of_a_replaced_input_is_made_again_in_its_run_folder(recorder, tmp_path):
    for root in (tmp_path / "one", tmp_path / "two"):
        run(experiment(), root)
    recorder.lost = {("evaluate", tmp_path / "one")}
    for root, again in ((tmp_path / "one", ["evaluate"]), (tmp_path / "two", [])):
        recorder.ran.clear()
        run(experiment(), root)
        assert recorder.ran == [*again, "report"]


def test_an_invalid_input_of_a_late_stage_stops_the_run_before_it_starts(recorder, tmp_path):
    recorder.refuses = "report"
    root = tmp_path / "run"
    with pytest.raises(InputError, match="invalid input"):
        run(experiment(), root)
    assert recorder.ran == [] and not root.exists()


def test_a_damaged_result_is_made_again_with_a_warning(recorder, tmp_path, caplog):
    run(experiment(), tmp_path)
    (tmp_path / "evaluate" / "result").write_text("")
    recorder.ran.clear()
    run(experiment(), tmp_path)
    assert recorder.ran == ["evaluate", "report"]
    assert "evaluate: the result is damaged: result has 0 of 1 bytes; the stage" in caplog.text
    assert (tmp_path / "evaluate" / "result").read_text() == "1"
    run(experiment(), tmp_path)
    assert recorder.ran == ["evaluate", "report", "report"]


def test_a_damaged_training_is_refused_and_made_again_when_asked(recorder, tmp_path):
    """It took hours, and its other files may be whole."""
    run(experiment(), tmp_path)
    (tmp_path / "train" / "result").write_text("23")
    with pytest.raises(InputError, match="result has 2 of 1 bytes; restore.*--stage train"):
        plan.make_plan(experiment(), tmp_path)
    assert (tmp_path / "train" / "result").read_text() == "23"
    recorder.ran.clear()
    run(experiment(), tmp_path, named=["train"], overwrite=True)
    assert recorder.ran == ["train"] and (tmp_path / "train" / "result").read_text() == "1"


def test_a_stage_does_not_read_what_is_damaged(recorder, tmp_path):
    run(experiment(), tmp_path, named=["simulate", "train"])
    (tmp_path / "simulate" / "result").unlink()
    with pytest.raises(InputError, match="which `evaluate` reads, is damaged: result is missing"):
        plan.make_plan(experiment(), tmp_path, named=["evaluate"])


def test_every_stage_of_the_yaml_has_a_module():
    assert tuple(STAGE_MODULES) == STAGES
    for name in STAGES:
        assert Path(find_spec(STAGE_MODULES[name]).origin).stem == name
