"""Scores of many queries against many types at once, by each rule. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Prototype, fit
from lookalike.matching.learning.probability import Densities, sigmoid
from lookalike.matching.settings import Rule

Matrix = NDArray[np.floating]


def nearest_similarities(queries: Matrix, references: Sequence[Matrix]) -> Matrix:
    """Cosine similarity of queries, (n, dimension), to the nearest of each type's references: (n, types)."""
    return np.stack([(queries @ matrix.T).max(axis=1) for matrix in references], axis=1)


def name_types(matrices: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Matrices by names that sort as they do: a gallery's types are sorted."""
    return {f"type-{number:06}": matrix for number, matrix in enumerate(matrices)}


def learn_gallery(references: Sequence[NDArray[np.float32]]) -> Gallery:
    """What a stack knows that has these references, (photos, dimension) of each type, in their order."""
    types = name_types(references)
    prototypes = {name: Prototype.of(matrix) for name, matrix in types.items()}
    return Gallery.of("evaluated", prototypes, fit(types, prototypes, ""))


def without_own(densities: Densities, own: NDArray[np.intp]) -> Densities:
    """The densities if each query's own type, (n,), were not known."""
    known = densities.known.copy()
    known[np.arange(len(own)), own] = -np.inf
    return Densities(known, densities.new)


def as_probabilities(scores: Matrix, rule: Rule) -> Matrix:
    """What scores say, 0 to 1: those by probability are log odds, a similarity is taken at its word."""
    return sigmoid(scores) if rule is Rule.PROBABILITY else np.clip(scores, 0, 1)
