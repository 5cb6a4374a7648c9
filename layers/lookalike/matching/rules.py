"""The decision rules, one entry each: its score, what the score needs, and its threshold. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery, TypeSimilarity
from lookalike.matching.learning.fit import Prototype
from lookalike.matching.learning.probability import sigmoid
from lookalike.matching.settings import Rule
from lookalike.matching.sighting import Sighting, outweighed_views, sight_by_similarity
from lookalike.vision.boxes import Box

SURE_ODDS = 20
"""A view is beyond doubt at this many times the threshold's odds. Stopping at the threshold itself would let
in more false matches."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query's encoding, (dimension,) and of length 1, and how it compares with a type.

    Attributes:
        encodings: the type's, at least one reference.
        similarity: the cosine similarity to the nearest reference, -1 to 1.
        gallery: what is known of all types; None where the rule needs none.
        odds: of the type against all else, before the photo is seen.
    """

    encoding: NDArray[np.float32]
    encodings: Encodings
    similarity: float
    gallery: Gallery | None
    odds: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A query that is looked at in several views, and the type it is held against.

    Attributes:
        views: encodings of the views, (views, dimension), rows of length 1.
        boxes: where the views are; the first is the middle.
        encodings: the type's, at least one reference.
        gallery: what is known of all types; None where the rule needs none.
        odds: of the type against all else, before the photo is seen.
    """

    views: NDArray[np.float32]
    boxes: Sequence[Box]
    encodings: Encodings
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


def cosine_similarities(query: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine similarity of a query, (dimension,), to each row of a matrix, (rows, dimension).

    All are of length 1, so that the dot product is the cosine; rounding is kept out of [-1, 1].
    """
    similarities: NDArray[np.float32] = np.clip(matrix @ query, -1, 1)
    return similarities


def score_similarity(query: Query) -> Score:
    """The cosine similarity to the nearest of the type's references."""
    return Score(query.similarity)


def score_probability(query: Query) -> Score:
    """How probable it is that the query shows the type, against all other types and against none of them.

    The type's counterexamples compete as a type of their own, so that one of them helps against its like.

    Raises:
        ValueError: there is no gallery.
    """
    own, rivals = _competing(query.encodings)
    judged = _given(query.gallery).judge(query.encoding, query.encodings.type_id, own, query.odds, rivals)
    return Score(judged.probability, judged.nearest_other)


def sight_similarity(scene: Scene) -> Sighting:
    """The view nearest to one of the type's references, and that cosine similarity.

    Views of a place that resembles a counterexample more only count where there are no others.
    """
    references, against = scene.encodings.references.matrix, scene.encodings.counterexamples.matrix
    outweighed = outweighed_views(scene.views, scene.boxes, references, against)
    views = np.arange(len(scene.views)) if outweighed.all() else np.flatnonzero(~outweighed)
    seen = sight_by_similarity(scene.views[views], references)
    return Sighting(int(views[seen.view]), seen.score)


def sight_probability(scene: Scene) -> Sighting:
    """The view with the most evidence for the type, and how probable it is that it shows the type.

    Of one view, this differs a little from `score_probability`: it is held against the likeliest other type,
    where that takes all others together.

    Raises:
        ValueError: there is no gallery.
    """
    gallery = _given(scene.gallery)
    own, rivals = _competing(scene.encodings)
    seen = gallery.sight(scene.views, scene.boxes, scene.encodings.type_id, own, rivals)
    log_odds = seen.score + gallery.fit.calibration.offset + np.log(scene.odds)
    return Sighting(seen.view, float(sigmoid(log_odds)))


def resemble_by_similarity(
    query: NDArray[np.float32], matrix: NDArray[np.float32], _gallery: Gallery | None
) -> NDArray[np.floating]:
    """The cosine similarity of a query, (dimension,), to each row of a matrix, (rows, dimension)."""
    return cosine_similarities(query, matrix)


def resemble_by_metric(
    query: NDArray[np.float32], matrix: NDArray[np.float32], gallery: Gallery | None
) -> NDArray[np.floating]:
    """Minus the squared distance of a query, (dimension,), to each row of a matrix, (rows, dimension).

    Directions in which photos of one type differ anyway count less than in the cosine.

    Raises:
        ValueError: there is no gallery.
    """
    return -_given(gallery).fit.metric.squared_lengths(matrix - query)


def sure_similarity(threshold: float) -> float:
    """Half of the way from the threshold to the very same photo."""
    return (1 + threshold) / 2


def sure_probability(threshold: float) -> float:
    """Odds `SURE_ODDS` times those of the threshold: 0.95 for 0.5."""
    return SURE_ODDS * threshold / (SURE_ODDS * threshold + 1 - threshold)


def _competing(encodings: Encodings) -> tuple[Prototype, tuple[Prototype, ...]]:
    """The type's prototype, and what it competes with beside other types: its counterexamples."""
    against = encodings.counterexamples
    rivals = (Prototype.of(against.matrix),) if against.rows else ()
    return Prototype.of(encodings.references.matrix), rivals


def _given(gallery: Gallery | None) -> Gallery:
    if gallery is None:
        raise ValueError("the probability compares with all other types: give the gallery")
    return gallery


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """How a rule decides.

    Attributes:
        score: of a query against a type.
        sight: where a query shows the type, and its score there.
        resemble: how much a query, (dimension,), resembles each row of a matrix, the higher the more: what a
            counterexample and a reference are compared by.
        sure: by the threshold, a score of the middle that needs no look at the rest of the photo.
        threshold: where none is set; None for the stack's, which is meant for similarity.
        needs_gallery: whether the score needs to know all types.
    """

    score: Callable[[Query], Score]
    sight: Callable[[Scene], Sighting]
    resemble: Callable[[NDArray[np.float32], NDArray[np.float32], Gallery | None], NDArray[np.floating]]
    sure: Callable[[float], float]
    threshold: float | None = None
    needs_gallery: bool = False


RULES: Mapping[Rule, RuleDefinition] = {
    Rule.SIMILARITY: RuleDefinition(
        score_similarity, sight_similarity, resemble_by_similarity, sure_similarity
    ),
    # More probable than not.
    Rule.PROBABILITY: RuleDefinition(
        score_probability,
        sight_probability,
        resemble_by_metric,
        sure_probability,
        threshold=0.5,
        needs_gallery=True,
    ),
}
