"""Weights that a training starts from."""

import numpy as np
import pytest

from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.models.checkpoint import save_network
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.training.first_weights import first_weights, with_start


@pytest.fixture
def saved(make_experiment, tmp_path):
    """A saved network for one image and the classes Mo and S2, and its folder."""
    experiment = make_experiment().model_copy(update={"seed": 99})
    model = build_model(experiment)
    save_network(tmp_path / "first", model, experiment, describe("first", experiment, 0.5))
    return model, str(tmp_path / "first")


def _from(make_experiment, folder, **sections):
    values = make_experiment(start_from=folder).model_dump(mode="json", by_alias=True)
    for section, changes in sections.items():
        values[section].update(changes)
    return validate(values, "test")


def _model(experiment, weights):
    model = build_model(experiment)
    model.set_weights(weights)
    return model


def test_the_same_classes_take_every_weight(make_experiment, saved):
    model, folder = saved
    weights = first_weights(_from(make_experiment, folder))
    for found, expected in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_other_classes_keep_random_weights_in_the_last_layer_alone(make_experiment, saved):
    model, folder = saved
    experiment = _from(make_experiment, folder, labels={"classes": ["Mo", "S2", "S"]})
    trained, fresh = _model(experiment, first_weights(experiment)), build_model(experiment)
    for layer, source, random in zip(trained.layers, model.layers, fresh.layers, strict=True):
        expected = random if layer.name == "logits" else source
        for found, wanted in zip(layer.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert trained.layers[-1].get_weights()[0].shape[-1] == 4


def test_classes_in_another_order_are_other_classes(make_experiment, saved):
    model, folder = saved
    weights = first_weights(_from(make_experiment, folder, labels={"classes": ["S2", "Mo"]}))
    assert not np.array_equal(weights[-2], model.get_weights()[-2])
    np.testing.assert_array_equal(weights[0], model.get_weights()[0])


def test_equal_images_of_a_series_give_what_one_image_gives(make_experiment, saved):
    model, folder = saved
    steps = {"defocus": {"steps": [0, 50, 100]}}
    experiment = _from(make_experiment, folder, microscope=steps)
    series = _model(experiment, first_weights(experiment))
    image = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype(np.float32)
    one, three = model.predict(image, verbose=0), series.predict(image.repeat(3, -1), verbose=0)
    np.testing.assert_allclose(three, one, atol=1e-5)
    # And every image counts.
    image = image.repeat(3, -1)
    image[..., 1] *= 2
    assert not np.allclose(series.predict(image, verbose=0), one, atol=1e-3)


@pytest.mark.parametrize("kind", ["unet", "msdnet"])
def test_another_model_is_refused(make_experiment, saved, kind):
    shapes = {"unet": {"depth": 2}, "msdnet": {"kind": "msdnet", "depth": 3}}
    with pytest.raises(InputError, match="first has another model than this experiment"):
        experiment = _from(make_experiment, saved[1])
        values = experiment.model_dump(mode="json", by_alias=True)
        values["model"] = {"kind": "unet", "sampling": 0.12, "filters": 2, **shapes[kind]}
        if kind == "msdnet":
            values["model"].pop("filters")
        first_weights(validate(values, "test"))


def test_an_msdnet_keeps_its_number_of_images(make_experiment, tmp_path):
    values = make_experiment().model_dump(mode="json", by_alias=True)
    values["model"] = {"kind": "msdnet", "sampling": 0.12, "depth": 3}
    experiment = validate(values, "test")
    save_network(
        tmp_path / "msd", build_model(experiment), experiment, describe("msd", experiment, 0.5)
    )
    values["training"]["start_from"] = str(tmp_path / "msd")
    values["microscope"]["defocus"]["steps"] = [0, 50]
    with pytest.raises(InputError, match=r"takes 1 focal image\(s\), this experiment 2"):
        first_weights(validate(values, "test"))


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_the_network_at_the_end_has_a_share_of_the_first_one(make_experiment, saved, share):
    start, folder = saved
    experiment = _from(make_experiment, folder, training={"start_share": share})
    trained = build_model(experiment)
    ends = [np.full_like(each, 3.0) for each in trained.get_weights()]
    trained.set_weights(ends)
    for found, first in zip(
        with_start(trained, experiment).get_weights(), start.get_weights(), strict=True
    ):
        np.testing.assert_allclose(found, share * first + (1 - share) * 3.0, rtol=1e-6)


def test_a_share_needs_a_network_of_the_same_classes(make_experiment, saved):
    folder = saved[1]
    other = {"labels": {"classes": ["Mo", "S2", "S"]}, "training": {"start_share": 0.5}}
    with pytest.raises(InputError, match="start_share: the network first finds Mo, S2 in"):
        first_weights(_from(make_experiment, folder, **other))
    with pytest.raises(InputError, match="start_share needs start_from"):
        make_experiment(start_share=0.5)
    assert "start_share" not in make_experiment().training.model_dump()  # earlier runs stay valid
