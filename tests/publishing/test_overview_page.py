"""The pages of pretrained networks, which follow from the cards alone."""

import math
from dataclasses import replace

import pytest

from temnet.config.card import Card, Cost, EarlierCost
from temnet.config.card_scores import Comparison, Curves, SelectionScores, ValidationScores
from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.publishing.network_sections import difference_sentence, network_section
from temnet.publishing.overview_page import overview, pairs, pretrained_pages
from temnet.publishing.pretrained_network import Pretrained, specimen
from temnet.publishing.publish_study import read_notes
from temnet.publishing.training_cost import cost_sentence, planned_cost, training_cost
from temnet.score_records import (
    Baseline,
    Baselines,
    BoundRatio,
    ClassScores,
    FalsePositiveRates,
    Intervals,
)
from tests.publishing.test_limitations import point

SETTINGS = {
    "structure": {"kind": "mos2", "support": {"kind": "graphene"}},
    "microscope": {"energy": {"choice": [50e3, 80e3]}, "aperture_mrad": 40},
    "camera": {"sampling": 0.2, "dose": {"log_uniform": [100, 1e5]}},
    "labels": {"classes": ["Mo", "S"], "width": 0.4},
    "data": {"training": 500, "exit_wave_reuse": 8},
    "model": {"kind": "unet", "sampling": 0.2},
    "training": {"epochs": 10, "images_per_epoch": 100, "batch_size": 8},
    "stages": ["simulate", "train", "evaluate"],
}


def experiment(**changes):
    return validate({**SETTINGS, **changes}, "test")


def counts(true, false, missed, f1):
    return ClassScores(true, false, missed, precision=0.9, recall=0.8, f1=f1, rms_error_pm=7.25)


def validation(**changes):
    ends = (0.9, 1.0)
    values = {
        "split": "validation", "images": 500, "specimens": 500, "radius": 0.5, "border": 1.5,
        "threshold": 0.6, "macro_f1": 0.95, "mean_image_f1": 0.96, "median_image_f1": 0.99,
        "share_good_images": 0.75, "false_positive_share": 0.0123,
        "classes": {
            "Mo": counts(900, 10, 90, 0.97), "S": counts(80, 20, 20, 0.85),
            "any": counts(990, 12, 8, 0.98), "all": counts(980, 30, 110, 0.93),
        },
        "intervals": Intervals(ends, ends, ends, ends),
        "baselines": Baselines(Baseline(0.02, 0.02, {})),
        "without_columns": FalsePositiveRates(images=0),
        "confusion": {
            "Mo": {"Mo": 900, "S": 0, "missed": 90},
            "S": {"Mo": 5, "S": 80, "missed": 15},
            "false positive": {"Mo": 10, "S": 20},
        },
        "curves": Curves(drawn=[]),
    }  # fmt: skip
    return ValidationScores(**{**values, **changes})


def network(name, kind="unet", checksum="a", settings=None, **card):
    return Pretrained(
        name,
        Card(
            name=name, kind=kind, classes=("Mo", "S"), focus_count=1, focus_steps=(0.0,),
            sampling=0.2, energies=(50e3, 80e3), defocus=(-100.0, 100.0), Cs_um=(0.0, 0.0),
            astigmatism=(0.0, 50.0), focal_spread=(4.0, 20.0), dose=(100.0, 1e5),
            camera_sampling=(0.2, 0.2), parameters=47766, threshold=0.6, sha256=checksum,
            schema=1, **card,
        ),
        settings or experiment(),
        size=250_000,
    )  # fmt: skip


def difference(other, mean, low, high, **changes):
    values = {
        "network": other, "sha256": "b", "macro_f1": 0.9, "interval": (0.88, 0.92), "images": 500,
        "specimens": 400, "mean": mean, "low": low, "high": high, "better": 300, "worse": 100,
        "p": 1e-9,
    }  # fmt: skip
    return Comparison(**{**values, **changes})


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ((0.02, 0.01, 0.03), "a is better than b: mean F1 of an image higher by 0.020 [0.010, "),
        ((-0.02, -0.03, -0.01), "b is better than a: mean F1 of an image higher by 0.020 [0.010"),
        ((0.02, -0.01, 0.05), "do not differ significantly"),
        ((-0.02, -0.05, 0.0), "-0.020 [-0.050, 0.000]"),
        ((0.02, math.nan, math.nan), "too few specimens"),
    ],
)
def test_a_difference_is_as_certain_as_its_interval(values, part):
    sentence = difference_sentence("a", difference("b", *values))
    assert part in sentence and sentence.startswith("On the same 500 images of 400 specimens ")


