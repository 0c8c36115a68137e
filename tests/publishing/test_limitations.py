"""The table of conditions in which a network scores below 0.9."""

from math import nan

from temnet.config.card_scores import CurvePoint, Curves
from temnet.publishing.limitations import limitations


def point(low, high, f1, parameter="dose", spread=0.01, **classes):
    return CurvePoint(
        parameter=parameter, low=low, middle=(low + high) / 2, high=high, images=9, f1=f1,
        f1_low=f1 - spread, f1_high=f1 + spread, classes=classes or {"C": f1},
    )  # fmt: skip


def test_neighbouring_bins_share_a_line():
    points = [
        point(110.4, 297, 0.85, Mo=0.9, S=0.8),
        point(10, 110.4, 0.61, Mo=0.7, S=0.52),
        point(297, 4000, 0.95, Mo=0.95, S=0.95),
        point(4000, 8000, 0.97, Mo=0.97, S=0.97),
    ]
    assert limitations(Curves(points), {}) == [
        ("dose", "10 to 297 e/Å²", "0.610 (10 to 110 e/Å²) to 0.850 (110 to 297 e/Å²)", "S (0.520)")
    ]


def test_separate_bins_and_a_single_class():
    points = [point(-180, -120, 0.8, "defocus"), point(-120, -60, 0.93, "defocus"),
              point(-60, -20, 0.7, "defocus")]  # fmt: skip
    name = "defocus of the first image"
    assert limitations(Curves(points), {}) == [
        (name, "-180 to -120 Å", "0.800 [0.790, 0.810]", "–"),
        (name, "-60 to -20 Å", "0.700 [0.690, 0.710]", "–"),
    ]


def test_parameters_without_a_clear_influence_are_left_out():
    drawn = [
        point(0, 1, 0.5, "coma", 0.1), point(1, 2, 0.6, "coma", 0.1),
        point(0, 1, 0.5, "tilt_deg", nan), point(1, 2, 0.8, "tilt_deg", nan),
        point(0, 1, 0.5), point(1, 2, 0.8), point(0, 1, 0.95, "energy"), point(1, 2, 0.9, "energy"),
    ]  # fmt: skip
    (line,) = limitations(Curves(drawn), {})
    assert line[:2] == ("dose", "0 to 2 e/Å²")


def test_fixed_values_outside_of_the_training_have_lines_of_their_own():
    sweep = [point(100, 100, 0.4), point(300, 300, 0.6), point(1000, 1000, 0.95)]
    inside = limitations(Curves([], sweep), {"dose": (100, 1000)})
    assert [line[1] for line in inside] == ["100 to 300 e/Å² (fixed)"]
    outside = limitations(Curves([], sweep), {"dose": (200, 1000)})
    assert [line[1:3] for line in outside] == [
        ("100 e/Å² (fixed, outside the training)", "0.400 [0.390, 0.410]"),
        ("300 e/Å² (fixed)", "0.600 [0.590, 0.610]"),
    ]


def test_good_and_unknown_scores_have_no_line():
    # A value that is printed as 0.900 is not below 0.9.
    assert limitations(Curves([], [point(1, 1, 0.8996), point(2, 2, 0.95)]), {}) == []
    assert limitations(Curves([point(0, 1, nan)]), {}) == []
