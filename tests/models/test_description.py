"""Entries of a card that follow from settings."""

from dataclasses import replace

from temnet.models.description import contradiction, describe, missing


def test_entries_follow_from_the_settings(make_experiment):
    card = describe("tiny", make_experiment(), threshold=0.4)
    # First focus -100 to 100 Å, steps up to 100 Å.
    assert card.defocus == (-100, 200) and card.focus_steps == (0, 50, 100)
    assert card.energies == (50e3, 60e3) and card.threshold == 0.4 and card.cost is None


def test_the_first_other_entry_is_named(make_experiment):
    expected = describe("tiny", make_experiment(), 0.4)
    assert contradiction(expected, expected) is None
    assert contradiction(replace(expected, sampling=0.12 * (1 + 1e-9)), expected) is None
    other = replace(expected, sampling=0.15, parameters=7)
    assert contradiction(other, expected) == "sampling is 0.15 on the card and 0.12 in the settings"
    assert contradiction(replace(expected, label_width=None), expected) is None


def test_missing_entries_are_those_that_the_settings_determine(make_experiment):
    expected = describe("tiny", make_experiment(), 0.4)
    assert missing(expected, expected) == []
    assert missing(replace(expected, dose=None, seed=None), expected) == ["dose", "seed"]
    bare = describe("tiny", make_experiment(camera=None, stages=["report"]), 0.4)
    assert missing(bare, bare) == [] and bare.dose is None
