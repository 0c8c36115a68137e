"""Strain of crystals that were deformed by formulas, whose gradients are known."""

from itertools import pairwise

import numpy as np
import pytest

import temnet
from temnet.errors import InputError
from temnet.records import Peaks
from temnet.strain.deformation import QUANTITIES, deformation, rotation
from temnet.strain.local_lattice import State
from tests.strain.crystals import CELLS, A, crystal, peaks_at, turned

TOLERANCE = 1e-4
ROTATION = np.degrees(1e-4)
STRAINS = ("e_xx", "e_yy", "e_xy", "dilatation")


def gradients(displacement, points, step=1e-4):
    """(N, 2, 2) deformation gradients at points, by differences; jumps of a cut do not count."""
    sides = np.eye(2) * step
    slopes = [displacement(points + each) - displacement(points - each) for each in sides]
    slopes = [np.where(np.abs(each) < 1, each, np.nan) / (2 * step) for each in slopes]
    return np.eye(2) + np.stack(slopes, axis=-1)


def check(strain, points, displacement, where):
    """Compares strains with those of a displacement; the rotation but for that of the grain."""
    true = deformation(gradients(displacement, points), np.eye(2))
    true = dict(zip(QUANTITIES, true.T, strict=True))
    where = where & (strain.state == State.FITTED) & np.isfinite(true["e_xx"])
    assert where.sum() > 20
    for name in STRAINS:
        np.testing.assert_allclose(strain.value(name)[where], true[name][where], atol=TOLERANCE)
    turn = strain.value("rotation")[where] - true["rotation"][where]
    assert np.ptp(turn) < 2 * ROTATION


def deformed(name, displacement, radius=30.0, degrees=0.0, **settings):
    points = crystal(name, radius, degrees)
    settings = {"reference": "lattice", "lattice": CELLS[name][0].T} | settings
    strain = temnet.strain_map(peaks_at(points + displacement(points)), **settings)
    return strain, points


def linear(matrix):
    return lambda points: points @ (np.asarray(matrix, float) - np.eye(2)).T


UNIFORM = {
    "wider": [[1.03, 0], [0, 1]],
    "higher": [[1, 0], [0, 0.98]],
    "larger": [[1.05, 0], [0, 1.05]],
    "sheared": [[1, 0.06], [0, 1]],
    "turned": rotation(np.radians(7)),
    "everything": rotation(np.radians(-11)) @ [[1.04, 0.05], [-0.01, 0.97]],
}


@pytest.mark.parametrize("case", UNIFORM)
@pytest.mark.parametrize("name", CELLS)
def test_uniform_strain_is_exact_up_to_the_edges(name, case):
    strain, points = deformed(name, linear(UNIFORM[case]), 20.0, 23)
    check(strain, points, linear(UNIFORM[case]), np.ones(len(points), bool))
    assert (strain.state == State.FITTED).mean() > 0.97


@pytest.mark.parametrize("name", CELLS)
def test_a_linear_gradient_of_strain_and_rotation(name):
    """Strain from -3 to 3 % along x, with the rotation that goes with it."""

    def bent(points):
        x, y = points.T
        return np.stack([5e-4 * x**2 + 3e-4 * x * y, -4e-4 * x**2 + 2e-4 * y**2], axis=1)

    strain, points = deformed(name, bent, neighbours=6)
    inside = np.linalg.norm(points, axis=1) < 22
    check(strain, points, bent, inside)
    assert np.ptp(strain.value("e_xx")[inside & (strain.state == 0)]) > 0.03


def test_a_rotation_that_grows_outwards():
    def twisted(points):
        angle = 0.001 * np.linalg.norm(points, axis=1)
        return np.einsum("nij,nj->ni", rotation(angle), points) - points

    strain, points = deformed("fcc [110]", twisted, 40.0, neighbours=6)
    radius = np.linalg.norm(points, axis=1)
    check(strain, points, twisted, (radius > 20) & (radius < 32))


BURGERS = A / np.sqrt(2)


def edge_dislocation(points, burgers=BURGERS, ratio=0.3):
    """Displacement of an edge dislocation with its Burgers vector along x (Hirth and Lothe)."""
    x, y = points.T
    square = x**2 + y**2
    along = np.arctan2(y, x) + x * y / (2 * (1 - ratio) * square)
    across = (1 - 2 * ratio) / (4 * (1 - ratio)) * np.log(square)
    across = across + (x**2 - y**2) / (4 * (1 - ratio) * square)
    return burgers / (2 * np.pi) * np.stack([along, -across], axis=1)


