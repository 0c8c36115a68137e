"""Figures, judged by their pixels."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from temnet.config.structures.vibration_table import TableRow
from temnet.errors import InputError
from temnet.movies.site_maps import occupancy_map, transition_map
from temnet.records import IGNORED
from temnet.reporting.figures.curves import (
    LEGEND_LENGTH,
    count_figure,
    training_figure,
    vibration_figure,
)
from temnet.reporting.figures.drawing import (
    MOST_SHOWN,
    class_colour,
    encode_figure,
    grey_limits,
    save_figure,
    scale_bar_length,
)
from temnet.reporting.figures.gallery import errors, gallery_figure, prediction_figure
from temnet.reporting.figures.overlay import DETAIL, legible_part, overlay_figure
from temnet.reporting.figures.score_figures import f1_histogram
from temnet.reporting.snapshots import Picture, read_pictures, write_pictures

SAMPLING = 0.2
SHAPE = (60, 90)
PLACES = np.array([[2.0, 4.0], [2.0, 14.0], [9.0, 4.0]])  # an L: chiral, (row, col) in Å
COLUMNS = np.array([0, 1, 1])


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255


def around(figure, place, radius):
    """Colours of the figure's pixels within ``radius`` [Å] of a place (row, col) [Å]."""
    image = pixels(figure)
    axes = figure.axes[0]
    x, y = axes.transData.transform([place[1], place[0]])
    step = axes.transData.transform([1, 0])[0] - axes.transData.transform([0, 0])[0]
    rows, cols = np.mgrid[: image.shape[0], : image.shape[1]]
    distance = np.hypot(rows - (image.shape[0] - y), cols - x)
    return image[distance < radius * step]


def has_colour(colours, name, tolerance=0.1):
    return bool(np.any(np.abs(colours - to_rgb(name)).max(axis=1) < tolerance))


def test_circles_lie_at_row_and_column_in_the_colour_of_their_class():
    figure = overlay_figure(np.zeros(SHAPE), SAMPLING, PLACES, COLUMNS, ["a", "b"], "t")
    for place, index in zip(PLACES, COLUMNS, strict=True):
        near = around(figure, place, 2.0)
        assert has_colour(near, class_colour(index))
        assert not has_colour(near, class_colour(1 - index))
    swapped = PLACES[1][::-1]  # (14, 4) lies outside of the image, (4, 9) within
    assert not has_colour(around(figure, [4.0, 9.0], 1.5), class_colour(1)), swapped


@pytest.mark.parametrize(
    ("width", "length"), [(36.4, 5), (90, 20), (4.0, 1), (400, 100), (8.0, 2), (0.5, 0.1)]
)
def test_scale_bar_is_a_round_length_of_a_quarter_at_most(width, length):
    assert scale_bar_length(width) == pytest.approx(length)
    assert scale_bar_length(width) <= width / 4 * (1 + 1e-9)


def test_scale_bar_is_as_long_as_its_label():
    figure = overlay_figure(np.zeros(SHAPE), SAMPLING, PLACES, COLUMNS, ["a", "b"])
    (bar,) = [patch for patch in figure.axes[0].patches if patch.get_gid() == "scale-bar"]
    assert bar.get_width() == scale_bar_length(90 * SAMPLING) == 2.0
    (text,) = [text for text in figure.axes[0].texts if "nm" in text.get_text()]
    assert text.get_text() == "0.2 nm"


@pytest.mark.parametrize("draw", [occupancy_map, transition_map])
def test_maps_colour_each_site_by_its_per_cent(draw):
    values = np.array([0.0, 0.4, np.nan])
    figure = draw(np.zeros(SHAPE), SAMPLING, PLACES, values, "title")
    top = figure.axes[1].get_ylim()[1]
    assert top == (100 if draw is occupancy_map else 40)
    colours = matplotlib.colormaps["viridis" if draw is occupancy_map else "plasma"]
    for place, value in zip(PLACES[:2], values, strict=False):
        expected = colours(100 * value / top)[:3]
        assert has_colour(around(figure, place, 0.3), expected, 0.03)
    assert not has_colour(around(figure, PLACES[2], 0.3), colours(0.0)[:3], 0.03)


