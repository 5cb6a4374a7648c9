"""Which view of a photo speaks for a type, and how much? Pure: views' encodings in, a score and its view out.

- By similarity, the view that is nearest to one of the type's encodings.
- By probability, which knows all types: the view with the most evidence for the type, against what else is
  seen in the same place. A part of a hammer looks like pliers; the hammer around it says that it is none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.vision.boxes import Box

SAME_PLACE = 0.5
"""Views show the same place if they share more than this part of the smaller one."""


class Sighting(NamedTuple):
    """Where a type is seen in a photo.

    Attributes:
        view: the view that speaks most for the type, by its number.
        score: how much it does: a cosine similarity, or log odds.
    """

    view: int
    score: float


class Places(NamedTuple):
    """Where types are seen in a photo, and how probable that is.

    Attributes:
        views: (types,), the view that speaks most for each.
        seen: (types,), how probable it is that the type is there.
        none: (views,), how probable it is that nothing known is in a view's place.
    """

    views: NDArray[np.intp]
    seen: NDArray[np.floating]
    none: NDArray[np.floating]


def sight_by_similarity(views: NDArray[np.float32], matrix: NDArray[np.float32]) -> Sighting:
    """The view nearest to one of a type's encodings, and that cosine similarity.

    Args:
        views: encodings of a photo's views, (views, dimension), rows of length 1.
        matrix: the type's encodings, (rows, dimension), at least one, rows of length 1.
    """
    nearest = np.clip(views @ matrix.T, -1, 1).max(axis=1)
    view = int(nearest.argmax())
    return Sighting(view, float(nearest[view]))


def sight_by_evidence(evidence: NDArray[np.floating], boxes: Sequence[Box]) -> list[Sighting]:
    """Where each type is seen, and the log odds that it is there.

    A view's evidence counts the less the smaller the view is: there are more of those, and the largest of
    many is large by chance. A view is taken to be the right one as likely as it is wide. The view with the
    most evidence for the type is then held against two others, one as likely as the other: the type with the
    most evidence among the rest, in any view of the same place, and an object of no known type.

    Of one view these are the log odds at equal odds of that view.

    Args:
        evidence: log likelihood ratios, (views, types), of each type against an object of no known type.
        boxes: where the views are, squares; the first is the middle.

    Returns:
        Sightings of the types, in the order of the evidence's columns.
    """
    weighed, same_place = _weigh(evidence, boxes)
    return [_sight(weighed, same_place, own) for own in range(evidence.shape[1])]


def sight_one_by_evidence(evidence: NDArray[np.floating], boxes: Sequence[Box], own: int) -> Sighting:
    """As `sight_by_evidence` does, of one type, by its column."""
    weighed, same_place = _weigh(evidence, boxes)
    return _sight(weighed, same_place, own)


def rank_by_evidence(evidence: NDArray[np.floating], boxes: Sequence[Box]) -> Places:
    """How probable each type is where the most speaks for it, against what else may be in the same place.

    Types in different places don't exclude each other. Of one view this is the posterior of the types and of
    none of them.

    Args:
        evidence: as `sight_by_evidence` takes it, with the prior odds of each type against none of them.
        boxes: where the views are, squares; the first is the middle.
    """
    weighed, same_place = _weigh(evidence, boxes)
    in_place = np.stack([weighed[near].max(axis=0) for near in same_place])
    most = in_place.max(axis=1, initial=0, keepdims=True)
    against = most[:, 0] + np.log(np.exp(in_place - most).sum(axis=1) + np.exp(-most[:, 0]))
    views = weighed.argmax(axis=0)
    seen = np.exp(np.take_along_axis(weighed, views[np.newaxis], axis=0)[0] - against[views])
    return Places(views, seen, np.exp(-against))


def outweighed_views(
    views: NDArray[np.float32],
    boxes: Sequence[Box],
    references: NDArray[np.float32],
    counterexamples: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Which views resemble a reference less than some view of the same place resembles a counterexample.

    Args:
        views: encodings of a photo's views, (views, dimension), rows of length 1.
        boxes: where the views are.
        references: the type's, (rows, dimension), at least one, rows of length 1.
        counterexamples: the type's, (rows, dimension), rows of length 1.

    Returns:
        (views,).
    """
    own = (views @ references.T).max(axis=1)
    against = (views @ counterexamples.T).max(axis=1, initial=-1)
    in_place = np.where(same_places(boxes), against, -1).max(axis=1)
    return np.asarray(in_place > own)


def same_places(boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """Which boxes show the same place: (boxes, boxes)."""
    return shared_parts(boxes) > SAME_PLACE


def shared_parts(boxes: Sequence[Box]) -> NDArray[np.float64]:
    """How much of the smaller of two boxes the other one covers, from 0 to 1: (boxes, boxes)."""
    x0, y0, x1, y1 = np.asarray(boxes, np.float64).T
    width = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    height = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    areas = (x1 - x0) * (y1 - y0)
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0) / np.minimum.outer(areas, areas))


def _weigh(
    evidence: NDArray[np.floating], boxes: Sequence[Box]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """The evidence by views' widths, and which views show the same place."""
    widths = np.array([box.x1 - box.x0 for box in boxes])
    return evidence + np.log(widths / widths[0])[:, np.newaxis], same_places(boxes)


def _sight(weighed: NDArray[np.floating], same_place: NDArray[np.bool_], own: int) -> Sighting:
    view = int(weighed[:, own].argmax())
    mine = float(weighed[view, own])
    others = np.delete(weighed[same_place[view]], own, axis=1)
    # An object of no known type has the evidence 0.
    against = float(np.logaddexp(others.max(), 0) - np.log(2)) if others.size else 0.0
    return Sighting(view, mine - against)
