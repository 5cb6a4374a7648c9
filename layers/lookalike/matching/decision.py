"""Does a query match a type? Pure: encodings and a threshold in, similarities and a decision out.

Two rules give the score that must exceed the threshold:

- `similarity`: the cosine similarity to the nearest of the type's encodings.
- `relative`: how much nearer the query is to this type than to the nearest other one, see `relative_score`.
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery, TypeSimilarity, prototype

NEAREST = 5
"""How many of the nearest images an answer names at most."""

RELATIVE_THRESHOLD = 0.2
"""Where none is set: a query must be nearer to the type than 0.8 of its distance to the nearest other type.

The ratio is that of Lowe's test for matching keypoints, in "Distinctive Image Features from Scale-Invariant
Keypoints", 2004, section 7.1: https://www.cs.ubc.ca/~lowe/papers/ijcv04.pdf
"""

MIN_OTHERS = 5
"""The relative rule needs as many other types: with fewer, it lets objects of no known type in more often
than similarity does."""

_SMALLEST_DISTANCE = 1e-6


class Rule(StrEnum):
    """What a match is decided by."""

    SIMILARITY = "similarity"
    RELATIVE = "relative"


class Neighbour(NamedTuple):
    """An image and its cosine similarity to the query, -1 to 1."""

    image: str
    similarity: float


class Decision(NamedTuple):
    """Whether a query matches, and why.

    Attributes:
        match: whether the score exceeds the threshold.
        similarity: to the nearest image, -1 to 1.
        threshold: what the score had to exceed.
        nearest: the images nearest to the query, the nearest first.
        rule: what the score is by.
        score: the similarity, or the relative score.
        nearest_other: by the relative rule, the nearest other type.
    """

    match: bool
    similarity: float
    threshold: float
    nearest: tuple[Neighbour, ...]
    rule: Rule
    score: float
    nearest_other: TypeSimilarity | None = None


def cosine_similarities(query: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine similarity of a query, (dimension,), to each row of a matrix, (rows, dimension).

    All are of length 1, so that the dot product is the cosine; rounding is kept out of [-1, 1].
    """
    return np.clip(matrix @ query, -1, 1)


def relative_score(
    own: NDArray[np.floating] | float, other: NDArray[np.floating] | float
) -> NDArray[np.floating]:
    """How much nearer queries are to a type than to another, from cosine similarities of any one shape.

    1 - distance to the type / distance to the other, where a distance is 1 - cosine similarity: 1 for a query
    that is the type's prototype, 0 for one that is as near to the other type, below 0 for one that is nearer
    to that.
    """
    own_distance, other_distance = 1 - np.asarray(own), 1 - np.asarray(other)
    return 1 - own_distance / np.maximum(other_distance, _SMALLEST_DISTANCE)


def decide(
    query: NDArray[np.float32], encodings: Encodings, threshold: float, gallery: Gallery | None = None
) -> Decision:
    """Decide whether a query encoding, (dimension,), matches a type.

    Args:
        query: of length 1.
        encodings: the type's, at least one.
        threshold: what the score must exceed.
        gallery: decides by the relative rule, against at least one other type; by similarity if None.
    """
    similarities = cosine_similarities(query, encodings.matrix)
    order = _largest(similarities, NEAREST)
    nearest = tuple(Neighbour(encodings.rows[i].image, float(similarities[i])) for i in order)
    similarity = nearest[0].similarity
    if gallery is None:
        return Decision(similarity > threshold, similarity, threshold, nearest, Rule.SIMILARITY, similarity)
    (other,) = gallery.nearest(query, 1, without=encodings.type_id)
    own = float(prototype(encodings.matrix) @ query)
    score = float(relative_score(own, other.similarity))
    return Decision(score > threshold, similarity, threshold, nearest, Rule.RELATIVE, score, other)


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Where the largest values are, the largest first, of equal ones the first; sorts no more than those."""
    least = np.partition(values, -count)[-count] if len(values) > count else -np.inf
    (candidates,) = np.nonzero(values >= least)
    return candidates[np.argsort(-values[candidates], kind="stable")[:count]]
