"""The ideal observer: how well the electrons of an image distinguish the classes of a column.

The ideal observer knows the place, the microscope, the camera and every other atom exactly, and
decides between the classes and an empty place from the counted electrons alone.  Likelihood ratios
give the best decision (Neyman and Pearson, Phil. Trans. R. Soc. A 231, 289 (1933)).  For columns of
atoms see J. Gonnissen et al., Appl. Phys. Lett. 105, 063116 (2014) (detection of light atoms) and
A. De Backer et al., Ultramicroscopy 151, 46 (2015) (number of atoms).

It is an upper limit for the decision at known places with everything else known.  A network has to
find the places, the aberrations and the neighbours from the same electrons; it does no better, and
may do a good deal worse.  The limit shows what the electrons forbid, not what a network will reach.
Scores that ask for less than the class at the place, such as scores that merge some classes, have
another limit.  Electrons are counted as they arrive: the noise of the camera can only hide them.

For independent Poisson counts n with means m_a, where kind a is true, and m_b,

    ln(L_b / L_a) = sum over the pixels of n ln(m_b / m_a) - (m_b - m_a).

Given a, its mean is -sum(m_a ln(m_a / m_b) - m_a + m_b), and the covariance of the ratios of b and
c is sum(m_a ln(m_b / m_a) ln(m_c / m_a)).  Both grow with the dose.  The sum is over thousands of
pixels that each hold little information, and is approximated by a normal distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import softmax

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.simulation import SimulationSettings
from temnet.evaluation.image_result import ImageResult
from temnet.randomness import generator
from temnet.records import IGNORED, Columns
from temnet.simulation.column_substitution import substituted_images
from temnet.simulation.expected_image import expected_image
from temnet.system.threads import one_thread

OTHERS = 10.0
"""Weight of the class fractions of all images among the other columns of one [columns]."""


@dataclass(frozen=True)
class Evidence:
    """Logarithms of likelihood ratios at one place, for each true kind.

    Kinds are the classes in order, then the empty place.

    Attributes:
        mean: (A, A) mean of ln(L_b / L_a) where the first index a is true; -inf where b was not
            offered.
        covariance: (A, A, A) covariance of those of b and c where the first index a is true.
    """

    mean: np.ndarray
    covariance: np.ndarray

    def per_dose(self, dose: float) -> Evidence:
        """The evidence of 1 e/Å², of this evidence at ``dose`` [e/Å²]."""
        return Evidence(self.mean / dose, self.covariance / dose)


@dataclass(frozen=True)
class Place:
    """A place at which the observer decides.

    Attributes:
        index: Number of the image.
        specimen: Number of the specimen.
        position: (2,) [Å].
        class_index: Class of the column there.
        prior: (C,) how often each class occurs at such a place; see `neighbour_counts`.
        weight: How many columns of all images it represents.
    """

    index: int
    specimen: int
    position: np.ndarray
    class_index: int
    prior: np.ndarray
    weight: float


def evidence(expected: Sequence[np.ndarray | None]) -> Evidence:
    """Mean and covariance of the logarithms of the likelihood ratios of Poisson counts.

    Args:
        expected: For each kind the mean number of electrons in each pixel, of any one shape; None
            where a kind is not offered.  Pixels where any is zero are left out.
    """
    count = len(expected)
    images = {kind: np.ravel(mean) for kind, mean in enumerate(expected) if mean is not None}
    offered, means = list(images), np.stack(list(images.values()))
    means = means[:, np.all(means > 0, axis=0)]
    mean = np.full((count, count), -np.inf)
    covariance = np.zeros((count, count, count))
    logarithms = np.log(means)
    for number, true in enumerate(offered):
        ratios = logarithms - logarithms[number]
        mean[true, offered] = ratios @ means[number] - (means - means[number]).sum(axis=1)
        covariance[true][np.ix_(offered, offered)] = (ratios * means[number]) @ ratios.T
    return Evidence(mean, covariance)


@one_thread()
def evidence_in_example(
    settings: SimulationSettings, index: int, split: str, positions: np.ndarray
) -> list[Evidence]:
    """The evidence of an electron per Å² on columns of an example.

    Args:
        settings: The settings of the examples.
        index: Number of the example.
        split: training, selection or validation.
        positions: (K, 2) of the columns [Å].
    """
    expected = expected_image(settings, index, split)
    dose = expected.instrument.detector.dose
    return [evidence(kinds).per_dose(dose) for kinds in substituted_images(expected, positions)]


def chosen_places(
    results: Sequence[ImageResult],
    settings: Evaluation,
    seed: int,
    class_count: int,
    images: int,
    columns: int,
) -> list[Place]:
    """Places of columns of each class in some of the images.

    A column represents the columns of its class in its image, all together those of all images.

    The observer knows all other columns, and so how often to expect each class: in a crystal the
    class of the nearest one gives the sublattice, and the others of the image give the fractions of
    the classes.  They count one each beside the fractions of all images, which count `OTHERS`.

    Args:
        results: The images.
        settings: Uses `border`.
        seed: Seed of the experiment.
        class_count: Number of classes C.
        images: Number of images, evenly chosen.
        columns: Number of columns of each class in each; fewer where an image has fewer.
    """
    spread = results[:: -(-len(results) // images)]
    every, shown = (
        np.sum([neighbour_counts(image, settings, class_count) for image in part], axis=0)
        for part in (results, spread)
    )
    fractions = every / np.maximum(every.sum(axis=1, keepdims=True), 1)
    places = []
    for image in spread:
        known, neighbours = image.scored(settings), neighbour_classes(image.columns)
        counts = neighbour_counts(image, settings, class_count)
        rng = generator(seed, "evaluation/ideal_observer/places", image.index)
        for kind in range(class_count):
            own = np.flatnonzero(known & (image.columns.class_index == kind))
            chosen = rng.permutation(own)[:columns]
            for column in chosen:
                beside = neighbours[column]
                others = counts[beside] - (np.arange(class_count) == kind)
                prior = (others + OTHERS * fractions[beside]) / (others.sum() + OTHERS)
                share = every[:, kind].sum() / shown[:, kind].sum()
                places.append(
                    Place(
                        index=image.index,
                        specimen=image.specimen,
                        position=image.columns.positions[column],
                        class_index=kind,
                        prior=prior,
                        weight=float(share * len(own) / len(chosen)),
                    )
                )
    return places


def neighbour_classes(columns: Columns) -> np.ndarray:
    """(N,) class of the nearest other column; -1 where that is not scored or does not exist."""
    if len(columns) < 2:
        return np.full(len(columns), IGNORED)
    nearest = cKDTree(columns.positions).query(columns.positions, k=2)[1][:, 1]
    return columns.class_index[nearest]


def neighbour_counts(image: ImageResult, settings: Evaluation, class_count: int) -> np.ndarray:
    """Numbers of columns by the class of their nearest neighbour and their own.

    Args:
        image: The image.
        settings: Uses `border`.
        class_count: Number of classes C.

    Returns:
        (C + 1, C) by the nearest other column's class; the last row where that is not scored.
    """
    counts = np.zeros((class_count + 1, class_count))
    known = image.scored(settings)
    pairs = neighbour_classes(image.columns)[known], image.columns.class_index[known]
    np.add.at(counts, pairs, 1)
    return counts


def posterior(
    evidence: Evidence, true: int, prior: np.ndarray, doses: np.ndarray, normals: np.ndarray
) -> np.ndarray:
    """The probability of each kind after the electrons were counted.

    Args:
        evidence: The evidence at the place, of 1 e/Å².
        true: The true kind.
        prior: (A,) the probability of each kind before.
        doses: (M,) dose of each trial [e/Å²].
        normals: (M, A) standard normal numbers.

    Returns:
        (M, A) probabilities.
    """
    values, vectors = np.linalg.eigh(evidence.covariance[true])
    root = vectors * np.sqrt(np.maximum(values, 0))
    dose = doses[:, None]
    ratios = dose * evidence.mean[true] + np.sqrt(dose) * (normals @ root.T)
    with np.errstate(divide="ignore"):
        return softmax(ratios + np.log(prior), axis=1)
