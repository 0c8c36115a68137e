"""The page of pretrained networks: what it says follows from the cards alone."""

import math
from dataclasses import replace

import pytest

from temnet.config.card import Card, Cost, EarlierCost
from temnet.config.loading import validate
from temnet.publishing.limitations import weak_places
from temnet.publishing.network_sections import (
    Pretrained,
    difference_sentence,
    network_section,
    specimen,
    weak_sentences,
)
from temnet.publishing.overview_page import overview, pairs, pretrained_page
from temnet.publishing.training_cost import cost_sentence, planned_cost, training_cost

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
    return {
        "true_positives": true, "false_positives": false, "false_negatives": missed,
        "precision": 0.9, "recall": 0.8, "f1": f1, "rms_error_pm": 7.25,
    }  # fmt: skip


def validation(**changes):
    names = ("macro_f1", "mean_image_f1", "median_image_f1", "share_good_images")
    return {
        "split": "validation", "images": 500, "specimens": 500, "radius": 0.5, "border": 1.5,
        "threshold": 0.6, "macro_f1": 0.95, "mean_image_f1": 0.96, "median_image_f1": 0.99,
        "share_good_images": 0.75, "invented_share": 0.0123,
        "classes": {
            "Mo": counts(900, 10, 90, 0.97), "S": counts(80, 20, 20, 0.85),
            "any": counts(990, 12, 8, 0.98), "all": counts(980, 30, 110, 0.93),
        },
        "intervals": {**{name: [0.9, 1.0] for name in names}, "classes": {}},
        "baselines": {"chance": {"macro_f1": 0.02, "mean_image_f1": 0.02, "classes": {}}},
        "without_columns": {"images": 0},
        "confusion": {
            "Mo": {"Mo": 900, "S": 0, "missed": 90},
            "S": {"Mo": 5, "S": 80, "missed": 15},
            "invented": {"Mo": 10, "S": 20},
        },
        "curves": {"drawn": []},
        "paired": [],
        **changes,
    }  # fmt: skip


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
    return {
        "network": other, "sha256": "b", "macro_f1": 0.9, "interval": [0.88, 0.92], "images": 500,
        "specimens": 400, "mean": mean, "low": low, "high": high, "better": 300, "worse": 100,
        "p": 1e-9, **changes,
    }  # fmt: skip


def point(low, high, f1, parameter="dose", spread=0.01, **classes):
    return {
        "parameter": parameter, "low": low, "middle": (low + high) / 2, "high": high, "images": 9,
        "f1": f1, "f1_low": f1 - spread, "f1_high": f1 + spread, "classes": classes or {"C": f1},
    }  # fmt: skip


def test_weak_bins_are_named_with_their_values():
    points = [
        point(110.4, 297, 0.85, Mo=0.9, S=0.8),
        point(10, 110.4, 0.61, Mo=0.7, S=0.52),
        point(297, 4000, 0.95, Mo=0.95, S=0.95),
        point(4000, 8000, 0.97, Mo=0.97, S=0.97),
    ]
    assert weak_places({"drawn": points}, {}) == [
        "By dose (as drawn) F1 is below 0.9 at 10 to 297 e/Å² (0.610 to 0.850), lowest for S "
        "(0.520); elsewhere it is 0.950 to 0.970."
    ]


def test_weak_ends_are_two_places_and_a_single_class_is_not_named():
    points = [point(-180, -120, 0.8, "defocus"), point(-120, -60, 0.93, "defocus"),
              point(-60, -20, 0.7, "defocus")]  # fmt: skip
    assert weak_places({"drawn": points}, {}) == [
        "By defocus of the first image (as drawn) F1 is below 0.9 at -180 to -120 Å (0.800 "
        "[0.790, 0.810]) and -60 to -20 Å (0.700 [0.690, 0.710]); elsewhere it is 0.930 [0.920, "
        "0.940]."
    ]


