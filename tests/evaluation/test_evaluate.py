import keras
import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.evaluation.evaluate import evaluate
from temnet.models.description import describe
from temnet.models.network import Network
from temnet.records import Columns, Example

EXPERIMENT = validate(
    {
        "structure": {"kind": "graphene"},
        "microscope": {"energy": 80e3, "aperture_mrad": 30},
        "camera": {"sampling": 0.2, "dose": 1000},
        "labels": {"classes": ["C"], "width": 0.4, "normalisation_width": 3.0},
        "model": {"kind": "unet", "sampling": 0.2, "depth": 1},
        "stages": ["report"],
    },
    "test",
)
PLACES = np.array([[3.1, 4.9], [7.2, 10.1], [9.9, 3.3], [0.4, 9.0]])


@pytest.fixture(scope="module")
def network():
    """Calls bright pixels columns: logits (2 x - 4, 0)."""
    inputs = keras.Input((None, None, 1))
    layer = keras.layers.Conv2D(2, 1)
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.array([2.0, 0.0]).reshape(1, 1, 1, 2), np.array([-4.0, 0.0])])
    return Network("bright", model, EXPERIMENT, describe("bright", EXPERIMENT, 0.4))


def example(places=PLACES, sampling=0.2, foci=1, **parameters):
    row, col = np.mgrid[:65, :75] * sampling
    image = np.ones((65, 75))
    for place in places:
        image += 2 * np.exp(-((row - place[0]) ** 2 + (col - place[1]) ** 2) / 0.32)
    images = np.repeat(image[..., None], foci, axis=-1).astype(np.float32)
    count = len(PLACES)
    columns = Columns(PLACES, np.zeros(count, np.int64), np.ones(count, np.int64))
    empty = np.zeros((65, 75, 2), np.float32)
    return Example(images, empty, empty[..., 0], columns, parameters, sampling)


def test_scores_have_the_drawn_conditions(network):
    done = []
    examples = [
        (7, example(dose=200.0, defocus=[-50.0, 0.0])),
        (9, example(PLACES[1:], dose=np.float64(400), defocus=[10.0])),
    ]
    rows = evaluate(network, iter(examples), Evaluation(), progress=done.append)
    assert [(row.index, row.class_) for row in rows] == [
        (index, name) for index in (7, 9) for name in ("C", "any", "all")
    ]
    assert [row.dose for row in rows[::3]] == [200, 400]
    assert [row.defocus for row in rows[::3]] == [-50, 10]
    # One of the four columns lies within the border of 1.5 Å.
    assert (rows[0].true_positives, rows[0].false_negatives) == (3, 0)
    assert (rows[3].true_positives, rows[3].false_negatives) == (2, 1)
    assert rows[0].rms_error_pm < 5
    assert done == [1, 1]


def test_radius_border_and_threshold_are_used(network):
    whole = evaluate(network, [(0, example())], Evaluation(border=0))
    assert whole[0].true_positives == 4
    shifted = example(PLACES + [0.0, 0.6])
    assert evaluate(network, [(0, shifted)], Evaluation())[0].true_positives == 0
    assert evaluate(network, [(0, shifted)], Evaluation(radius=0.8))[0].true_positives == 3
    none = evaluate(network, [(0, example())], Evaluation(), threshold=1 - 1e-9)
    assert none[0].recall == 0 and np.isnan(none[0].precision)


def test_examples_of_another_kind_are_refused(network):
    with pytest.raises(InputError, match=r"0\.1 Å.*0\.2 Å"):
        evaluate(network, [(0, example(sampling=0.1))], Evaluation())
    with pytest.raises(InputError):
        evaluate(network, [(0, example(foci=3))], Evaluation())


def test_no_examples_have_no_rows_and_unknown_conditions_are_nan(network):
    assert evaluate(network, [], Evaluation()) == []
    rows = evaluate(network, [(0, example())], Evaluation())
    assert np.isnan(rows[0].dose) and np.isnan(rows[0].defocus)
