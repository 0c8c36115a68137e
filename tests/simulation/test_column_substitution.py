"""Images of an example with another kind of column in one column's place."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from temnet.config.loading import validate
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.ideal_observer import chosen_places, evidence_in_example
from temnet.evaluation.limits.ideal_scores import HIGHEST, PROBABLE, doses_of_trials, ideal_rows
from temnet.records import Columns, Peaks, Structure
from temnet.simulation.column_substitution import (
    substituted_images,
    with_substituted_column,
    without_column,
)
from temnet.simulation.example import simulation_grid
from temnet.simulation.exit_wave import atomic_planes
from temnet.simulation.expected_image import expected_image

SETTINGS = {
    "structure": {
        "kind": "mos2", "holes": 0, "edge_probability": 0, "tilt_deg": 3, "vacancies": {"S": 0.3},
    },
    "vibrations": {"kind": "einstein", "sigma": {"default": 0.06}},
    "microscope": {
        "energy": 50e3,
        "defocus": {"start": -40, "steps": [0, 60]},
        "grid_sampling": 0.15,
        "aperture_mrad": 50,
    },
    "camera": {"sampling": 0.2, "dose": 1e4},
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
    "data": {"image_size": 48, "workers": 0, "exit_wave_reuse": 2},
    "model": {"kind": "unet", "sampling": 0.2, "depth": 1},
    "stages": ["simulate"],
}  # fmt: skip
EXPERIMENT = validate(SETTINGS, "test")
MO, S2, S, EMPTY = range(4)


@pytest.fixture(scope="module")
def expected():
    return expected_image(EXPERIMENT.simulation, 0, "validation")


def middle_column(expected, kind):
    """The column of a class that is nearest to the middle of the image."""
    own = np.flatnonzero(expected.resting.columns.class_index == kind)
    away = np.linalg.norm(expected.positions[own] - 4.7, axis=1)
    return own[np.argmin(away)]


def structure():
    """Columns of 2 S, 1 Mo, 1 S and 3 Au, the atoms of one column not beside each other."""
    atoms = Atoms(
        "SMoSSAu3",
        [[1, 1, 5], [3, 1, 0.1], [1.2, 1, -5], [5, 1, 4], [7, 1, 9], [7, 1, 3], [7.3, 1, 6]],
    )
    columns = Columns(np.zeros((4, 2)), np.array([1, 0, 2, -1]), np.array([2, 1, 1, 3]))
    return Structure(atoms, columns, np.array([0, 1, 0, 2, 3, 3, 3]))


def column_of(changed, number):
    own = changed.atom_column == number
    return changed.atoms[own]


def test_a_column_is_made_like_another_at_its_own_place():
    before = structure()
    changed = with_substituted_column(before, 1, 0)  # two S where Mo was
    new = column_of(changed, 1)
    assert new.get_chemical_symbols() == ["S", "S"]
    np.testing.assert_allclose(new.positions, [[2.9, 1, 5], [3.1, 1, -5]])
    for other in (0, 2, 3):
        np.testing.assert_array_equal(
            column_of(changed, other).positions, column_of(before, other).positions
        )
    # The structure that was given stays as it was.
    assert before.atoms.get_chemical_formula() == structure().atoms.get_chemical_formula()


def test_atoms_are_taken_off_where_that_suffices():
    changed = with_substituted_column(structure(), 0, 2)  # one S where two were
    new = column_of(changed, 0)
    np.testing.assert_allclose(new.positions, [[1.1, 1, -5]])  # of its own, at the column's place
    assert len(changed.atoms) == 6
    back = with_substituted_column(structure(), 2, 0)  # two where one was
    np.testing.assert_allclose(column_of(back, 2).positions, [[4.9, 1, 5], [5.1, 1, -5]])


def test_an_emptied_column_has_no_atoms():
    changed = without_column(structure(), 3)
    assert len(column_of(changed, 3)) == 0 and len(changed.atoms) == 4
    assert "Au" not in changed.atoms.get_chemical_formula()


def test_every_kind_is_simulated_in_its_place(expected):
    column = middle_column(expected, S2)
    (kinds,) = substituted_images(expected, expected.positions[[column]])
    own = expected.electrons(expected.vibrating)
    np.testing.assert_array_equal(kinds[S2], own)
    row, col = np.indices(own.shape[:2]) * 0.2
    away = np.hypot(row - expected.positions[column, 0], col - expected.positions[column, 1])
    change = [np.abs(kinds[kind] - own).max(axis=2) for kind in (MO, S, EMPTY)]
    for each in change:
        assert away.ravel()[np.argmax(each)] < 2
        assert each[away > 6].max(initial=0) < 0.05 * each.max()
    # A missing pair changes more than a missing atom, and about twice as much.
    assert change[2].max() / change[1].max() == pytest.approx(2, rel=0.2)
    assert own.sum() == pytest.approx(1e4 * 2 * own[..., 0].size * 0.2**2, rel=0.02)


def test_nothing_changes_where_no_atom_did(expected):
    """The atom at the smallest depth begins a slice: without it the others are sliced anew."""
    (structure,) = expected.vibrating
    grid, thickness = simulation_grid(EXPERIMENT.simulation), expected.microscope.slice_thickness
    places = structure.atoms.positions[:, 1::-1] + grid.origin
    inside = np.all((places >= 0) & (places < grid.extent), axis=1)
    first = structure.atom_column[
        np.argmin(np.where(inside, structure.atoms.positions[:, 2], np.inf))
    ]
    changed = without_column(structure, first)
    own = expected.electrons([structure])
    row, col = np.indices(own.shape[:2]) * 0.2
    far = np.hypot(row - expected.positions[first, 0], col - expected.positions[first, 1]) > 8
    assert far.any()
    sliced_anew = replace(expected, planes=[atomic_planes(changed.atoms, grid, thickness)])
    kept, anew = (
        np.abs(one.electrons([changed]) - own)[far].max() for one in (expected, sliced_anew)
    )
    assert kept < 0.004 * own.mean() and kept < 0.4 * anew


def test_a_class_that_the_specimen_lacks_is_not_offered():
    bare = validate(
        {**SETTINGS, "structure": {**SETTINGS["structure"], "vacancies": {}}}, "test"
    )  # fmt: skip
    expected = expected_image(bare.simulation, 0, "validation")
    (kinds,) = substituted_images(expected, expected.positions[[middle_column(expected, S2)]])
    assert [kind is None for kind in kinds] == [False, False, True, False]


def results(experiment, count):
    """Images with their columns, without their pixels."""
    found = []
    for index in range(count):
        expected = expected_image(experiment.simulation, index, "validation")
        resting = expected.resting.columns
        columns = Columns(expected.positions, resting.class_index, resting.atom_count)
        found.append(ImageResult(index, Peaks.empty(3), columns, (9.4, 9.4), {}, index // 2))
    return found


def test_mo_s2_and_s_are_distinguished_by_many_electrons_and_guessed_from_few():
    images, settings = results(EXPERIMENT, 4), EXPERIMENT.evaluation
    places = chosen_places(images, settings, 1, 3, images=4, columns=1)
    simulation = EXPERIMENT.simulation
    found = [
        evidence_in_example(simulation, place.index, "validation", place.position[None])[0]
        for place in places
    ]
    assert {place.class_index for place in places} == {MO, S2, S}
    rows, confusion = ideal_rows(
        places, found, 0.01, doses_of_trials([1e-6, 1e2, 1e6], np.ones(1)),
        EXPERIMENT.class_names, np.random.default_rng(0),
    )  # fmt: skip
    f1 = {(row.rule, row.dose, row.class_): row.f1 for row in rows}
    for rule in (PROBABLE, HIGHEST):
        assert all(f1[rule, 1e6, name] == pytest.approx(1) for name in EXPERIMENT.class_names)
    # Where Mo is next most columns are S2, so that S is never chosen.
    assert all(place.prior.argmax() == (MO if place.class_index == MO else S2) for place in places)
    assert f1[PROBABLE, 1e-6, "S"] == 0 < f1[HIGHEST, 1e-6, "S"] < 0.6
    assert f1[PROBABLE, 1e-6, "Mo"] > 0.95
    assert f1[PROBABLE, 1e-6, "S"] < f1[PROBABLE, 1e2, "S"] < 1
    few = {(row.true_class, row.found_class): row.share for row in confusion
           if row.dose == 1e-6}  # fmt: skip
    assert few["S", "S2"] == pytest.approx(1) and few["S", "S"] == 0
    # Half of the contrast between two S and none is that between two and one.
    index = next(i for i, place in enumerate(places) if place.class_index == S2)
    width = np.sqrt(np.diag(found[index].covariance[S2]))
    assert width[EMPTY] / width[S] == pytest.approx(2, rel=0.25)
    assert width[MO] < width[S]  # Mo has 42 electrons, a pair of S 32, one S 16
