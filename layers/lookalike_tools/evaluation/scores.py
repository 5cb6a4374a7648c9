"""Scores of many queries against many types at once, by each rule. Pure."""

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.gallery import prototype
from lookalike.matching.rules import relative_score

Matrix = NDArray[np.float32]


def nearest_similarities(queries: Matrix, references: list[Matrix]) -> Matrix:
    """Cosine similarity of queries, (n, dimension), to the nearest of each type's references: (n, types)."""
    return np.stack([(queries @ matrix.T).max(axis=1) for matrix in references], axis=1)


def prototypes(references: list[Matrix]) -> Matrix:
    """The prototype of each type's references: (types, dimension)."""
    return np.stack([prototype(matrix) for matrix in references])


def relative_scores(similarities: Matrix) -> Matrix:
    """Relative scores of queries against each type, from their similarities to all prototypes: (n, types)."""
    first, second = np.partition(-similarities, 1, axis=1)[:, :2].T * -1
    best = similarities.argmax(axis=1)
    others = np.repeat(first[:, np.newaxis], similarities.shape[1], axis=1)
    others[np.arange(len(similarities)), best] = second
    return relative_score(similarities, others).astype(np.float32)


def relative_scores_without(similarities: Matrix, own: NDArray[np.intp]) -> Matrix:
    """`relative_scores` if each query's own type, (n,), were not known; its own column is meaningless."""
    unknown = similarities.copy()
    unknown[np.arange(len(unknown)), own] = -1
    return relative_scores(unknown)
