"""The number of weights from the settings is that of the network that is built."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.config.loading import validate
from temnet.models.factory import build_model
from temnet.models.parameters import parameter_count

SECTIONS = {
    "structure": {"kind": "mos2"},
    "camera": {"sampling": 0.2, "dose": 100},
    "data": {"image_size": 64},
    "stages": ["simulate"],
}


def experiment(model, foci=1, classes=("Mo",)):
    microscope = {"energy": 80e3, "aperture_mrad": 40, "defocus": {"steps": list(range(foci))}}
    labels = {"classes": list(classes), "width": 0.4}
    sections = {"microscope": microscope, "labels": labels, "model": {"sampling": 0.2, **model}}
    return validate({**SECTIONS, **sections}, "test")


def count(one):
    return parameter_count(one.model, one.focus_count, len(one.class_names) + 1)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("skip", ["concatenate", "add"])
@settings(max_examples=4, deadline=None)
@given(
    stem=st.sampled_from([1, 2]), depth=st.integers(1, 3),
    filters=st.integers(1, 4), most=st.integers(1, 9),
    foci=st.integers(1, 4),
)  # fmt: skip
def test_unet(residual, batch_norm, skip, stem, depth, filters, most, foci):
    model = {"kind": "unet", "depth": depth, "filters": filters, "max_filters": most, "stem": stem}
    one = experiment(
        {**model, "residual": residual, "batch_norm": batch_norm, "skip": skip}, foci, ("Mo", "S2")
    )
    assert count(one) == build_model(one).count_params()


@settings(max_examples=10, deadline=None)
@given(depth=st.integers(1, 6), width=st.integers(1, 4), foci=st.integers(1, 4))
def test_msdnet(depth, width, foci):
    one = experiment({"kind": "msdnet", "depth": depth, "width": width}, foci)
    assert count(one) == build_model(one).count_params()


def test_a_number_from_the_paper():
    """Ronneberger's U-Net, whose layers figure 1 of the paper shows, with our way of growing."""
    one = experiment({"kind": "unet", "filters": 64, "max_filters": 1024, "batch_norm": False})
    # Nine 3 x 3 pairs, four 1 x 1 reductions, and two classes.
    pairs = [(1, 64), (64, 128), (128, 256), (256, 512), (512, 1024)]
    pairs += [(1024, 512), (512, 256), (256, 128), (128, 64)]
    convolutions = sum(9 * (a + b) * b + 2 * b for a, b in pairs)
    reductions = sum((2 * b + 1) * b for b in (512, 256, 128, 64))
    assert count(one) == convolutions + reductions + (64 + 1) * 2


def test_the_largest_settings_are_counted_without_building_them():
    largest = {"kind": "msdnet", "depth": 500, "width": 64}
    assert count(experiment(largest)) > 4e9
