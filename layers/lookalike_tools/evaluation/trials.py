"""Draws of reference photos, and the scores of all other photos against every type. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.error_rates import Trials
from lookalike_tools.evaluation.scores import (
    Matrix,
    nearest_similarities,
    prototypes,
    relative_scores,
    relative_scores_without,
)


@dataclass(frozen=True)
class Draw:
    """One draw of reference photos, and the scores of the other photos.

    Attributes:
        references: for each type, which of its photos were drawn.
        queries: (n,), which photo of its type each query is.
        own: (n,), the type of each query, as a number.
        scores: (n, types), by each rule.
        unknown: (n, types), by each rule, if the query's own type were not known.
        siblings: (types, types), whether one of two types is the nearest to the other.
        first: (n,), by each rule, the type with the highest score.
    """

    references: list[NDArray[np.intp]]
    queries: NDArray[np.intp]
    own: NDArray[np.intp]
    scores: dict[Rule, Matrix]
    unknown: dict[Rule, Matrix]
    siblings: NDArray[np.bool_]
    first: dict[Rule, NDArray[np.intp]]


def draw(types: Sequence[Matrix], references: int, random: np.random.Generator) -> Draw:
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
    centres = prototypes(drawn)
    to_prototypes = asked @ centres.T
    between = centres @ centres.T
    np.fill_diagonal(between, -np.inf)
    nearest = np.eye(len(types), dtype=bool)[between.argmax(axis=1)]
    return Draw(
        references=[order[:references] for order in shuffled],
        queries=queries,
        own=own,
        scores={Rule.SIMILARITY: similarity, Rule.RELATIVE: relative_scores(to_prototypes)},
        unknown={
            Rule.SIMILARITY: similarity,
            Rule.RELATIVE: relative_scores_without(to_prototypes, own),
        },
        siblings=nearest | nearest.T,
        first={Rule.SIMILARITY: similarity.argmax(axis=1), Rule.RELATIVE: to_prototypes.argmax(axis=1)},
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
