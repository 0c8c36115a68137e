import numpy as np

from temnet.records import Peaks
from temnet.stages.column_classes import class_names, in_classes


def found():
    probabilities = np.array([[0.7, 0.1], [0.2, 0.6]])
    zero = np.zeros(2, np.int64)
    return Peaks(
        zero, np.ones((2, 2)), np.array([0, 1]), np.full(2, 0.8), probabilities, zero * 0.1
    )


def test_where_classes_mean_nothing_all_columns_are_of_one():
    peaks = in_classes(found(), ("column",), True)
    assert peaks.class_index.tolist() == [0, 0]
    np.testing.assert_allclose(peaks.probabilities, [[0.8], [0.8]])
    np.testing.assert_array_equal(peaks.score, found().score)


def test_a_table_of_both_kinds_of_series_has_the_classes_of_both():
    names = class_names(("metal", "oxide"), (True, False))
    foreign, known = (in_classes(found(), names, one) for one in (True, False))
    assert foreign.class_index.tolist() == [2, 2] and known.class_index.tolist() == [0, 1]
    np.testing.assert_allclose(foreign.probabilities, [[0, 0, 0.8], [0, 0, 0.8]])
    np.testing.assert_allclose(known.probabilities, [[0.7, 0.1, 0], [0.2, 0.6, 0]])


def test_known_materials_keep_the_network_s_classes():
    assert in_classes(found(), ("metal", "oxide"), False).class_index.tolist() == [0, 1]
    assert class_names(("column",), (True,)) == ("column",)  # a network of places
    assert in_classes(found().select(slice(0, 0)), ("column",), True).probabilities.shape == (0, 1)
