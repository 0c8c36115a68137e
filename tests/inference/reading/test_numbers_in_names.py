"""Values of the numbers in file names."""

import pytest

from temnet.inference.reading.numbers_in_names import keys, signed


def values(*names):
    """The numbers in each name."""
    return [[value for kind, value, _ in key if kind == 1] for key in keys(names)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("f_0.5um", "f_500nm", "f_-20A"), [[5000.0], [5000.0], [-20.0]]),  # in Å
        (("t_500ms", "t_2min"), [[0.5], [120.0]]),  # in s
        (("f_5nm", "f_10nm"), [[5.0], [10.0]]),  # one unit stays as it is
        (("df_-1.5e3nm", "df_0nm"), [[-1500.0], [0.0]]),
        (("df_1,000nm", "df_-0,5nm"), [[1000.0], [-0.5]]),  # thousands and decimals
        (("run1.9", "run1.10"), [[1.0, 9.0], [1.0, 10.0]]),
        (("2024-05-12_3", "2024-05-12_10"), [[2024, 5, 12, 3], [2024, 5, 12, 10]]),
        (("overfocus_20nm", "infocus", "underfocus"), [[-20.0], [0.0], [1.0]]),
        (("focus_m20", "focus_p20"), [[-20.0], [20.0]]),
        (("a_m1", "a_m2"), [[1.0], [2.0]]),  # without a p or a word for defocus
        (("x", "y"), [[], []]),
    ],
)
def test_numbers_have_the_value_that_all_names_together_give(names, expected):
    assert values(*names) == expected
    assert values(*names[::-1]) == expected[::-1]


def test_a_name_alone_or_with_others_can_mean_two_things():
    assert values("frame-10") == [[10.0]] and not signed(["frame-10"])
    assert values("frame-10", "frame+10") == [[-10.0], [10.0]]
    assert signed(["frame-10", "frame+10"])
