"""Draws of reference photos, and the scores of all other photos against every type. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.learning.probability import log_odds, posterior
from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.error_rates import Trials
from lookalike_tools.evaluation.scores import Matrix, learn_gallery, nearest_similarities, without_own


@dataclass(frozen=True)
class Draw:
    """One draw of reference photos, and the scores of the other photos.

    Attributes:
        references: for each type, which of its photos were drawn.
        queries: (n,), which photo of its type each query is.
        own: (n,), the type of each query, as a number.
        scores: (n, types), by each rule; by probability log odds: they tell the nearly certain apart.
        unknown: (n, types), by each rule, if the query's own type were not known.
        siblings: (types, types), whether one of two types is the nearest to the other.
        first: (n,), by each rule, the type that is the likeliest.
        none: (n,), whether it is likelier, by probability, that the query shows none of the types.
        none_if_unknown: (n,), the same if the query's own type were not known.
    """

    references: list[NDArray[np.intp]]
    queries: NDArray[np.intp]
    own: NDArray[np.intp]
    scores: dict[Rule, Matrix]
    unknown: dict[Rule, Matrix]
    siblings: NDArray[np.bool_]
    first: dict[Rule, NDArray[np.intp]]
    none: NDArray[np.bool_]
    none_if_unknown: NDArray[np.bool_]


def draw(types: Sequence[NDArray[np.float32]], references: int, random: np.random.Generator) -> Draw:
    """Draw reference photos of each type, and score all other photos against every type.

    Args:
        types: each type's encodings, (photos, dimension), of more than `references` photos.
        references: how many to draw of each.
        random: where the draws come from.
    """
    shuffled = [random.permutation(len(matrix)) for matrix in types]
    drawn = [matrix[order[:references]] for matrix, order in zip(types, shuffled, strict=True)]
    queries = np.concatenate([order[references:] for order in shuffled])
    own = np.repeat(np.arange(len(types)), [len(order) - references for order in shuffled])
    asked = np.concatenate([m[order[references:]] for m, order in zip(types, shuffled, strict=True)])
    similarity = nearest_similarities(asked, drawn)
    gallery = learn_gallery(drawn)
    calibration = gallery.fit.calibration
    known = gallery.densities(asked)
    unknown = without_own(known, own)
    likely = posterior(known, calibration)
    none = len(types)
    return Draw(
        references=[order[:references] for order in shuffled],
        queries=queries,
        own=own,
        scores={Rule.SIMILARITY: similarity, Rule.PROBABILITY: log_odds(known, calibration)},
        unknown={Rule.SIMILARITY: similarity, Rule.PROBABILITY: log_odds(unknown, calibration)},
        siblings=_siblings(gallery.means),
        first={Rule.SIMILARITY: similarity.argmax(axis=1), Rule.PROBABILITY: likely[:, :-1].argmax(axis=1)},
        none=likely.argmax(axis=1) == none,
        none_if_unknown=posterior(unknown, calibration).argmax(axis=1) == none,
    )


def trials_of(
    draws: Sequence[Draw], rule: Rule, *, siblings: bool | None = None, unknown: bool = False
) -> Trials:
    """The trials of all draws: each query against every type.

    Args:
        draws: the draws.
        rule: whose scores to take.
        siblings: take impostors of sibling types only, or of other types only; all if None.
        unknown: score impostors as if their own type were not known.
    """
    parts = []
    for each in draws:
        count, types = each.scores[rule].shape
        genuine = np.zeros((count, types), bool)
        genuine[np.arange(count), each.own] = True
        scores = each.scores[rule]
        if unknown:
            scores = np.where(genuine, scores, each.unknown[rule])
        kept = np.ones((count, types), bool)
        if siblings is not None:
            kept = genuine | (each.siblings[each.own] == siblings)
        groups = np.repeat(each.own[:, np.newaxis], types, axis=1)
        parts.append(Trials(scores[kept], genuine[kept], groups[kept]))
    return Trials(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _siblings(means: Matrix) -> NDArray[np.bool_]:
    """Of types' means, (types, dimension): whether one of two points the most nearly where the other does."""
    directions = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    between = directions @ directions.T
    np.fill_diagonal(between, -np.inf)
    nearest = np.eye(len(means), dtype=bool)[between.argmax(axis=1)]
    return np.asarray(nearest | nearest.T)
