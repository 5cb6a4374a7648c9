"""Does a query match a type? Pure: encodings and a policy in, similarities and a decision out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import TypeSimilarity
from lookalike.matching.policy import Policy
from lookalike.matching.rules import RULES, Query, Scene, cosine_similarities
from lookalike.matching.sighting import same_places
from lookalike.vision.boxes import Box

NEAREST = 5
"""How many of the nearest images an answer names at most."""

DECIMALS = 6
"""Decimals of what is compared and told: float32 has no more to give."""


class Neighbour(NamedTuple):
    """An image and its cosine similarity to the query, -1 to 1."""

    image: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a query matches, and why.

    Attributes:
        match: whether the score exceeds the policy's threshold, both rounded to `DECIMALS`, and no
            counterexample outweighs.
        similarity: to the nearest reference, -1 to 1.
        nearest: the references nearest to the query, the nearest first.
        score: by the policy's rule, rounded to `DECIMALS`: what people read agrees with `match`.
        nearest_other: the nearest other type, by a rule that looks at other types.
        view: the view of the photo that speaks most for the type, by its number; 0 is the middle.
        counterexample: the one that the query resembles more than any reference, by the policy's rule, if
            there is one; with the cosine similarity, by any rule.
    """

    match: bool
    similarity: float
    nearest: tuple[Neighbour, ...]
    score: float
    nearest_other: TypeSimilarity | None = None
    view: int = 0
    counterexample: Neighbour | None = None


def decide(query: NDArray[np.float32], encodings: Encodings, policy: Policy) -> Decision:
    """Decide whether a query encoding, (dimension,) and of length 1, matches a type.

    Args:
        query: of length 1.
        encodings: the type's, at least one reference.
        policy: what decides.
    """
    return _decide(query, query[np.newaxis], encodings, policy)


def decide_anywhere(
    views: NDArray[np.float32], boxes: Sequence[Box], encodings: Encodings, policy: Policy
) -> Decision:
    """Decide whether a photo shows a type in any of its views.

    Args:
        views: encodings of the views, (views, dimension), rows of length 1.
        boxes: where the views are; the first is the middle.
        encodings: the type's, at least one reference.
        policy: what decides.
    """
    scene = Scene(views, boxes, encodings, policy.gallery, policy.odds)
    view, score = RULES[policy.rule].sight(scene)
    seen = _decide(views[view], views[same_places(boxes)[view]], encodings, policy)
    match, score = _exceeds(score, policy)
    return replace(seen, match=match and not seen.counterexample, score=score, view=view)


def _decide(
    query: NDArray[np.float32], place: NDArray[np.float32], encodings: Encodings, policy: Policy
) -> Decision:
    nearest = _nearest(query, encodings.references)
    similarity = nearest[0].similarity
    score, other = RULES[policy.rule].score(Query(query, encodings, similarity, policy.gallery, policy.odds))
    against = find_counterexample(query, place, encodings, policy)
    match, score = _exceeds(score, policy)
    return Decision(match and not against, similarity, nearest, score, other, counterexample=against)


def find_counterexample(
    query: NDArray[np.float32], place: NDArray[np.float32], encodings: Encodings, policy: Policy
) -> Neighbour | None:
    """The counterexample that outweighs the references by the policy's rule, and its cosine similarity.

    Args:
        query: (dimension,), of length 1.
        place: views of the query's place, itself among them, (views, dimension), rows of length 1.
        encodings: the type's, at least one reference.
        policy: what decides.

    Returns:
        The one that the place resembles the most, if that is more than the query resembles any reference.
    """
    if not encodings.counterexamples.rows:
        return None
    own, _ = _most_alike(query, encodings.references, policy)
    found = [_most_alike(view, encodings.counterexamples, policy) for view in place]
    most, counterexample = max(found, key=itemgetter(0))
    return counterexample if most > own else None


def _nearest(query: NDArray[np.float32], encodings: Encodings) -> tuple[Neighbour, ...]:
    similarities = cosine_similarities(query, encodings.matrix)
    return tuple(
        Neighbour(encodings.rows[i].image, float(similarities[i])) for i in _largest(similarities, NEAREST)
    )


def _most_alike(query: NDArray[np.float32], encodings: Encodings, policy: Policy) -> tuple[float, Neighbour]:
    """Of the `NEAREST` nearest images, the one most alike by the policy's rule, and how much it is."""
    similarities = cosine_similarities(query, encodings.matrix)
    nearest = _largest(similarities, NEAREST)
    alike = RULES[policy.rule].resemble(query, encodings.matrix[nearest], policy.gallery)
    most = nearest[alike.argmax()]
    neighbour = Neighbour(encodings.rows[most].image, float(similarities[most]))
    return round(float(alike.max()), DECIMALS), neighbour


def _exceeds(score: float, policy: Policy) -> tuple[bool, float]:
    """Whether a score exceeds the policy's threshold, and the score, both rounded to `DECIMALS`."""
    score = round(score, DECIMALS)
    return score > round(policy.threshold, DECIMALS), score


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Where the largest values are, the largest first, of equal ones the first; sorts no more than those."""
    least = np.partition(values, -count)[-count] if len(values) > count else -np.inf
    (candidates,) = np.nonzero(values >= least)
    return candidates[np.argsort(-values[candidates], kind="stable")[:count]]
