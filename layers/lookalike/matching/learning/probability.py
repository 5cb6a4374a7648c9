"""How probable it is that a photo shows a type, rather than another known type or none of them. Pure.

The model is probabilistic linear discriminant analysis: types' means are scattered around the mean of all
types, photos around their type's mean, with one covariance W for all types (see `metric`). Of a type with n
photos, whose mean lies at m from the mean of all types, a new photo has the location and scale

    location = b / (b + 1/n) * m        scale = 1 + b / (b + 1/n) / n        (b is `Metric.between`)

and a photo of a type that nobody has seen has location 0 and scale 1 + b. With D the squared distance to the
location by the metric, over the dimension, the density is, but for a factor that all have in common,

    scale ** (-k/2) * (1 + D / (f * scale)) ** -(k * (1 + f) / 2)        (f is `FREEDOM`)

This is Student's t in k dimensions with f * k degrees of freedom. Its heavy tails bear photos that are odd
altogether, for which the normal distribution would be too sure of the least bad answer. k is how many
independent dimensions the encodings are worth.

The photo shows the type asked for, or another known type, or none of them. At equal odds that is one half, a
quarter and a quarter before the photo is seen, so 0.5 is the natural threshold. The likelihood of another
known type is the root mean square of those of all others: people ask for what is alike more often than at
random, so the likelier ones weigh more than in the mean. The log odds that follow have an offset. k and the
offset are found by asking photos that were left out, see `calibration`.

Sources: Ioffe, "Probabilistic Linear Discriminant Analysis", ECCV 2006; Prince and Elder, "Probabilistic
Linear Discriminant Analysis for Inferences About Identity", ICCV 2007; for W, Ledoit and Wolf, 2004.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.learning.metric import Array, Metric

FREEDOM = 0.25
"""Degrees of freedom for each effective dimension. Photos are worth 20 to 40 dimensions, so it makes 5 to 10;
anything from 0.05 to 1 tells types apart about as well. Such models: Lange, Little and Taylor, "Robust
Statistical Modeling Using the t Distribution", 1989."""


class Prototypes(NamedTuple):
    """Types' means, as they are compared with queries.

    Attributes:
        precise: (types, dimension), offsets from the mean of all types, as `Metric.precise` gives them.
        squared_lengths: (types,), of the offsets by the metric.
        counts: (types,), how many encodings each is the mean of.
    """

    precise: Array
    squared_lengths: Array
    counts: Array

    @classmethod
    def of(cls, metric: Metric, means: Array, counts: NDArray[np.integer]) -> Self:
        """From the mean of each type's encodings, (types, dimension)."""
        offsets = means - metric.mean.astype(means.dtype)
        precise = metric.precise(offsets)
        return cls(precise, np.einsum("td,td->t", offsets, precise), counts.astype(np.float32))


class Densities(NamedTuple):
    """Logarithms of how well n queries fit, for each effective dimension.

    Attributes:
        known: (n, types), as photos of each type; minus infinity for a type that is left out.
        new: (n,), as photos of a type that nobody has seen.
    """

    known: Array
    new: Array


class Calibration(NamedTuple):
    """What makes densities an honest probability.

    Attributes:
        dimensions: how many independent dimensions the encodings are worth.
        offset: of the log odds.
    """

    dimensions: float
    offset: float


def densities(metric: Metric, queries: Array, prototypes: Prototypes) -> Densities:
    """How well queries, (n, dimension), of length 1, fit each type and none of them."""
    offsets = queries - metric.mean.astype(queries.dtype)
    trust, scale = metric.predict(prototypes.counts)
    lengths = metric.squared_lengths(offsets)
    # This product is all whose cost grows with types times dimension.
    distances = (offsets @ prototypes.precise.T) * (-2 * trust)
    distances += lengths[:, np.newaxis] + trust**2 * prototypes.squared_lengths
    # Rounding can bring the distance of a photo to itself below 0.
    return Densities(_log_t(np.maximum(distances, 0), scale), _log_t(lengths, np.array(1 + metric.between)))