def test_the_field_of_a_dislocation_and_its_core():
    points = crystal("fcc [110]", 60.0, 90, (0.7, 0.5))
    settings = {"reference": "lattice", "lattice": CELLS["fcc [110]"][0].T, "neighbours": 6}
    strain = temnet.strain_map(peaks_at(points + edge_dislocation(points)), **settings)
    radius, angle = np.linalg.norm(points, axis=1), np.arctan2(points[:, 1], points[:, 0])
    # Beside the cut a neighbour is the next column of its row.
    away = (radius > 35) & (radius < 52) & (np.abs(angle) < np.radians(150))
    check(strain, points, edge_dislocation, away)
    assert np.nanmax(np.abs(strain.value("e_xx")[away])) > 0.008
    assert (strain.state[radius < 5] == State.MISFIT).any()
    assert len(strain.lattices) == 1


def test_signs_by_a_chiral_crystal_that_is_not_square():
    """A wide and low crystal: its upper right part is wider and turned anticlockwise."""
    rows, cols = (each.ravel() for each in np.mgrid[:24, :60])
    points = np.stack([cols * 2.0, -rows * 3.0], axis=1)  # y up: row 0 is the highest
    right, upper = cols >= 40, rows < 12
    moved = points.copy()
    corner = np.array([80.0, -33.0])
    turn = turned(4) @ np.diag([1.05, 1.0])
    moved[right & upper] = (points[right & upper] - corner) @ turn.T + corner
    left = (30.0, 72.0, 0.0, 70.0)
    strain = temnet.strain_map(peaks_at(moved), reference="region", region=left)
    place = {
        "upper left": (5, 10),
        "upper right": (5, 52),
        "lower left": (18, 10),
        "lower right": (18, 52),
    }
    found = {
        where: {name: strain.value(name)[row * 60 + col] for name in QUANTITIES}
        for where, (row, col) in place.items()
    }
    for where in ("upper left", "lower left", "lower right"):
        np.testing.assert_allclose(list(found[where].values()), 0, atol=1e-9)
    own = found["upper right"]
    cos, sin = np.cos(np.radians(4)), np.sin(np.radians(4))
    assert own["rotation"] == pytest.approx(4)
    assert own["e_xx"] == pytest.approx(0.05 * cos**2)
    assert own["e_yy"] == pytest.approx(0.05 * sin**2)
    assert own["e_xy"] == pytest.approx(0.05 * sin * cos)  # longer from lower left to upper right
    assert own["dilatation"] == pytest.approx(0.05)


@pytest.mark.parametrize("degrees", [30, 90, 137, 180])
def test_the_tensor_turns_with_the_image(degrees):
    rng = np.random.default_rng(1)
    points = crystal("fcc [110]", 20.0, 10)
    points = points + linear(UNIFORM["everything"])(points) * (points[:, :1] > 0)
    points = points + rng.normal(0, 0.05, points.shape)
    first = temnet.strain_map(peaks_at(points))
    second = temnet.strain_map(peaks_at(points @ turned(degrees).T))
    np.testing.assert_array_equal(first.state, second.state)
    np.testing.assert_array_equal(first.layer, second.layer)

    def tensor(strain):
        xx, yy, xy = (strain.value(name) for name in ("e_xx", "e_yy", "e_xy"))
        return np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)

    expected = turned(degrees) @ tensor(first) @ turned(degrees).T
    np.testing.assert_allclose(tensor(second), expected, atol=1e-9)
    for name in ("rotation", "dilatation"):
        np.testing.assert_allclose(second.value(name), first.value(name), atol=1e-7)
        np.testing.assert_allclose(second.error(name), first.error(name), rtol=1e-4)


def test_a_mirrored_image_turns_the_other_way():
    strain, points = deformed("fcc [110]", linear(UNIFORM["everything"]), reference="core")
    points = points + edge_dislocation(points + 0.3) * (points[:, :1] > 20)
    strain = temnet.strain_map(peaks_at(points))
    mirrored = temnet.strain_map(peaks_at(points * [-1, 1]))
    both = (strain.state == 0) & (mirrored.state == 0)
    for name, sign in {"e_xx": 1, "e_yy": 1, "e_xy": -1, "rotation": -1, "dilatation": 1}.items():
        np.testing.assert_allclose(
            mirrored.value(name)[both], sign * strain.value(name)[both], atol=1e-8
        )


