"""What is learnt from references, of all types together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.learning.calibration import calibrate
from lookalike.matching.learning.metric import Metric, fit_metric, sample_types
from lookalike.matching.learning.probability import Calibration

Matrix = NDArray[np.float32]


class Prototype(NamedTuple):
    """The mean of a type's encodings, (dimension,), not scaled to length 1, and of how many rows it is."""

    mean: Matrix
    rows: int

    @classmethod
    def of(cls, matrix: Matrix) -> Self:
        """Of encodings, (rows, dimension), at least one."""
        return cls(matrix.mean(axis=0), len(matrix))


@dataclass(frozen=True, slots=True)
class Fit:
    """What was learnt from references, and from which.

    Attributes:
        metric: how photos of a type differ, and how types do.
        calibration: makes the answer an honest probability.
        photos: how many photos taught it.
        types: how many types the gallery had.
        sample: the types that it was learnt from.
        rows: how many encodings these types had.
        fitted_at: when, ISO 8601 in UTC.
    """

    metric: Metric
    calibration: Calibration
    photos: int
    types: int
    sample: tuple[str, ...]
    rows: int
    fitted_at: str


def fit(sample: Mapping[str, Matrix], prototypes: Mapping[str, Prototype], fitted_at: str) -> Fit:
    """Learn from a sample of types' encodings, (photos, dimension), at least one photo of one type.

    Only photos that people uploaded should teach: an appended one is there because it scored high. However
    many there are, no more than a sample is looked at, the same whatever order they come in.

    Args:
        sample: photos of some types.
        prototypes: all types of the gallery.
        fitted_at: now, ISO 8601 in UTC.
    """
    return Fit(
        fit_metric(sample),
        calibrate(sample),
        photos=sum(len(matrix) for matrix in sample.values()),
        types=len(prototypes),
        sample=tuple(sample_types(prototypes)),
        rows=sum(each.rows for each in prototypes.values()),
        fitted_at=fitted_at,
    )
