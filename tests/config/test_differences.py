from temnet.config.differences import differences


def test_a_long_list_of_differences_is_cut():
    old = {"a": {str(i): i for i in range(9)}}
    text = differences(old, {"a": {}})
    assert text.startswith("a.0 was 0, is nothing; ") and text.endswith("; and 5 more")
    assert differences(old, old) == ""


def test_of_another_kind_only_common_settings_are_compared():
    old = {"a": {"kind": "x", "b": 1, "c": 2}, "d": 1}
    new = {"a": {"kind": "y", "b": 3, "e": 4}}
    assert differences(old, new) == "a.kind was 'x', is 'y'; a.b was 1, is 3; d was 1, is nothing"