@pytest.mark.parametrize("neighbours", [6, 18, 36])
def test_standard_errors_are_those_of_repeated_images(neighbours):
    """2,000 columns with known errors: values divided by their errors scatter by one."""
    points, values, errors = crystal("fcc [110]", 24.0, 31), [], []
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, [0.06, 0.12], points.shape)
        lattice = CELLS["fcc [110]"][0].T
        strain = temnet.strain_map(
            peaks_at(points + noise), neighbours=neighbours, reference="lattice", lattice=lattice
        )
        values.append(strain.values)
        errors.append(strain.errors)
    ratio = np.array(values) / np.array(errors)
    kept = np.isfinite(ratio).all(axis=0)[:, 0]
    for number, name in enumerate(QUANTITIES):
        if name == "rotation":  # that of the core is zero in each image
            continue
        pulls = ratio[:, kept, number]
        assert pulls.std() == pytest.approx(1, abs=0.1), name
        assert 0.90 < np.mean(np.abs(pulls) < 1.96) < 0.98, name


def test_errors_of_perfect_neighbourhoods_are_known():
    """The slope of a straight line through points x with errors s has the error s / |x - mean|."""
    points = crystal("fcc [110]", 30.0)
    middle = int(np.argmin(np.linalg.norm(points, axis=1)))
    noisy = points + np.random.default_rng(0).normal(0, 0.1, points.shape)
    found = []
    for count, reach in ((6, 3.0), (18, 5.8), (36, 8.3)):
        strain = temnet.strain_map(
            peaks_at(noisy), neighbours=count, reference="lattice",
            lattice=CELLS["fcc [110]"][0].T, position_error=np.full(len(points), 0.1),
        )  # fmt: skip
        own = points[np.linalg.norm(points - points[middle], axis=1) < reach]
        assert strain.neighbours[middle] == len(own) - 1 == count
        complete = strain.neighbours == len(own) - 1
        assert np.median(strain.error("e_xx")[complete]) == pytest.approx(
            0.1 / np.linalg.norm(own[:, 0] - own[:, 0].mean()), rel=0.08
        )
        found.append(np.median(strain.error("e_xx")[complete]))
    assert all(second < 0.6 * first for first, second in pairwise(found))


def test_spacing_is_absolute_in_size():
    points = crystal("fcc [110]", 20.0, 5) * 1.02
    known = temnet.strain_map(peaks_at(points), reference="spacing", spacing=A / np.sqrt(3))
    assert np.nanmedian(known.value("dilatation")) == pytest.approx(1.02**2 - 1)
    core = temnet.strain_map(peaks_at(points))
    assert np.nanmedian(core.value("dilatation")) == pytest.approx(0, abs=1e-9)


CERIA = np.sqrt(2) / 4 * 5.411 * np.array([[1, 1], [-1, 1]])
"""Cerium in CeO2 along [001]: by chance 2.5 % from two cells of platinum, turned by 45°."""


@pytest.mark.parametrize("supported", ["particle", "support first", "support alone"])
def test_only_grains_of_the_reference_have_a_strain(caplog, supported):
    platinum = 3.9242 / 2 * np.eye(2)
    steps = np.stack(np.mgrid[:16, :16], axis=-1).reshape(-1, 2)
    particle = steps @ platinum.T
    support = (steps if supported != "particle" else steps[:100]) @ CERIA.T + [60, 0]
    points = np.concatenate([support, particle] if supported == "support first" else [
        particle, support])  # fmt: skip
    if supported == "support alone":
        points = support
    for given in ({"reference": "lattice", "lattice": platinum.T},
                  {"reference": "spacing", "spacing": 3.9242 / 2}):  # fmt: skip
        strain = temnet.strain_map(peaks_at(points), **given)
        known = np.isfinite(strain.value("e_xx"))
        if supported == "support alone":  # what it is cannot be known
            assert known.any() and "grains" not in caplog.text
            continue
        on_particle = points[:, 0] < 40
        assert known[on_particle].mean() > 0.9 and not known[~on_particle].any()
        np.testing.assert_allclose(strain.value("e_xx")[known], 0, atol=1e-9)
        columns = {each.columns for each in strain.lattices if each.reference is None}
        assert columns == {0}
        assert "1 of 2 grains have another lattice than the reference" in caplog.text