def test_what_makes_no_difference_is_told_together():
    drawn = [
        point(0, 1, 0.5, "coma", 0.1), point(1, 2, 0.6, "coma", 0.1),
        point(0, 1, 0.88, "tilt_deg", 0.1), point(1, 2, 0.92, "tilt_deg", 0.1),
        point(0, 1, 0.5), point(1, 2, 0.8), point(0, 1, 0.95, "energy"), point(1, 2, 0.9, "energy"),
    ]  # fmt: skip
    assert weak_places({"drawn": drawn}, {}) == [
        "By dose (as drawn) F1 is below 0.9 throughout: 0.500 [0.490, 0.510] at 0 to 1 e/Å²; at "
        "best 0.800 [0.790, 0.810] at 1 to 2 e/Å².",
        "In bins by coma and tilt of the specimen F1 is 0.500 to 0.920, and the intervals of each "
        "one's best and worst bin overlap.",
        "In no bin by energy does F1 fall below 0.9.",
    ]


def test_fixed_values_are_told_where_they_are_weak():
    series = [point(100, 100, 0.4), point(300, 300, 0.6), point(1000, 1000, 0.95)]
    curves = {"drawn": [], "series": series}
    start = "By dose (at fixed values) F1 is below 0.9 at "
    assert weak_places(curves, {"dose": (100, 1000)}) == [
        f"{start}100 to 300 e/Å² (0.400 to 0.600); elsewhere it is 0.950 [0.940, 0.960]."
    ]
    # What was never taught is told apart.
    assert weak_places(curves, {"dose": (200, 1000)}) == [
        f"{start}100 e/Å² (0.400 [0.390, 0.410]; not taught) and 300 e/Å² (0.600 [0.590, 0.610]); "
        "elsewhere it is 0.950 [0.940, 0.960]."
    ]
    # Nor does it say where a network is worst or best.
    weak = [point(10, 10, 0.1, S=0.0, Mo=0.2), *series[:2], point(2000, 2000, 0.8)]
    assert weak_places({"drawn": [], "series": weak}, {"dose": (100, 1000)}) == [
        "By dose (at fixed values) F1 is below 0.9 throughout: 0.400 [0.390, 0.410] at 100 e/Å²; "
        "at best 0.600 [0.590, 0.610] at 300 e/Å²; beyond what was taught 0.100 [0.090, 0.110] at "
        "10 e/Å² and 0.800 [0.790, 0.810] at 2,000 e/Å²."
    ]
    # What is printed as 0.900 is not below 0.9.
    assert weak_places({"drawn": [], "series": [point(1, 1, 0.8996), *series[2:]]}, {}) == []
    assert weak_places({"drawn": [], "series": series[2:]}, {}) == []
    assert weak_places({"drawn": [{**point(0, 1, 0.5), "f1": None}]}, {}) == []


def test_weak_classes_are_told_with_what_becomes_of_them():
    assert weak_sentences(validation(), {})[0] == (
        "S has F1 0.85: of its 100 columns 5 % are called Mo and 15 % are missed; 20 % of the "
        "peaks called S are invented."
    )
    strong = validation(classes={**validation()["classes"], "S": counts(80, 20, 20, 0.95)})
    assert weak_sentences(strong, {}) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.02, 0.01, 0.03), "a is better than b: the F1 of an image is higher by 0.020 [0.010, "),
        ((-0.02, -0.03, -0.01), "b is better than a: the F1 of an image is higher by 0.020 [0.010"),
        ((0.02, -0.01, 0.05), "0.020 [-0.010, 0.050] on average, and its interval includes zero"),
        ((-0.02, -0.05, 0.0), "its interval includes zero"),
        ((0.02, None, None), "a cannot be told from b"),
    ],
)
def test_a_difference_is_told_as_it_is(values, said):
    sentence = difference_sentence("a", difference("b", *values))
    assert said in sentence and sentence.startswith("On the same 500 images of 400 specimens ")


