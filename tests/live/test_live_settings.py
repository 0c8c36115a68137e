import pytest

from temnet.live.frame_format import RefusedFrame
from temnet.live.live_settings import LiveSettings

PLAIN = LiveSettings("tiny")


def test_settings_change_one_by_one():
    changed = PLAIN.changed({"threshold": 0.4, "region": [0, 32, 16, 64]}, ("tiny",))
    assert changed == LiveSettings("tiny", 0.4, region=(0, 32, 16, 64))
    assert changed.changed({"region": None, "invert": "auto"}, ("tiny",)).region is None
    assert LiveSettings(**changed.as_values()) == changed


@pytest.mark.parametrize(
    "values",
    [
        {"network": "other"},
        {"network": ["tiny"]},
        {"network": "../tiny"},
        {"treshold": 0.4},
        {"threshold": 1},
        {"threshold": "0.4"},
        {"threshold": float("nan")},
        {"invert": 1},
        {"invert": "yes"},
        {"sampling": 0},
        {"sampling": 100},
        {"region": [0, 8, 0, 8]},
        {"region": [0, 32, 0]},
        {"region": [-1, 32, 0, 32]},
        {"region": [0, 10**9, 0, 32]},
        {"region": [0, 32, 0, 32.0]},
        {"region": "0:32"},
    ],
)
def test_wrong_settings_are_refused(values):
    with pytest.raises(RefusedFrame) as refused:
        PLAIN.changed(values, ("tiny",))
    assert refused.value.status == 422