@pytest.mark.parametrize("image", [np.zeros(SHAPE), np.full(SHAPE, np.nan), np.eye(2)])
def test_flat_and_empty_images_are_drawn(image):
    low, high = grey_limits(image)
    assert np.isfinite([low, high]).all() and low < high
    empty = np.zeros((0, 2))
    assert pixels(overlay_figure(image, 0.1, empty, np.zeros(0, int), ["a"])).size


def test_titles_are_text_and_not_mathematics(tmp_path):
    title = "$\\frac{" + 200 * "x" + ".tif"
    figure = overlay_figure(np.zeros(SHAPE), SAMPLING, PLACES, COLUMNS, ["$a", "b_{"], title)
    png = save_figure(figure, tmp_path, "f")
    assert png.startswith(b"\x89PNG") and (tmp_path / "f.png").read_bytes() == png
    assert (tmp_path / "f.svg").read_text().count("<svg") == 1
    again = overlay_figure(np.zeros(SHAPE), SAMPLING, PLACES, COLUMNS, ["$a", "b_{"], title)
    assert encode_figure(again, "png") == png


def picture(found=(), found_class=(), true_class=(0, 1, IGNORED)):
    return Picture(
        image=np.zeros(SHAPE), sampling=SAMPLING, index=0, caption="$x$",
        true_positions=PLACES, true_class=np.array(true_class),
        found_positions=np.array(found, float).reshape(-1, 2),
        found_class=np.array(found_class, int),
    )  # fmt: skip


def test_errors_are_misses_false_positives_and_confusions():
    found = [[2.1, 4.0], [9.0, 4.1], [7.0, 7.0]]  # the wrong class, on an ignored one, on nothing
    missed, spurious, confused = errors(picture(found, [1, 0, 0]), 0.5)
    np.testing.assert_allclose(missed, [[2.0, 14.0]])
    np.testing.assert_allclose(spurious, [[7.0, 7.0]])
    np.testing.assert_allclose(confused, [[2.1, 4.0]])
    # The field is 11.8 x 17.8 Å: within a border of 3.9 Å only the false positive is left.
    assert [len(part) for part in errors(picture(found, [1, 0, 0]), 0.5, 3.9)] == [0, 1, 0]


def test_a_peak_between_a_column_and_an_ignored_one_is_the_column_s():
    shown = picture([[4.0, 4.0 + 0.35]], [0], [0, IGNORED])
    shown = replace(shown, true_positions=np.array([[4.0, 4.0], [4.0, 4.6]]))
    assert [len(part) for part in errors(shown, 0.5)] == [0, 0, 0]  # as it is scored


def test_galleries_of_any_number_of_pictures_are_drawn():
    for count in (1, 5):
        assert pixels(gallery_figure([picture()] * count, ["a", "b"])).size
    shown = picture([[2.0, 4.0]], [0])
    assert pixels(prediction_figure([[shown]], [["F1 1"]], ["a", "b"], 0.5, 1.0)).size
    figure = prediction_figure([[shown, picture()]] * 2, [["one", "$two"]] * 2, ["a"], 0.5, 0)
    assert "not counted" in [text.get_text() for text in figure.legends[0].get_texts()]
    titles = [axes.get_title(loc="left") for axes in figure.axes[:4]]
    assert titles == ["$x$", "true columns", "one", "$two"]


def test_histogram_leaves_out_what_has_no_score():
    figure = f1_histogram({"net": np.array([0.9, 1.0, np.nan])})
    heights = [
        patch.get_height() for patch in figure.axes[0].patches if hasattr(patch, "get_height")
    ]
    assert sum(heights) == 2
    (label,) = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "mean 0.950" in label and "2 images, 1 without columns left out" in label
    assert "no image with columns" in (
        f1_histogram({"net": np.array([np.nan])}).legends[0].get_texts()[0].get_text()
    )


def test_counts_have_their_average_in_the_legend():
    figure = count_figure({"metal": np.array([1, 2, 6])}, "m", frame_time=2.5)
    assert "metal: 3.0 on average" in figure.legends[0].get_texts()[0].get_text()
    assert np.allclose(figure.axes[0].lines[0].get_ydata(), [1, 2, 6])


