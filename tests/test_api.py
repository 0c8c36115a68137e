import subprocess
import sys

import numpy as np
import pytest

import temnet
from temnet.records import Columns, Peaks
from temnet.units import to_angstrom


def test_every_public_name_is_there():
    for name in temnet.__all__:
        assert getattr(temnet, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = temnet.nonsense


def test_callbacks_are_a_module_of_their_own():
    from temnet import training
    from temnet.callbacks import PeakF1

    assert PeakF1 is temnet.callbacks.PeakF1 is training.callbacks.PeakF1
    for name in temnet.callbacks.__all__:
        assert getattr(temnet.callbacks, name) is getattr(training.callbacks, name)


def test_import_is_light():
    heavy = ("tensorflow", "keras", "abtem", "matplotlib", "rsciio", "sklearn", "zarr", "pydantic")
    code = f"import sys, temnet; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_pipeline_loads_tensorflow():
    code = (
        "import sys, temnet.simulation.example, temnet.data.batches, temnet.data.store;"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_columns_have_a_length_and_an_inside():
    columns = Columns(np.array([[1.0, 2.0], [5.0, 9.0]]), np.array([0, -1]), np.array([3, 1]))
    assert len(columns) == 2 and len(Columns.empty()) == 0
    assert columns.inside(6.0, 8.0).tolist() == [True, False]
    assert columns.inside(8.0, 10.0, border=2.0).tolist() == [False, False]
    assert columns.inside(6.0, 9.0).tolist() == [True, True]
    assert columns.select(np.array([1])).class_index.tolist() == [-1]
    with pytest.raises(ValueError, match="positions"):
        Columns(np.zeros((3, 2)), np.zeros(2, int), np.zeros(3, int))


def test_peaks_are_put_together_in_order():
    one = Peaks(
        np.array([4]), np.array([[1.0, 2.0]]), np.array([1]), np.array([0.7]),
        np.array([[0.1, 0.6]]), np.array([np.nan]),
    )  # fmt: skip
    both = Peaks.concatenate([Peaks.empty(2), one, one])
    assert len(both) == 2 and both.frame.tolist() == [4, 4]
    assert both.probabilities.shape == (2, 2)
    assert len(both.select(both.score > 0.8)) == 0


@pytest.mark.parametrize(
    ("value", "unit", "expected"), [(0.02, "nm", 0.2), (20, "pm", 0.2), (2e-5, "µm", 0.2)]
)
def test_lengths(value, unit, expected):
    assert to_angstrom(value, unit) == pytest.approx(expected)
    with pytest.raises(KeyError):
        to_angstrom(1, "s")
