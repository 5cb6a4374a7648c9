"""The decision rules, one entry each: its score, what the score needs, and its threshold. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery, Prototype, TypeSimilarity
from lookalike.matching.settings import Rule


@dataclass(frozen=True, slots=True)
class Query:
    """A query's encoding, (dimension,) and of length 1, and how it compares with a type.

    Attributes:
        encodings: the type's, at least one.
        similarity: the cosine similarity to the nearest of them, -1 to 1.
        gallery: what is known of all types; None where the rule needs none.
        odds: of the type against all else, before the photo is seen.
    """

    encoding: NDArray[np.float32]
    encodings: Encodings
    similarity: float
    gallery: Gallery | None
    odds: float = 1.0


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


def score_probability(query: Query) -> Score:
    """How probable it is that the query shows the type, against all other types and against none of them.

    Raises:
        ValueError: there is no gallery.
    """
    if query.gallery is None:
        raise ValueError("the probability compares with all other types: give the gallery")
    own = Prototype.of(query.encodings.matrix)
    judged = query.gallery.judge(query.encoding, query.encodings.type_id, own, query.odds)
    return Score(judged.probability, judged.nearest_other)


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """How a rule decides.

    Attributes:
        score: of a query against a type.
        threshold: where none is set; None for the stack's, which is meant for similarity.
        needs_gallery: whether the score needs to know all types.
    """

    score: Callable[[Query], Score]
    threshold: float | None = None
    needs_gallery: bool = False


RULES: Mapping[Rule, RuleDefinition] = {
    Rule.SIMILARITY: RuleDefinition(score_similarity),
    # More probable than not.
    Rule.PROBABILITY: RuleDefinition(score_probability, threshold=0.5, needs_gallery=True),
}
