"""What makes the probability honest: of photos scored 0.9, nine in ten are what they say. Pure.

Encodings have hundreds of dimensions that depend on each other. If each were taken for evidence of its own,
every answer would be certain, and many wrong.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.learning.metric import Array, draw_sample, estimate
from lookalike.matching.learning.probability import (
    Calibration,
    Densities,
    Prototypes,
    densities,
    log_odds,
    sigmoid,
)

PRIOR = Calibration(20.0, 0.0)
"""Where nothing tells: encodings of photos of many kinds come to 10 to 50 dimensions."""

_DIMENSIONS = np.geomspace(2, 200, 40)
_STEPS = 6
_FOLDS = 5


def calibrate(types: Mapping[str, Array]) -> Calibration:
    """Calibrate on encodings, (photos, dimension) of each type, by photos that are left out in turn.

    Each photo is asked for its own type, and for every other with its own type known and not known. Taken are
    the dimensions and the offset under which the right answers are the most probable, at equal odds: genuine
    questions weigh as much as the others. This is the logistic calibration of Platt, "Probabilistic Outputs
    for Support Vector Machines", 1999. A prior that weighs as much as a photo or two decides where there are
    few.

    The same whatever order types and photos come in.
    """
    left_out = list(_leave_out(draw_sample(types)))
    best, least = PRIOR, np.inf
    for dimensions in _DIMENSIONS:
        scores = _scores(left_out, float(dimensions))
        offset = _best_offset(*scores)
        loss = _loss(*scores, offset) + np.log(dimensions / PRIOR.dimensions) ** 2 / 2
        if loss < least:
            best, least = Calibration(float(dimensions), offset), loss
    return best


def _leave_out(types: list[Array]) -> Iterator[tuple[Densities, NDArray[np.intp]]]:
    """Densities of photos that were left out of the fit, and the type of each as a number."""
    for fold in range(_FOLDS):
        # Types take turns, so that of types with two photos some keep both.
        asked = [(np.arange(len(rows)) + number) % _FOLDS == fold for number, rows in enumerate(types)]
        kept = [rows[~out] for rows, out in zip(types, asked, strict=True)]
        known = np.array([number for number, rows in enumerate(kept) if len(rows)], np.intp)
        queries = np.concatenate([rows[out] for rows, out in zip(types, asked, strict=True)])
        if not len(queries) or not len(known):
            continue
        own = np.repeat(np.arange(len(types)), [out.sum() for out in asked])
        references = [kept[number] for number in known]
        metric = estimate(references)
        means = np.stack([rows.mean(axis=0) for rows in references])
        prototypes = Prototypes.of(metric, means, np.array([len(rows) for rows in references]))
        fit = densities(metric, queries, prototypes)
        all_types = np.full((len(queries), len(types)), -np.inf)
        all_types[:, known] = fit.known
        yield Densities(all_types, fit.new), own


def _scores(
    left_out: list[tuple[Densities, NDArray[np.intp]]], dimensions: float
) -> tuple[Array, Array, Array]:
    """Log odds without an offset: of photos' own types, of others, and of others with the own not known."""
    parts: list[tuple[Array, Array, Array]] = []
    for fit, own in left_out:
        known = np.isfinite(fit.known)
        is_own = np.zeros_like(known)
        is_own[np.arange(len(own)), own] = True
        without = Densities(np.where(is_own, -np.inf, fit.known), fit.new)
        plain = Calibration(dimensions, 0.0)
        scores = log_odds(fit, plain)
        unknown = log_odds(without, plain)
        parts.append((scores[is_own & known], scores[~is_own & known], unknown[~is_own & known]))
    if not parts:
        return np.empty(0), np.empty(0), np.empty(0)
    genuine, impostor, strange = (np.concatenate(each) for each in zip(*parts, strict=True))
    return genuine, impostor, strange


def _best_offset(genuine: Array, impostor: Array, unknown: Array) -> float:
    """Where `_loss` is least, by Newton's method: it is convex."""
    offset = PRIOR.offset
    for _ in range(_STEPS):
        accepted, *others = (sigmoid(each + offset) for each in (genuine, impostor, unknown))
        slope = 0.5 * _mean(accepted - 1) + 0.25 * sum(_mean(each) for each in others)
        bend = 0.5 * _mean(accepted * (1 - accepted)) + 0.25 * sum(
            _mean(each * (1 - each)) for each in others
        )
        step = (len(genuine) * slope + offset - PRIOR.offset) / (len(genuine) * bend + 1)
        offset -= float(np.clip(step, -1, 1))
    return offset


def _loss(genuine: Array, impostor: Array, unknown: Array, offset: float) -> float:
    """Minus the log probability of the right answers, as if one for each genuine question, and the offset."""
    wrong = 0.5 * _mean(np.logaddexp(0, -genuine - offset))
    wrong += 0.25 * _mean(np.logaddexp(0, impostor + offset))
    wrong += 0.25 * _mean(np.logaddexp(0, unknown + offset))
    return len(genuine) * wrong + (offset - PRIOR.offset) ** 2 / 2


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else 0.0