def test_another_crystal_beside_a_particle_does_not_end_the_measurement():
    particle = crystal("fcc [110]", 20.0, 5)
    other = crystal("MoS2", 12.0) + [60.0, 0.0]
    strain = temnet.strain_map(
        peaks_at(np.concatenate([particle, other])), reference="lattice",
        lattice=CELLS["fcc [110]"][0].T,
    )  # fmt: skip
    known = np.isfinite(strain.value("e_xx"))
    assert known[: len(particle)].mean() > 0.8 and not known[len(particle) :].any()
    with pytest.raises(InputError, match="not that of the columns"):
        temnet.strain_map(peaks_at(other), reference="lattice", lattice=CELLS["fcc [110]"][0].T)


def test_a_region_is_zero_and_the_rest_is_measured_against_it():
    points = crystal("fcc [100]", 25.0)
    wider = points * np.where(points[:, :1] > 0, 1.04, 1.0)
    peaks = peaks_at(wider)
    strain = temnet.strain_map(peaks, reference="region", region=(-30, 30, -30, -6), neighbours=8)
    left, right = points[:, 0] < -6, points[:, 0] > 6
    assert np.nanmax(np.abs(strain.value("e_xx")[left])) < 1e-9
    np.testing.assert_allclose(strain.value("e_xx")[right & (strain.state == 0)], 0.04, atol=1e-9)
    outside = temnet.strain_map(peaks, reference="region", region=(90, 95, 90, 95))
    assert np.isnan(outside.values).all()
    assert outside.lattices[0].reference is None


def test_layers_are_counted_from_the_surface():
    """A square block of 9 by 13 columns: layers are frames around its middle."""
    rows, cols = (each.ravel() for each in np.mgrid[:9, :13])
    strain = temnet.strain_map(peaks_at(np.stack([cols, -rows], axis=1) * 2.0))
    frames = np.minimum.reduce([rows, cols, 8 - rows, 12 - cols]) + 1
    np.testing.assert_array_equal(strain.layer, frames)
    np.testing.assert_allclose(strain.depth, (frames - 1) * 2.0)


def test_the_edge_of_the_image_is_no_surface():
    rows, cols = (each.ravel() for each in np.mgrid[:12, :12])
    peaks = peaks_at(np.stack([cols, -rows], axis=1) * 2.0 + [1, -1])
    assert set(temnet.strain_map(peaks, field=(24.0, 24.0)).layer) == {-1}
    half = temnet.strain_map(peaks, field=(24.0, 60.0))  # vacuum on the right
    np.testing.assert_array_equal(
        half.layer[(rows > 3) & (rows < 8)], (12 - cols)[(rows > 3) & (rows < 8)]
    )


def test_frames_are_measured_one_by_one():
    small, large = crystal("fcc [100]", 15.0), crystal("fcc [100]", 15.0) * 1.1
    both = Peaks.concatenate([peaks_at(large, 4), peaks_at(small, 2)])
    strain = temnet.strain_map(both)
    assert [each.frame for each in strain.lattices] == [2, 4]
    np.testing.assert_allclose(strain.lattices[1].measured.lengths, A / 2 * 1.1)
    alone = temnet.strain_map(peaks_at(large))
    np.testing.assert_allclose(strain.values[: len(large)], alone.values, atol=1e-9)


def test_nothing_in_makes_nothing_out():
    strain = temnet.strain_map(Peaks.empty(1))
    assert len(strain) == 0
    assert strain.values.shape == (0, 7)
    row = np.stack([np.arange(40) * 2.0, np.zeros(40)], axis=1)
    assert set(temnet.strain_map(peaks_at(row)).words) == {"no-lattice"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"neighbours": 2}, "must be 3 at least"),
        ({"reference": "bulk"}, "expected core, region"),
        ({"reference": "spacing"}, "needs strain.spacing"),
        ({"reference": "spacing", "spacing": -1.0}, "above 0"),
        ({"reference": "spacing", "spacing": 3.0}, "no planes of the lattice"),
        ({"reference": "region", "region": (5, 5, 0, 9)}, "lowest and highest row"),
        ({"position_error": -0.1}, "expected one of 0 or more"),
        ({"position_error": np.ones(7)}, r"of the shape \(7,\)"),
        ({"reference": "lattice", "lattice": [(1, 0), (2, 0)]}, "not parallel"),
        ({"reference": "lattice", "lattice": [(3, 0), (0, 3)]}, "is not that of the columns"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        temnet.strain_map(peaks_at(crystal("fcc [100]", 15.0)), **settings)
