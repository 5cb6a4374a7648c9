"""Whether probabilities are honest: of photos scored 0.9, nine in ten should be what they say. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike_tools.evaluation.scores import Matrix

BINS = 10


class Claims(NamedTuple):
    """Probabilities that photos of each type were given, in bins of equal width.

    Attributes:
        counts: (types, bins), how many.
        sums: (types, bins), their sum.
    """

    counts: NDArray[np.float64]
    sums: NDArray[np.float64]


class Reliability(NamedTuple):
    """What was said and what was so, in each bin that has a share at all.

    Attributes:
        said: (bins,), the mean probability.
        right: (bins,), the part of the photos that showed the type.
        share: (bins,), of all photos; together they are 1.
    """

    said: NDArray[np.float64]
    right: NDArray[np.float64]
    share: NDArray[np.float64]


def bin_claims(probabilities: Matrix, groups: NDArray[np.intp], types: int) -> Claims:
    """Sort probabilities, (n,), of photos of types, (n,), numbers below `types`, into bins."""
    bins = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    cells, size = groups * BINS + bins, types * BINS
    counts = np.bincount(cells, minlength=size).reshape(types, BINS)
    sums = np.bincount(cells, probabilities, minlength=size).reshape(types, BINS)
    return Claims(np.asarray(counts, np.float64), np.asarray(sums, np.float64))


def reliability(
    genuine: Claims, impostors: Sequence[Claims], weights: NDArray[np.float64] | None = None
) -> Reliability:
    """What was said and what was so at equal odds: genuine questions make up one half.

    Args:
        genuine: of photos that show the type asked for.
        impostors: of photos that do not, by kind; each kind has the same share of the other half.
        weights: (types,), how often each type's photos count; once if None.
    """
    right, said = _shares(genuine, 0.5, weights)
    share = right.copy()
    for kind in impostors:
        part, claimed = _shares(kind, 0.5 / len(impostors), weights)
        share += part
        said += claimed
    some = share > 0
    return Reliability(said[some] / share[some], right[some] / share[some], share[some])


def calibration_error(found: Reliability) -> float:
    """How far what was said is from what was so, on average over photos.

    The expected calibration error of Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities
    Using Bayesian Binning", AAAI 2015.
    """
    return float(np.sum(found.share * np.abs(found.said - found.right)))


def _shares(
    claims: Claims, part: float, weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each bin's share of the photos, (bins,), `part` together, and the same times what was said."""
    each = np.ones(len(claims.counts)) if weights is None else weights
    scale = part / max(float((each @ claims.counts).sum()), 1e-12)
    return scale * (each @ claims.counts), scale * (each @ claims.sums)
