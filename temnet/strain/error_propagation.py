"""Standard errors of strain, from the errors of the positions of all columns.

Positions have independent errors.  Fitted lattice vectors are sums of positions with known weights,
and the reference is made from the mean of such vectors.  Values therefore depend on the positions
alone, and to first order their errors follow from those of the positions: those of the column's own
fit, those of the reference, and what both have in common.  That the lattice differs from column to
column in the core is strain, and no error of the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from temnet.strain.deformation import QUANTITIES, deformation_slopes
from temnet.strain.reference import Reference


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the values `QUANTITIES` of some columns of a grain.

    Attributes:
        own: (n, 7, 2, 2) float64, by the lattice vectors around the column.
        shared: (n, 7, 2, 2) float64, by the mean lattice that the reference is made from.
    """

    own: np.ndarray
    shared: np.ndarray

    def select(self, chosen: np.ndarray) -> Slopes:
        """Those of some of the columns (n,) bool."""
        return Slopes(self.own[chosen], self.shared[chosen])


def slopes(vectors: np.ndarray, reference: Reference) -> Slopes:
    """Derivatives of the values of some columns.

    The gradient is ``F = A / B``, and its change ``(dA - F dB) / B``.

    Args:
        vectors: (n, 2, 2) lattice vectors A around the columns [Å].
        reference: The reference B.
    """
    back = np.linalg.inv(reference.vectors)
    gradient = vectors @ back
    own = deformation_slopes(gradient, reference.vectors) @ back.T
    shared = -np.einsum("nqil,nij,jlab->nqab", own, gradient, reference.slopes)
    along = _along(reference, gradient)
    shared[:, -2:] += np.einsum("nqjl,jlab->nqab", along, reference.slopes)
    return Slopes(own, shared)


def _along(reference: Reference, gradient: np.ndarray) -> np.ndarray:
    """(n, 2, 2, 2) derivatives of ``e_a`` and ``e_b`` by the vectors whose length they are of.

    With the gradient kept, a reference vector that turns lies along another direction.
    """
    lengths = np.linalg.norm(reference.vectors, axis=0)
    stretched = gradient @ reference.vectors
    other = np.linalg.norm(stretched, axis=1)
    result = np.zeros((len(gradient), 2, 2, 2))
    for each in range(2):
        first = np.einsum("ni,nij->nj", stretched[:, :, each], gradient) / other[:, each, None]
        second = other[:, each, None] * reference.vectors[:, each] / lengths[each] ** 2
        result[:, each, :, each] = (first - second) / lengths[each]
    return result


class ErrorPropagation:
    """Errors of the values in one image.

    Args:
        weights: For each lattice vector (N, N), by which the vectors around each column (rows) are
            sums of the positions (columns).
        covariance: (N, 2, 2) covariance of each column's position [Å²].
    """

    def __init__(self, weights: tuple[csr_array, csr_array], covariance: np.ndarray) -> None:
        self._weights = weights
        used = sum(abs(each).sum(axis=0) for each in weights) > 0
        self._covariance = np.where(used[:, None, None], covariance, 0)

    def errors(self, rows: np.ndarray, of: Slopes, measured_on: np.ndarray) -> np.ndarray:
        """(n, 7) standard errors of the values of some columns, in the units of `deformation`.

        Args:
            rows: (N,) bool, the n columns.
            of: Their slopes.
            measured_on: (N,) bool, the columns whose mean lattice the reference is made from.
        """
        mean, spread = self._of_mean(measured_on), self._covariance
        flat = spread.reshape(-1, 4)
        own = np.empty((int(rows.sum()), 2, 2, 2, 2))  # of A_ab and A_cd: a, c, b, d
        both = np.empty_like(own)  # of A_ab and the mean's component cd
        chosen = [csr_array(each[np.flatnonzero(rows)]) for each in self._weights]
        for first in range(2):
            for second in range(2):
                product = chosen[first].multiply(chosen[second])
                own[..., first, second] = (product @ flat).reshape(-1, 2, 2)
                common = chosen[first] @ (flat * mean[:, second, None])
                both[..., first, second] = common.reshape(-1, 2, 2)
        shared = np.einsum("kac,kb,kd->acbd", spread, mean, mean)
        variance = np.einsum("nqab,nacbd,nqcd->nq", of.own, own, of.own)
        variance += 2 * np.einsum("nqab,nacbd,nqcd->nq", of.own, both, of.shared)
        variance += np.einsum("nqab,acbd,nqcd->nq", of.shared, shared, of.shared)
        return np.sqrt(np.maximum(variance, 0))

    def common_errors(self, of: Slopes, measured_on: np.ndarray) -> np.ndarray:
        """(7,) standard errors that the reference alone makes, in the mean over some columns.

        Args:
            of: Slopes of the columns.
            measured_on: (N,) bool, the columns whose mean lattice the reference is made from.
        """
        shared = of.shared.mean(axis=0)
        changes = np.einsum("qab,kb->kqa", shared, self._of_mean(measured_on))
        return self._of_changes(changes)

    def mean_errors(self, parts: list[tuple[np.ndarray, Slopes, np.ndarray]]) -> np.ndarray:
        """(7,) standard errors of the mean of the values of columns of several grains.

        Args:
            parts: Of each grain the columns (N,) bool, their slopes, and the columns (N,) bool
                whose mean lattice the reference is made from.
        """
        changes = np.zeros((len(self._covariance), len(QUANTITIES), 2))
        for rows, of, measured_on in parts:
            for vector, weight in enumerate(self._weights):
                own = of.own[..., vector].reshape(len(of.own), -1)
                changes += (weight[np.flatnonzero(rows)].T @ own).reshape(changes.shape)
            shared = of.shared.sum(axis=0)
            changes += np.einsum("qab,kb->kqa", shared, self._of_mean(measured_on))
        return self._of_changes(changes) / sum(int(rows.sum()) for rows, _, _ in parts)

    def _of_mean(self, measured_on: np.ndarray) -> np.ndarray:
        """(N, 2) weights of the positions in the mean lattice of some columns."""
        share = measured_on / max(measured_on.sum(), 1)
        return np.stack([each.T @ share for each in self._weights], axis=1)

    def _of_changes(self, changes: np.ndarray) -> np.ndarray:
        """(7,) standard errors of values with derivatives (N, 7, 2) by the positions."""
        variance = np.einsum("kqa,kac,kqc->q", changes, self._covariance, changes)
        return np.asarray(np.sqrt(variance))
