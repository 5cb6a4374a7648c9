"""The metric: how photos of a type differ, and how types differ, learnt from a stack's references. Pure.

Encodings of length 1 come in, each type's as (photos, dimension). Everything is in closed form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

PRIOR_TYPES = 2
"""The prior: as if this many types had been seen, around the origin, with half of the variance within types.
It decides where there is one type, or one photo of each, and soon fades."""

RANK = 64
"""Directions that have a variance of their own; all others share one."""

SAMPLE_PHOTOS = 1000
SAMPLE_TYPES = 200
"""The fit looks at no more: bounds its memory and time."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The covariance W of photos of one type, as `basis` and `rest`, and between x W, that of types' means.

    Attributes:
        mean: (dimension,), of all types.
        basis: (rank, dimension), orthonormal rows: directions in which photos of a type differ most.
        variances: (rank,), in these directions.
        rest: variance in every other direction.
        between: variance of types' means as a multiple of W.
    """

    mean: Array
    basis: Array
    variances: Array
    rest: float
    between: float

    def precise(self, offsets: Array) -> Array:
        """Offsets, (n, dimension), times the inverse of W, over the dimension: (n, dimension)."""
        along = (offsets @ self.basis.T) * (1 / self.variances - 1 / self.rest).astype(offsets.dtype)
        return np.asarray((offsets / self.rest + along @ self.basis) / offsets.shape[1])

    def squared_lengths(self, offsets: Array) -> Array:
        """Of offsets, (n, dimension), by the metric: (n,), 1 on average for a photo from its type's mean."""
        return np.asarray(np.einsum("nd,nd->n", offsets, self.precise(offsets)))

    def predict(self, counts: Array) -> tuple[Array, Array]:
        """Of types with so many photos, (types,): the part of their means that counts, and the scale."""
        trust = self.between / (self.between + 1 / counts)
        return trust, 1 + trust / counts


def fit_metric(types: Mapping[str, Array]) -> Metric:
    """Estimate the metric from types' encodings, (photos, dimension), at least one of one photo.

    The same whatever order types and photos come in.
    """
    metric = estimate(draw_sample(types))
    return replace(
        metric,
        mean=metric.mean.astype(np.float32),
        basis=metric.basis.astype(np.float32),
        variances=metric.variances.astype(np.float32),
    )


def sample_types(type_ids: Iterable[str]) -> list[str]:
    """The at most `SAMPLE_TYPES` types that a fit looks at: those with the least digests."""
    return sorted(type_ids, key=lambda type_id: _digest(type_id.encode()))[:SAMPLE_TYPES]


def draw_sample(types: Mapping[str, Array]) -> list[Array]:
    """At most `SAMPLE_PHOTOS` photos of `SAMPLE_TYPES` types: those with the least digests, sorted."""
    chosen = sample_types(types)
    most = SAMPLE_PHOTOS // len(chosen)
    return [_first_by_digest(types[type_id], most) for type_id in chosen]


def estimate(types: list[Array]) -> Metric:
    """As `fit_metric`, from all photos of all types, in the order they have."""
    dimension = types[0].shape[1]
    counts = np.array([len(rows) for rows in types], np.float64)
    means = np.stack([rows.mean(axis=0, dtype=np.float64) for rows in types])
    mean = means.sum(axis=0) / (len(types) + PRIOR_TYPES)
    residuals = [rows - own for rows, own in zip(types, means, strict=True)]
    total = float(np.mean([np.mean(np.sum((rows - mean) ** 2, axis=1)) for rows in types]))
    squares = sum(float(np.sum(rows**2)) for rows in residuals)
    imaginary = PRIOR_TYPES * counts.mean()
    freedom = np.sum(counts - 1) + imaginary
    trace = (squares + imaginary * total / 2) / freedom
    # A type whose photos are all the origin has no variance at all.
    trace = max(trace, 1e-6)
    basis, shares = _principal_directions(np.concatenate(residuals))
    # Imaginary types vary alike in all directions.
    shrunk = 1 - (1 - shrinkage(residuals)) * (1 - imaginary / freedom)
    variances = trace * ((1 - shrunk) * shares + shrunk / dimension)
    rest = (trace - variances.sum()) / max(dimension - len(basis), 1)
    # Nothing is left over if the basis spans the whole space; then no offset has a rest either.
    metric = Metric(mean, basis, variances, max(float(rest), 1e-9), between=1.0)
    spread = np.sum(metric.squared_lengths(means - mean) - 1 / counts)
    between = (max(float(spread), 0.0) + PRIOR_TYPES) / (len(types) + PRIOR_TYPES)
    return replace(metric, between=between)


def shrinkage(residuals: list[Array]) -> float:
    """How far the pooled covariance of types' residuals is to be drawn to a multiple of the identity, 0 to 1.

    The estimate of Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    2004, section 3, with types in the place of observations: how far the types' own covariances lie apart
    tells how wrong their average is about the next type. 1 for fewer than two types of two photos.
    """
    several = [rows for rows in residuals if len(rows) > 1 and np.any(rows)]
    if len(several) < 2:
        return 1.0
    rows = np.concatenate(several)
    starts = np.cumsum([0, *(len(each) for each in several[:-1])])
    products = (rows @ rows.T) ** 2
    # Inner products of the types' scatter matrices.
    scatter = np.add.reduceat(np.add.reduceat(products, starts, axis=0), starts, axis=1)
    freedom = np.array([len(each) - 1 for each in several], np.float64)
    weights = freedom / freedom.sum()
    scatter /= np.outer(freedom, freedom)
    pooled = weights @ scatter @ weights
    apart = np.diag(scatter) - 2 * scatter @ weights + pooled
    error = np.sum(weights**2 * apart) / (1 - np.sum(weights**2))
    trace = np.sum(rows**2) / freedom.sum()
    from_identity = pooled - trace**2 / rows.shape[1]
    return float(np.clip(error / max(from_identity, 1e-12), 0.0, 1.0)) if error > 0 else 0.0


def _principal_directions(residuals: Array) -> tuple[Array, Array]:
    """Directions, (rank, dimension), and their shares of the variance, (rank,)."""
    count, dimension = residuals.shape
    tall = count > dimension
    squares, vectors = np.linalg.eigh(residuals.T @ residuals if tall else residuals @ residuals.T)
    order = np.argsort(-squares, kind="stable")[: min(RANK, dimension - 1)]
    kept = order[squares[order] > max(1e-6 * squares.max(), 1e-9)]
    basis = vectors[:, kept].T if tall else (vectors[:, kept] / np.sqrt(squares[kept])).T @ residuals
    return basis, squares[kept] / max(float(np.sum(residuals**2)), 1e-12)


def _first_by_digest(rows: Array, most: int) -> Array:
    order = sorted(range(len(rows)), key=lambda index: _digest(np.float32(rows[index]).tobytes()))[:most]
    return np.asarray(rows[order], np.float64)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
