import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.live.frame_format import (
    MOST_HEAD,
    FrameHead,
    RefusedFrame,
    parse_head,
)

GOOD = {
    "protocol": 1,
    "shape": [64, 48],
    "dtype": "<u2",
    "scale": [0.02, 0.03],
    "units": ["nm"] * 2,
}


def head(**changes):
    return json.dumps({**GOOD, **changes})


def test_a_head_is_read_in_angstrom():
    read = parse_head(head(source="gms OneView", exposure_s=0.1, index=2, series="a", more="later"))
    assert read.shape == (64, 48) and read.pixel_size == pytest.approx((0.2, 0.3))
    assert (read.source, read.exposure_s, read.index, read.series) == ("gms OneView", 0.1, 2, "a")
    assert read.byte_count == 64 * 48 * 2


def test_pixels_are_rows_of_little_endian_numbers():
    read = parse_head(head(shape=[16, 17]))
    body = b"".join(int(n).to_bytes(2, "little") for n in range(16 * 17))
    assert read.pixels(body)[1].tolist() == list(range(17, 34))
    with pytest.raises(RefusedFrame, match="has 543 bytes.* are 544 bytes"):
        read.pixels(body[:-1])


@pytest.mark.parametrize("units", [["px", "px"], ["", ""], ["1/nm", "1/nm"], ["furlong"] * 2])
def test_without_a_length_there_is_no_pixel_size(units):
    assert parse_head(head(units=units)).pixel_size is None
    assert parse_head(json.dumps({"shape": [64, 48], "dtype": "<f4"})).pixel_size is None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, None),
        (400, ""),
        (400, "[]"),
        (400, "[" * 5000),
        (400, '{"shape": [64, NaN]}'),
        (400, "x" * (MOST_HEAD + 1)),
        (400, "9" * 5000),
        (400, head(protocol=2)),
        (400, head(protocol=True)),
        (400, head(protocol="1")),
        (413, head(shape=[16384, 16384])),
        (415, head(dtype="|O")),
        (415, head(dtype=">u2")),
        (415, head(dtype="<c8")),
        (415, head(dtype=["<u2"])),
        (422, head(shape=[64])),
        (422, head(shape=[64, 48, 2])),
        (422, head(shape=[64, -48])),
        (422, head(shape=[64, 48.0])),
        (422, head(shape=[True, 48])),
        (422, head(shape=[64, 10**30])),
        (422, head(shape="6448")),
        (422, head(scale=[0, 0])),
        (422, head(scale=[-0.02, 0.02])),
        (422, head(scale=[10**400, 1])),
        (422, head(scale=["0.02", "0.02"])),
        (422, head(scale=[0.02, 0.02, 0.02])),
        (422, head(scale=[2, 2])),
        (422, head(units=[1, 2])),
        (422, head(name=7)),
        (422, head(energy_kev="300")),
        (422, head(index=-1)),
        (422, head(index=1.5)),
    ],
)
def test_wrong_heads_are_refused_with_a_status_and_a_short_sentence(status, text):
    with pytest.raises(RefusedFrame) as refused:
        parse_head(text)
    assert refused.value.status == status
    assert len(str(refused.value)) < 300 and str(refused.value).isprintable()


def test_texts_cannot_change_what_is_printed():
    read = parse_head(head(name="a\nb\x1b[31m\u202ec" + "x" * 500))
    assert read.name.startswith("a b [31m c") and len(read.name) == 200


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.sampled_from([*GOOD, "name", "index", "defocus_nm", "series"]), values)
def test_any_value_is_read_or_refused(key, value):
    try:
        read = parse_head(head(**{key: value}))
    except RefusedFrame as refused:
        assert refused.status in (400, 413, 415, 422)
    else:
        assert read.byte_count == read.shape[0] * read.shape[1] * np.dtype(read.dtype).itemsize


@given(
    st.builds(
        FrameHead,
        st.tuples(st.integers(16, 4000), st.integers(16, 4000)),
        st.sampled_from(["|u1", "<f8"]),
        st.none() | st.tuples(st.floats(0.01, 9), st.floats(0.01, 9)),
        st.text("abc é図", max_size=9),
        exposure_s=st.none() | st.floats(0, 10),
        index=st.integers(0, 999),
    )
)
def test_what_a_program_writes_is_read(written):
    values = {key: value for key, value in asdict(written).items() if value not in (None, "")}
    if size := values.pop("pixel_size", None):
        values |= {"scale": list(size), "units": ["angstrom", "angstrom"]}
    assert parse_head(json.dumps({"protocol": 1, **values})) == written
