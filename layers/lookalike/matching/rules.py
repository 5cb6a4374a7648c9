"""The decision rules, one entry each: its score, what the score needs, and its threshold. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery, TypeSimilarity, prototype
from lookalike.matching.settings import Rule

_SMALLEST_DISTANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Query:
    """A query's encoding, (dimension,) and of length 1, and how it compares with a type.

    Attributes:
        encodings: the type's, at least one.
        similarity: the cosine similarity to the nearest of them, -1 to 1.
        gallery: what is known of all types; None where the rule needs none.
    """

    encoding: NDArray[np.float32]
    encodings: Encodings
    similarity: float
    gallery: Gallery | None


class Score(NamedTuple):
    """What a rule says of a query; what exceeds the threshold matches.

    Attributes:
        value: the higher the more alike.
        nearest_other: the other type that the query resembles most, where the rule looks at other types.
    """

    value: float
    nearest_other: TypeSimilarity | None = None


def score_similarity(query: Query) -> Score:
    """The cosine similarity to the nearest of the type's encodings."""
    return Score(query.similarity)


def score_relative(query: Query) -> Score:
    """How much nearer the query is to the type's prototype than to the nearest other one."""
    if query.gallery is None:
        raise ValueError("the relative rule compares with the gallery: give one")
    (other,) = query.gallery.nearest(query.encoding, 1, without=query.encodings.type_id)
    own = float(prototype(query.encodings.matrix) @ query.encoding)
    return Score(float(relative_score(own, other.similarity)), other)


def relative_score(
    own: NDArray[np.floating] | float, other: NDArray[np.floating] | float
) -> NDArray[np.floating]:
    """How much nearer queries are to a type than to another, from cosine similarities of any one shape.

    1 - distance to the type / distance to the other, where a distance is 1 - cosine similarity: 1 for a query
    that is the type's prototype, 0 for one that is as near to the other type, below 0 for one that is nearer
    to that.
    """
    own_distance, other_distance = 1 - np.asarray(own), 1 - np.asarray(other)
    score: NDArray[np.floating] = 1 - own_distance / np.maximum(other_distance, _SMALLEST_DISTANCE)
    return score


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """How a rule decides.

    Attributes:
        score: of a query against a type.
        threshold: where none is set; None for the stack's, which is meant for similarity.
        other_types: how many other types the gallery must hold; with fewer, similarity decides.
    """

    score: Callable[[Query], Score]
    threshold: float | None = None
    other_types: int = 0


RULES: Mapping[Rule, RuleDefinition] = {
    Rule.SIMILARITY: RuleDefinition(score_similarity),
    # 0.2: nearer to the type than 0.8 of the distance to the nearest other, as in Lowe's test for matching
    # keypoints, "Distinctive Image Features from Scale-Invariant Keypoints", 2004, section 7.1:
    # https://www.cs.ubc.ca/~lowe/papers/ijcv04.pdf
    # With fewer than 5 other types it lets objects of no known type in more often than similarity does.
    Rule.RELATIVE: RuleDefinition(score_relative, threshold=0.2, other_types=5),
}