def test_pairs_are_networks_of_different_kinds_each_once():
    mean = 0.02, 0.01, 0.03
    one = network("a", validation=validation(paired=[difference("b", *mean, sha256="old"),
                                                     difference("c", *mean),
                                                     difference("gone", *mean)]))  # fmt: skip
    back = difference("a", -0.02, -0.03, -0.01, sha256="a")
    two = network("b", "msdnet", "b", validation=validation(paired=[back]))
    three = network("c", "unet", "c", validation=validation())
    (pair,) = pairs([one, two, three])
    # The difference from the present weights is taken before one from earlier weights.
    assert (pair.first.name, pair.second.name) == ("b", "a")
    pages = pretrained_pages([one, two, three])
    assert list(pages) == ["README.md", "a/README.md", "b/README.md", "c/README.md"]
    assert pages["b/README.md"].count("## Comparison with a") == 1
    assert pages["a/README.md"].count("## Comparison with b") == 1
    assert not any("was replaced since" in page for page in pages.values())
    assert "## Comparison" not in pages["README.md"] + pages["c/README.md"]
    alone = pretrained_pages([one, network("b", "msdnet", "b")])
    for page in (alone["a/README.md"], alone["b/README.md"]):
        assert "b was replaced since" in page
        assert "| macro F1 on these images | 0.950 [0.900, 1.000] | 0.900 [0.880, 0.920] |" in page


def test_the_overview_has_a_line_for_each():
    lines = overview([network("a", validation=validation()), network("b")]).splitlines()
    assert lines[2] == (
        "| [a](a/README.md) | Mo and S in MoS2, on graphene | 50 to 80 keV | 100 to 100,000 e/Å² | "
        "0.950 [0.900, 1.000] | 7.2 pm | U-Net | 0.2 MB |"
    )
    assert lines[3].endswith("| – | – | U-Net | 0.2 MB |")


def test_a_network_without_validation_has_its_selection_scores():
    metrics = SelectionScores(images=200, macro_f1=0.7035, classes=validation().classes)
    one = network("old", metrics=metrics)
    section = network_section(one)
    assert "No validation scores" in section
    assert "200 selection images" in section and "macro F1 0.704" in section
    assert "| S | 100 | 0.900 | 0.800 | 0.850 | 7.2 |" in section
    assert "Limitations" not in section and "0.704 (selection images)" in overview([one])


def test_a_section_has_all_scores_of_the_card():
    paired = [difference("b", 0.02, 0.01, 0.03)]
    bound = BoundRatio(40, 38, error_pm=7.2, bound_pm=2.4, ratio=3.0, low=2.5, high=3.5)
    bare = FalsePositiveRates(images=20, area_nm2=200.0, per_100_nm2=1.5, low=1.0, high=2.0)
    curves = Curves(drawn=[point(0, 1, 0.5), point(1, 2, 0.95)])
    scores = validation(paired=paired, cramer_rao=bound, without_columns=bare, curves=curves)
    one = network("a", validation=scores)
    section = network_section(one)
    for part in (
        "Finds Mo and S in single images of MoS2, on graphene. U-Net with 47,766 weights (0.2 MB)",
        "| energy | 50 to 80 keV |",
        "| dose of an image | 100 to 100,000 e/Å² |",
        "| camera's pixel | 0.2 Å |",
        "500 held-out images (500 specimens)",
        "| any class (localisation) | 998 | 0.900 | 0.800 | 0.980 | 7.2 |",
        "| images with F1 above 0.95 | 75 % |",
        "| false positives among the peaks | 1.2 % |",
        "at random positions | 0.02 |",
        "| 7.2 pm against 2.4 pm, ratio 3.00 [2.50, 3.50] (38 of 40 columns found) |",
        "on 20 images without columns | 1.5 [1, 2] |",
        "a is better than b",
        # Of 100 columns of S 5 % are predicted as Mo and 15 % are missed.
        "| S | 5 % | 80 % | 15 % |",
        "| false positive | 10 | 20 | – |",
        "| dose | 0 to 1 e/Å² | 0.500 [0.490, 0.510] | – |",
    ):
        assert part in section, part
    assert "![" not in section  # without figures
    assert "## Figures" not in section and "## Limitations" in section
    figured = replace(one, figures=("dose.png",), notes="**Seen**\n*x*\n")
    page = pretrained_pages([figured])["a/README.md"]
    assert "](dose.png)" in page and page.startswith("# a\n\n<!-- Written by ")
    assert page.endswith("## Remarks\n\n**Seen**\n*x*\n") and "](../README.md)" in page
    answered = replace(one, notes="> Take b.\n> It is faster.\n\nReasons.\n")
    page = pretrained_pages([answered])["a/README.md"]
    assert page.index("> Take b.\n> It is faster.\n\n") < page.index("## Scores")
    assert page.endswith("## Remarks\n\nReasons.\n")