def test_training_marks_the_best_epoch_even_of_one():
    rows = [{"epoch": i, "loss": 2.0 - i, "peak_f1": f1} for i, f1 in enumerate((0.3, 0.8, 0.5))]
    figure = training_figure(rows)
    assert any("best 0.800" in text.get_text() for text in figure.axes[1].texts)
    assert pixels(training_figure(rows[:1])).size


def test_vibration_has_a_line_for_each_direction_that_differs():
    def row(element, count, along):
        return TableRow(
            element=element, coordination=count, atoms=9, in_plane=0.1, along_beam=along
        )

    figure = vibration_figure([row("Au", 6, 0.1), row("Au", 12, 0.1), row("S", 3, 0.2)])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["Au", "S, in plane", "S, along beam"]


def test_the_legend_of_long_names_lies_within_the_histogram():
    f1 = np.array([0.9, 1.0, np.nan] * 150)
    figure = f1_histogram({"n" * LEGEND_LENGTH: f1, "mos2-graphene-msdnet": f1})
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1


def test_pictures_come_back(tmp_path):
    write_pictures(tmp_path / "p.npz", [picture([[1, 2]], [0]), picture()])
    first, second = read_pictures(tmp_path / "p.npz")
    np.testing.assert_array_equal(first.found_positions, [[1, 2]])
    assert first.caption == "$x$" and len(second.found_class) == 0


def test_damaged_pictures_are_named(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match="x.npz: the arrays cannot be read"):
        read_pictures(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", other=1)
    with pytest.raises(InputError, match="no array count, but other"):
        read_pictures(tmp_path / "x.npz")


def test_an_image_larger_than_the_picture_keeps_its_places():
    """A step between black and white, and a column on it, of an image that is drawn reduced."""
    image = np.zeros((2 * MOST_SHOWN + 301, 2 * MOST_SHOWN + 7))
    image[:, 900:] = 1
    place = np.array([[1500, 900]]) * 0.1
    figure = overlay_figure(image, 0.1, place, np.array([0]), ["a"])
    near = around(figure, place[0], 4.0)
    assert has_colour(near, "black") and has_colour(near, "white")
    axes = figure.axes[0]
    assert axes.images[0].get_array().shape[0] <= MOST_SHOWN + 200
    assert axes.get_ylim() == pytest.approx(((len(image) - 0.5) * 0.1, -0.05))
    for shift in (-8, 8):
        side = around(figure, place[0] + [0, shift], 2.0)
        assert has_colour(side, "black") == (shift < 0)


def test_the_vector_file_of_many_columns_does_not_grow_with_them():
    rng, sizes = np.random.default_rng(0), {}
    for count in (4000, 16000):
        places = rng.uniform(0, 100, (count, 2))
        figure = overlay_figure(np.zeros((200, 200)), 0.5, places, np.zeros(count, int), ["a"])
        sizes[count] = len(encode_figure(figure, "svg"))
    assert sizes[16000] < 1.3 * sizes[4000] < 5_000_000, sizes  # one by one they are 23 MB
    text = encode_figure(
        overlay_figure(np.zeros(SHAPE), SAMPLING, PLACES, COLUMNS, ["a", "b"]), "svg"
    )
    assert text.count(b"<path") >= 2 * len(PLACES)  # few ones can be edited one by one


def test_a_part_is_shown_where_columns_are_too_small_in_the_whole():
    few = np.stack(np.meshgrid(np.arange(0, 30, 2.5), np.arange(0, 30, 2.5)), -1).reshape(-1, 2)
    assert legible_part((150, 150), 0.2, few) is None
    many = few + [600, 150]
    rows, cols = legible_part((8192, 4096), 0.2, np.concatenate([many, [[1.0, 1.0], [3.0, 1.0]]]))
    assert rows.start * 0.2 <= 600 and 630 <= rows.stop * 0.2 + 60
    assert cols.start * 0.2 <= 150 <= cols.stop * 0.2
    assert (rows.stop - rows.start) * 0.2 == pytest.approx(DETAIL)
    assert legible_part((8192, 8192), 0.2, np.zeros((0, 2))) is None
