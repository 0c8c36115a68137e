import numpy as np
import pytest

from temnet.images.normalize import normalize
from temnet.inference.masks import box_mask, fill, inside_boxes, mirror_sources


def test_a_box_is_filled_by_the_mirror_image_of_its_nearest_side():
    image = np.arange(48.0).reshape(6, 8)
    box = (2, 4, 0, 3)
    filled = fill(image, mirror_sources(image.shape, [box]))
    expected = image.copy()
    # Row 2 is nearest to row 1 above and row 3 to row 4 below; column 2 as near to column 3.
    expected[2, :3], expected[3, :3] = image[1, :3], image[4, :3]
    np.testing.assert_array_equal(filled, expected)
    assert image[2, 0] == 16  # the argument is not changed


def test_sources_lie_outside_all_boxes():
    boxes = [(0, 10, 0, 12), (10, 16, 4, 20), (25, 30, 0, 30)]
    target, source = mirror_sources((30, 40), boxes)
    mask = box_mask((30, 40), boxes).ravel()
    np.testing.assert_array_equal(target, np.flatnonzero(mask))
    assert not mask[source[source >= 0]].any()


def test_a_box_without_image_beside_it_gets_the_mean():
    image = np.ones((20, 20))
    image[18:] = 3
    filled = fill(image, mirror_sources(image.shape, [(0, 18, 0, 20)]))
    assert np.all(filled[:16] == 3) and np.all(filled == 3)


def test_normalisation_is_not_changed_by_masked_boxes():
    row, col = np.mgrid[:160, :160]
    clean = 100 + 5 * np.cos(2 * np.pi * row / 11.3) * np.cos(2 * np.pi * col / 9.1)
    box = (140, 152, 10, 70)
    burnt = clean.copy()
    burnt[140:152, 10:70] = 255
    outside = ~box_mask(clean.shape, [box])

    def change(image):
        pictures = (normalize(part[..., None], 0.2, 4.0)[..., 0] for part in (image, clean))
        return np.abs(np.subtract(*pictures))[outside].max()

    mirrored = fill(burnt, mirror_sources(clean.shape, [box]))
    constant = np.where(outside, clean, clean[outside].mean())
    assert change(mirrored) < 0.1
    assert change(constant) > 2 * change(mirrored)
    assert change(burnt) > 10 * change(mirrored)


@pytest.mark.parametrize("pixel", [(0.2, 0.2), (0.3, 0.1)])
def test_positions_inside_boxes_count_pixels_of_the_file(pixel):
    positions = np.array([[4, 7], [5, 7], [4.4, 8.4], [4, 9], [0, 0]]) * pixel
    inside = inside_boxes(positions, [(4, 5, 6, 9)], pixel)
    assert inside.tolist() == [True, False, True, False, False]
    assert not inside_boxes(positions, [], pixel).any()
    assert inside_boxes(np.zeros((0, 2)), [(0, 1, 0, 1)], pixel).shape == (0,)
