from temnet.config.differences import differences


def test_a_long_list_of_differences_is_cut():
    old = {"a": {str(i): i for i in range(9)}}
    text = differences(old, {"a": {}})
    assert text.startswith("a.0 was 0, is nothing; ") and text.endswith("; and 5 more")
    assert differences(old, old) == ""
