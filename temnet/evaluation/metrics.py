"""Counts of many images as arrays, and their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import (
    LOCALISATION,
    SPECIES,
    ScoreRow,
    rates,
    ratio,
    score_images,
)
from temnet.score_records import ClassScores, PooledScores

GOOD_IMAGE = 0.95
"""F1 above which an image counts as well read."""

MACRO, MEAN, MEDIAN, SHARE = "macro_f1", "mean_image_f1", "median_image_f1", "share_good_images"
"""Names of the statistics over all classes; those of an image are over images with columns."""

SHIFT = "rms_shift_pm"
"""Name of the root mean square of the shifts of whole images, which position errors leave out."""

OF_A_CLASS = ("precision", "recall", "f1", "rms_error_pm")
"""Names of the statistics of each class, of ``any`` and of ``all``."""

Statistics = dict[str, np.ndarray]


@dataclass(frozen=True)
class ImageCounts:
    """Counts of N images for each of K rows: the classes, ``any`` and ``all``.

    Attributes:
        names: (K,) names of the rows.
        counts: (N, K, 3) int64, true positives, false positives, false negatives.
        pairs: (N, K) int64, pairs whose position error is known.
        squares: (N, K) their sum of squared errors [pm²].
        shifts: (N,) squared length of the image's shift [pm²], NaN where it is not known.
        specimen: (N,) int64, the specimen of each image.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    pairs: np.ndarray
    squares: np.ndarray
    shifts: np.ndarray
    specimen: np.ndarray

    def __len__(self) -> int:
        return len(self.specimen)

    def select(self, mask: np.ndarray) -> ImageCounts:
        """The images where ``mask`` (N,) is true, or at the given indices."""
        arrays = (self.counts, self.pairs, self.squares, self.shifts, self.specimen)
        return ImageCounts(self.names, *(array[mask] for array in arrays))

    @property
    def columns(self) -> np.ndarray:
        """(N,) number of true columns of each image that count."""
        true, _, missed = np.moveaxis(self.counts[:, self.names.index(LOCALISATION)], -1, 0)
        return true + missed

    def image_f1(self) -> np.ndarray:
        """(N,) species-aware F1 of each image; NaN in an image without columns.

        One false positive in such an image would make its F1 0, as would a hundred.  False
        positives there count in the pooled F1, and have a rate of their own.
        """
        counts = self.counts[:, self.names.index(SPECIES)]
        return np.where(self.columns > 0, rates(counts)[2], np.nan)


def image_counts(
    rows: Iterable[ScoreRow], class_names: Sequence[str], specimens: Mapping[int, int]
) -> ImageCounts:
    """Rows of scores as arrays.

    Args:
        rows: Scores of one network.
        class_names: The classes.
        specimens: For each image its specimen, in the order of the counts.
    """
    names = (*class_names, LOCALISATION, SPECIES)
    place = {index: number for number, index in enumerate(specimens)}
    counts = np.zeros((len(place), len(names), 3), np.int64)
    pairs = np.zeros(counts.shape[:2], np.int64)
    squares = np.zeros(counts.shape[:2])
    shifts = np.full(len(place), np.nan)
    seen = set()
    for row in rows:
        where = place[row.index], names.index(row.class_)
        if where in seen:
            raise ValueError(f"image {row.index} has several scores of {row.class_}")
        seen.add(where)
        counts[where] = row.true_positives, row.false_positives, row.false_negatives
        if np.isfinite(row.rms_error_pm):
            pairs[where] = row.true_positives
            squares[where] = row.true_positives * row.rms_error_pm**2
        shifts[place[row.index]] = row.shift_row_pm**2 + row.shift_col_pm**2
    specimen = np.array(list(specimens.values()), np.int64)
    return ImageCounts(names, counts, pairs, squares, shifts, specimen)


