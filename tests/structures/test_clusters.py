import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.supports import AmorphousCarbon
from temnet.structures.clusters import grow_particle
from temnet.structures.columns import project
from temnet.structures.geometry import Field
from temnet.structures.nanoparticle import ZONES, build_nanoparticle
from temnet.structures.planar_faults import fault_normals, stacking_fault, twin

A = 4.08
NEAREST = A / np.sqrt(2)


def block(cells=6):
    """Fcc sites in a cube about the origin [Å]."""
    axis = np.arange(-cells, cells + 1)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    return grid[grid.sum(axis=1) % 2 == 0] * A / 2


def test_facets_of_a_wulff_shape_lie_at_distances_like_their_energies():
    """Wulff, Z. Kristallogr. 34, 449 (1901), to a layer: {100}, {111}, {110} of 26 planes."""
    settings = Nanoparticle(shape="wulff", lattice_constant_scale=1, adatoms=0, radius=30)
    particle = grow_particle(settings, "Au", np.random.default_rng(0))
    points = particle.sites * particle.lattice_constant / 2
    reach = {
        name: [(points @ (np.array(n) / np.linalg.norm(n))).max() for n in normals]
        for name, normals in {
            "111": [(1, 1, 1), (-1, -1, -1), (1, -1, 1)],
            "100": [(1, 0, 0), (0, -1, 0), (0, 0, 1)],
            "110": [(1, 1, 0), (0, -1, 1), (1, 0, -1)],
        }.items()
    }
    layer = A / np.sqrt(3)
    np.testing.assert_allclose(reach["111"], 30, atol=layer)
    for name, low, high in (("100", 1.05, 1.2), ("110", 1.1, 1.25)):
        assert np.ptp(reach[name]) < layer + 2  # all alike, but for the centre's place
        assert low * 30 - layer < np.mean(reach[name]) < high * 30 + 1
    rough = Nanoparticle(lattice_constant_scale=1, adatoms=0, radius=30, facet_spread=0.5)
    other = grow_particle(rough, "Au", np.random.default_rng(0))
    points = other.sites * other.lattice_constant / 2
    assert np.ptp([np.abs(points @ n).max() for n in np.eye(3)]) > layer + 2


def test_normals_are_seen_edge_on():
    assert len(fault_normals(ZONES["110"][0])) == 2
    assert len(fault_normals(ZONES["100"][0])) == 0
    assert len(fault_normals(ZONES["211"][0])) == 1


def levels(positions, normal):
    return np.unique((positions @ (normal / np.linalg.norm(normal))).round(3))


def stacking(positions, normal):
    """The stacking of close-packed layers as letters: where each layer lies, modulo the first."""
    unit = normal / np.linalg.norm(normal)
    inner = positions[np.linalg.norm(positions, axis=1) < 9]
    offsets, letters = [], ""
    across = np.linalg.svd(unit[None])[2][1:]
    for level in levels(inner, normal):
        layer = inner[np.abs(inner @ unit - level) < 0.05] @ across.T
        for letter, other in zip("ABC", offsets, strict=False):
            tree = cKDTree(other)
            if np.median(tree.query(layer)[0]) < 0.3:
                letters += letter
                break
        else:
            letters += "ABC"[len(offsets)]
            offsets.append(np.concatenate([layer + s for s in _in_layer(across)]))
    return letters


def _in_layer(across):
    steps = np.array([[0, 0, 0], [1, -1, 0], [0, 1, -1], [1, 0, -1]]) * A / 2
    normal = np.array([1.0, 1, 1])
    steps = np.concatenate([steps, -steps])
    assert np.allclose(steps @ normal, 0)
    return steps @ across.T


NORMAL = np.array([1.0, 1, 1])


def kinds(letters):
    """h where a layer's neighbours are alike, else c."""
    return "".join("h" if a == b else "c" for a, b in zip(letters, letters[2:], strict=False))


def test_a_twin_has_one_hexagonal_layer_and_a_fault_two():
    crystal = block()
    middle = levels(crystal, NORMAL)
    height = middle[len(middle) // 2]
    assert set(kinds(stacking(crystal, NORMAL))) == {"c"}
    twinned = twin(crystal, NORMAL, height)
    assert kinds(stacking(twinned, NORMAL)).count("h") == 1
    faulted = stacking_fault(crystal, NORMAL, height + 0.5)
    assert "hh" in kinds(stacking(faulted, NORMAL))
    for positions in (twinned, faulted):
        assert cKDTree(positions).query(positions, k=2)[0][:, 1].min() > 0.95 * NEAREST
        assert len(positions) == len(crystal)


def test_a_twin_mirrors_its_columns():
    """Seen along [1-10], the columns above the plane are those below it, mirrored."""
    crystal = block()
    zone = np.array([1.0, -1, 0]) / np.sqrt(2)
    unit = NORMAL / np.sqrt(3)
    twinned = twin(crystal, NORMAL, levels(crystal, NORMAL)[len(levels(crystal, NORMAL)) // 2])
    inner = twinned[np.linalg.norm(twinned, axis=1) < 9]
    mirrored = inner - 2 * (inner @ unit)[:, None] * unit
    flat = twinned - (twinned @ zone)[:, None] * zone
    mirrored -= (mirrored @ zone)[:, None] * zone
    assert cKDTree(flat).query(mirrored)[0].max() < 0.02


def test_faults_keep_columns_whole():
    field = Field(40.0, 40.0, 3.0)
    settings = Nanoparticle(
        element="Au", zone_axis="110", radius=10, twin_probability=0.5, fault_probability=0.5,
        tilt_deg=0,
    )  # fmt: skip
    seen = set()
    for seed in range(12):
        structure = build_nanoparticle(settings, field, ("metal",), np.random.default_rng(seed))
        seen.add(structure.parameters["fault"])
        assert structure.columns.atom_count.mean() > 3
        again = project(structure.atoms, np.ones(len(structure.atoms), bool))
        assert again.max() + 1 == len(structure.columns)
    assert seen == {"twin", "stacking fault"}


def test_a_film_lies_before_or_behind_the_particle():
    field = Field(30.0, 30.0, 3.0)
    settings = Nanoparticle(
        element="Pt", radius=8, support=AmorphousCarbon(thickness=15, gap=2.2), tilt_deg=0
    )
    sides = set()
    for seed in range(10):
        structure = build_nanoparticle(settings, field, ("metal",), np.random.default_rng(seed))
        z = structure.atoms.positions[:, 2]
        carbon = structure.atoms.numbers == 6
        gap = max(z[carbon].min() - z[~carbon].max(), z[~carbon].min() - z[carbon].max())
        assert gap == pytest.approx(2.2, abs=1e-6)
        sides.add(z[carbon].mean() > z[~carbon].mean())
        assert np.all(structure.atom_column[carbon] == -1)
    assert sides == {True, False}


def test_tilted_211_columns_stay_apart():
    field = Field(40.0, 40.0, 3.0)
    settings = Nanoparticle(element="Au", zone_axis="211", radius=8, tilt_deg=0, adatoms=0)
    structure = build_nanoparticle(settings, field, ("metal",), np.random.default_rng(0))
    points = structure.columns.positions
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    assert np.median(nearest) == pytest.approx(1.44, abs=0.03)  # a / (2 sqrt 2)
