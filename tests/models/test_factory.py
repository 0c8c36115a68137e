import numpy as np
import pytest

from temnet.errors import InputError
from temnet.models.factory import build_model


@pytest.mark.parametrize(
    "model",
    [
        {"kind": "unet", "sampling": 0.12, "depth": 1, "filters": 2},
        {"kind": "msdnet", "sampling": 0.12, "depth": 3},
    ],
)
def test_channels_come_from_the_experiment(make_experiment, model):
    network = build_model(make_experiment(model=model))
    assert network.input_shape == (None, None, None, 3)
    assert network.output_shape == (None, None, None, 4)
    assert network.name == model["kind"]


def test_precision_is_the_experiments_unless_given(make_experiment):
    experiment = make_experiment(training={"precision": "mixed_bfloat16"})
    assert build_model(experiment).get_layer("bottom_1_conv").compute_dtype == "bfloat16"
    plain = build_model(experiment, precision="float32")
    assert plain.get_layer("bottom_1_conv").compute_dtype == "float32"
    for first, second in zip(
        plain.get_weights(), build_model(experiment).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("section", ["model", "labels", "microscope"])
def test_a_missing_section_is_named(make_experiment, section):
    experiment = make_experiment().model_copy(update={section: None})
    with pytest.raises(InputError, match=f"{section} is missing.*Add `{section}:`"):
        build_model(experiment)