def counts_of(
    results: Sequence[ImageResult], class_names: Sequence[str], settings: Evaluation
) -> ImageCounts:
    """The counts of images; uses `radius` and `border`."""
    rows = score_images(results, class_names, settings)
    return image_counts(rows, class_names, {image.index: image.specimen for image in results})


def pooled_scores(images: ImageCounts) -> PooledScores:
    """Scores of all images together: their counts are added before rates are calculated."""
    counts = images.counts.sum(axis=0)
    # Added one by one: the last bits of a product of matrices depend on the machine.
    squares = [sum(column) for column in images.squares.T.tolist()]
    errors = np.sqrt(ratio(np.array(squares), images.pairs.sum(axis=0)))
    precision, recall, f1 = rates(counts)
    values = np.stack([precision, recall, f1, errors], axis=-1)
    return PooledScores(
        images=len(images),
        macro_f1=float(macro_mean(f1)),
        classes={
            name: ClassScores(*count, *value)
            for name, count, value in zip(
                images.names, counts.tolist(), values.tolist(), strict=True
            )
        },
    )


def macro_mean(f1: np.ndarray) -> np.ndarray:
    """The mean over the classes that occur or were found.

    Args:
        f1: (..., K) F1 of the classes, of ``any`` and of ``all``; NaN where nothing counts.

    Returns:
        (...,) in [0, 1]; NaN where no class has anything to count.
    """
    classes = f1[..., :-2]
    known = np.isfinite(classes)
    return ratio(np.where(known, classes, 0).sum(axis=-1), known.sum(axis=-1))


def statistics(images: ImageCounts, weights: np.ndarray) -> Statistics:
    """Scores of many samples of the images at once.

    Args:
        images: N images.
        weights: (B, N) whole numbers, how often each image is in each sample.

    Returns:
        (B,) arrays by name, NaN where there is nothing to divide by: `MACRO` (pooled counts, the
        mean over the classes that occur or were found), `MEAN`, `MEDIAN` and `SHARE` of the
        species-aware F1 of the images with columns, `SHIFT` of the images where it is known, and
        ``NAME/STATISTIC`` for each row and `OF_A_CLASS`.
    """
    weights = np.asarray(weights, np.float64)
    counts = np.tensordot(weights, images.counts, axes=1)
    precision, recall, f1 = rates(counts)
    error = np.sqrt(ratio(weights @ images.squares, weights @ images.pairs))
    values = (precision, recall, f1, error)
    shifted = np.isfinite(images.shifts)
    shifts = weights[:, shifted] @ images.shifts[shifted]
    found = {
        MACRO: macro_mean(f1),
        **_of_images(images.image_f1(), weights),
        SHIFT: np.sqrt(ratio(shifts, weights @ shifted)),
    }
    for number, name in enumerate(images.names):
        for statistic, value in zip(OF_A_CLASS, values, strict=True):
            found[f"{name}/{statistic}"] = value[:, number]
    return found


def _of_images(f1: np.ndarray, weights: np.ndarray) -> Statistics:
    """Mean, median and share of good ones of the images' F1."""
    known = np.isfinite(f1)
    f1, weights = f1[known], weights[:, known]
    total = weights.sum(axis=1)
    order = np.argsort(f1)
    ranks = np.cumsum(weights[:, order], axis=1)
    middles = []
    for rank in ((total - 1) // 2, total // 2):
        if len(f1):
            middles.append(f1[order][np.argmax(ranks > rank[:, None], axis=1)])
    median = np.mean(middles, axis=0) if middles else np.full(len(weights), np.nan)
    return {
        MEAN: ratio(weights @ f1, total),
        MEDIAN: np.where(total > 0, median, np.nan),
        SHARE: ratio(weights @ (f1 > GOOD_IMAGE), total),
    }


def scores(images: ImageCounts) -> dict[str, float]:
    """The statistics of the images themselves, by the names of `statistics`."""
    return {
        name: float(value[0])
        for name, value in statistics(images, np.ones((1, len(images)))).items()
    }