def test_pairs_are_networks_of_different_kinds_each_once():
    mean = 0.02, 0.01, 0.03
    one = network("a", validation=validation(paired=[difference("b", *mean, sha256="old"),
                                                     difference("c", *mean),
                                                     difference("gone", *mean)]))  # fmt: skip
    back = difference("a", -0.02, -0.03, -0.01, sha256="a")
    two = network("b", "msdnet", "b", validation=validation(paired=[back]))
    three = network("c", "unet", "c", validation=validation())
    (pair,) = pairs([one, two, three])
    # That against the weights that lie here goes before that against earlier ones.
    assert (pair[0].name, pair[1].name) == ("b", "a")
    page = pretrained_page([one, two, three])
    assert page.count("## b against a") == 1 and "## a against" not in page
    assert "This was an earlier" not in page
    alone = pretrained_page([one, network("b", "msdnet", "b")])
    assert "## a against b" in alone and "This was an earlier b" in alone
    assert "| macro F1 on these images | 0.950 [0.900, 1.000] | 0.900 [0.880, 0.920] |" in alone


def test_the_overview_has_a_line_for_each():
    cost = replace(COST, start=EarlierCost(network="b", images_seen=48_328))
    lines = overview([network("a", validation=validation(), cost=cost), network("b")]).splitlines()
    assert lines[2] == (
        "| [a](#a) | Mo and S in MoS2, on graphene | U-Net | 47,766 | 49,000 | "
        "0.950 [0.900, 1.000] | 0.990 [0.900, 1.000] | 7.2 pm | 0.2 MB |"
    )
    # Of the second only the settings tell something: ten epochs of twelve whole batches.
    assert lines[3].endswith("| 47,766 | 960 | – | – | – | 0.2 MB |")


def test_a_network_without_validation_says_so():
    metrics = {"split": "selection", "images": 200, "macro_f1": 0.7035,
               "classes": validation()["classes"]}  # fmt: skip
    one = network("old", metrics=metrics)
    section = network_section(one)
    assert "It has not been published with scores on validation images" in section
    assert "200 selection images" in section and "macro F1 is 0.704" in section
    assert "| S | 100 | 0.900 | 0.800 | 0.850 | 7.2 |" in section
    assert "Weak places" not in section and "0.704 (selection images)" in overview([one])


def test_a_section_tells_all_that_the_card_does():
    paired = [difference("b", 0.02, 0.01, 0.03)]
    bound = {"error_pm": 7.2, "bound_pm": 2.4, "ratio": 3.0, "low": 2.5, "high": 3.5,
             "columns": 40, "found": 38}  # fmt: skip
    empty = {"images": 20, "area_nm2": 200.0, "per_100_nm2": 1.5, "low": 1.0, "high": 2.0}
    scores = validation(paired=paired, cramer_rao=bound, without_columns=empty)
    one = network("a", validation=scores)
    section = network_section(one)
    for part in (
        "Finds Mo and S in single images of MoS2, on graphene. U-Net with 47,766 weights (0.2 MB)",
        "| energy | 50 to 80 keV |",
        "| dose of an image | 100 to 100,000 e/Å² |",
        "| camera's pixel | 0.2 Å |",
        "On 500 validation images (500 specimens)",
        "| any class (localisation) | 998 | 0.900 | 0.800 | 0.980 | 7.2 |",
        "above 0.95 in 75 % of the images",
        "1.2 % of the peaks are invented columns",
        "The peaks of a at random positions reach 0.02",
        "7.2 pm against 2.4 pm, ratio 3.00 [2.50, 3.50] (38 of 40 columns found)",
        "On 20 images without any column it invents, per 100 nm², 1.5 [1, 2].",
        "a is better than b",
        "- S has F1 0.85",
    ):
        assert part in section, part
    assert "![" not in section  # no figure lies there
    figured = Pretrained(one.name, one.card, one.experiment, one.size, ("dose.png",), "# Seen\n*x*")
    assert "](a/dose.png)" in network_section(figured)
    assert network_section(figured).endswith("# Seen\n*x*")


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
        assert specimen(experiment(structure=structure, labels=labels)) == name


COST = Cost(
    epochs=7, images_per_epoch=96, images_seen=672, training_images=500, specimens=63,
    seconds=12600.0,
)  # fmt: skip


def test_costs_are_counted_from_the_log():
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
