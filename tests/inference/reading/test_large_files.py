"""Values that stay in their file, against the same values as NumPy arrays."""

import numpy as np
import pytest

from temnet.inference.reading.formats.large_files import Blocks, Mapped, Nibbles, is_large, viewed

VALUES = np.random.default_rng(0).integers(0, 4000, (3, 4, 5), dtype=np.int16)


def write(path, values, before=b""):
    path.write_bytes(before + values.tobytes(order="A"))
    return path


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_mapped_values_are_those_of_the_file_in_any_view(tmp_path, order, axes):
    stored = np.asarray(VALUES, order=order)
    path = write(tmp_path / "a", stored, bytes(7))
    mapped = Mapped(path, VALUES.dtype, 7, VALUES.shape, order)
    turned = viewed(mapped, lambda values: values.transpose(axes))
    expected = VALUES.transpose(axes)
    assert turned.shape == expected.shape and turned.dtype == np.int16
    np.testing.assert_array_equal(turned.whole(), expected)
    np.testing.assert_array_equal(turned[1,], expected[1])
    first = viewed(turned, lambda values: values[0])
    assert first.shape == expected.shape[1:]
    np.testing.assert_array_equal(first[()], expected[0])
    np.testing.assert_array_equal(mapped[2, 1], VALUES[2, 1])  # the first view is unchanged


def test_a_view_of_an_array_is_numpys():
    np.testing.assert_array_equal(viewed(VALUES, lambda values: values[..., 0]), VALUES[..., 0])


@pytest.mark.parametrize("cols", [6, 5])
def test_nibbles_are_the_halves_of_bytes_the_lower_one_first(tmp_path, cols):
    packed = np.array([[[0x21, 0x43, 0x65]], [[0xA9, 0xCB, 0xED]]], np.uint8)
    expected = np.array([[[1, 2, 3, 4, 5, 6]], [[9, 10, 11, 12, 13, 14]]])[..., :cols]
    path = write(tmp_path / "a", packed)
    nibbles = Nibbles(Mapped(path, packed.dtype, 0, packed.shape), cols)
    assert nibbles.shape == expected.shape
    np.testing.assert_array_equal(nibbles.whole(), expected)
    np.testing.assert_array_equal(nibbles[1,], expected[1])
    np.testing.assert_array_equal(nibbles.first()[()], expected[0])


def test_a_block_of_frames_is_read_once():
    class Movie:
        shape, dtype = VALUES.shape, VALUES.dtype
        asked = []

        def __getitem__(self, index):
            self.asked.append((index.start, index.stop))
            return VALUES[index]

    movie = Movie()
    blocks = Blocks(movie, 2)
    for number in (0, 1, 2, 0):
        np.testing.assert_array_equal(blocks[number,], VALUES[number])
    assert movie.asked == [(0, 2), (2, 4), (0, 2)]


def test_large_is_more_than_32_mib():
    assert not is_large(2**25) and is_large(2**25 + 1)