def test_specimens_are_named():
    found = {
        "MoS2": {"kind": "mos2"},
        "particles of Pt and Au, partly on CeO2": {
            "kind": "nanoparticle", "element": {"choice": ["Pt", "Au"]},
            "support": {"kind": "CeO2", "probability": 0.6},
        },
        "graphene with defects": {"kind": "graphene"},
        "rutile": {"kind": "file", "path": "somewhere/rutile.cif"},
        "my:crystal": {"kind": "python", "function": "my:crystal"},
    }  # fmt: skip
    for name, structure in found.items():
        classes = {"nanoparticle": "metal", "mos2": "Mo"}.get(structure["kind"], "C")
        labels = {"classes": [classes], "width": 0.4}
        assert specimen(experiment(structure=structure, labels=labels).structure) == name


COST = Cost(
    epochs=7, images_per_epoch=96, images_seen=672, training_images=500, specimens=63,
    seconds=12600.0,
)  # fmt: skip


def test_costs_follow_from_the_log():
    def cost_after(seconds, **changes):
        settings = experiment(**changes)
        return training_cost(settings.data, settings.training, seconds)

    def planned(**changes):
        settings = experiment(**changes)
        return planned_cost(settings.data, settings.training)

    cost = cost_after([1800.0] * 7)
    assert cost == COST
    assert cost_sentence(cost) == (
        "Trained on 500 images of 63 specimens in 7 epochs of 96: 672 images seen in 3.5 hours."
    )
    start = EarlierCost(network="b", images_seen=1000)
    assert "it started from b (1,000 images seen)" in cost_sentence(replace(cost, start=start))
    assert "from an earlier b (1,000" in cost_sentence(replace(cost, start=start), "b")
    unknown = replace(cost, start=EarlierCost(network="b"))
    assert "(images seen not recorded)" in cost_sentence(unknown)
    assert unknown.total_images_seen() is None
    assert replace(cost, start=start).total_images_seen() == 1672
    assert "not recorded" in cost_sentence(None)
    # Without the time of one epoch the total is unknown.
    assert cost_after([1800.0, math.nan]).seconds is None
    fresh = {**SETTINGS["data"], "source": "fresh", "image_epochs": 5}
    assert cost_after([1800.0] * 7, data=fresh).training_images == 2 * 96
    assert planned().images_seen == 960
    assert planned(training={**SETTINGS["training"], "early_stopping": 3}) is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("# Ü\n".encode(), "# Ü\n"),
        ("# Ü\n".encode("utf-8-sig"), "# Ü\n"),  # as Windows' editor writes it
        (b"", ""),
    ],
)
def test_notes_are_read(tmp_path, content, text):
    assert read_notes(tmp_path) == ""
    (tmp_path / "notes.md").write_bytes(content)
    assert read_notes(tmp_path) == text


def test_notes_in_another_encoding_are_refused(tmp_path):
    (tmp_path / "notes.md").write_bytes("Ü".encode("cp1252"))
    with pytest.raises(InputError, match=r"notes\.md: the text is not in UTF-8"):
        read_notes(tmp_path)