def pair_densities(metric: Metric, queries: Array, means: Array, counts: Array) -> Array:
    """How well each query fits the type beside it, (n,), as `densities` has it for all pairs.

    Args:
        metric: of the types.
        queries: (n, dimension), of length 1.
        means: (n, dimension), of the encodings of one type for each query.
        counts: (n,), how many encodings each is the mean of.
    """
    trust, scale = metric.predict(counts)
    locations = trust[:, np.newaxis] * (means - metric.mean)
    return _log_t(metric.squared_lengths(queries - metric.mean - locations), scale)


def log_odds(fit: Densities, calibration: Calibration, odds: float = 1.0) -> Array:
    """Of each type, (n, types), that the query shows it, if asked for this type alone.

    Args:
        fit: the queries' densities.
        calibration: makes them a probability.
        odds: of the type against all else, before the photo is seen.
    """
    likely = fit.known.astype(np.float64) * calibration.dimensions
    new = fit.new[:, np.newaxis].astype(np.float64) * calibration.dimensions
    others = mean_of_others(likely)
    against = np.where(np.isfinite(others), np.logaddexp(others, new) - np.log(2), new)
    return np.asarray(likely - against + calibration.offset + np.log(odds))


def probability(
    own: float, others: Array, new: float, calibration: Calibration, odds: float = 1.0, *rivals: float
) -> float:
    """That a query shows a type, from log densities as `densities` gives them.

    Args:
        own: of the type asked for.
        others: of the other known types, (types,).
        new: of none of them.
        calibration: makes them a probability.
        odds: of the type against all else, before the photo is seen.
        rivals: of what else competes, such as the type's counterexamples: each counts as much as the other
            types together, and takes nothing from these, so that it never makes the type more probable.
    """
    scaled = np.array([new], np.float64) * calibration.dimensions
    if len(others):
        squares = 2 * others.astype(np.float64) * calibration.dimensions
        scaled = np.append(scaled, (float(_log_sum(squares)[0]) - np.log(len(others))) / 2)
    shares = len(scaled)
    scaled = np.append(scaled, np.array(rivals, np.float64) * calibration.dimensions)
    against = float(_log_sum(scaled)[0]) - np.log(shares)
    return float(sigmoid(own * calibration.dimensions - against + calibration.offset + np.log(odds)))


def posterior(fit: Densities, calibration: Calibration, odds: float = 1.0) -> Array:
    """Of each known type, and in the last column of none of them, that the query shows it: (n, types + 1).

    Args:
        fit: the queries' densities.
        calibration: makes them a probability; the offset has no part in it.
        odds: of all known types, each alike, against none of them, before the photo is seen.
    """
    logs = np.hstack([fit.known, fit.new[:, np.newaxis]]).astype(np.float64) * calibration.dimensions
    logs[:, :-1] += np.log(odds / max(fit.known.shape[1], 1))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def mean_of_others(logs: Array) -> Array:
    """For each column of log likelihoods, (n, types), the log of the root mean square of all others.

    Minus infinity where there is no other, or each is left out.
    """
    others = np.isfinite(logs).sum(axis=1, keepdims=True) - np.isfinite(logs)
    squares = 2 * logs
    best = np.arange(logs.shape[1]) == np.argmax(logs, axis=1, keepdims=True)
    # The sum without its greatest part is taken anew: a difference would lose what is small.
    total, rest = _log_sum(squares), _log_sum(np.where(best, -np.inf, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        without = total + np.log1p(-np.exp(squares - total))
        means = (np.where(best, rest, without) - np.log(others)) / 2
    return np.where(others > 0, means, -np.inf)


def sigmoid(values: Array | float) -> Array:
    """Log odds to probabilities."""
    return np.asarray(0.5 + 0.5 * np.tanh(np.asarray(values) / 2))


def _log_t(distances: Array, scale: Array) -> Array:
    tail = np.log1p(distances / (FREEDOM * scale))
    return np.asarray(-0.5 * np.log(scale) - (1 + FREEDOM) / 2 * tail)


def _log_sum(logs: Array) -> Array:
    """The log of the sum of likelihoods over the last axis, which is kept; minus infinity if it is empty."""
    greatest = logs.max(axis=-1, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(greatest), greatest, 0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(logs - shift).sum(axis=-1, keepdims=True)) + shift)
