"""Which view of a photo speaks for a type, and how much? Pure: views' encodings in, a score and its view out.

- By similarity, the view that is nearest to one of the type's encodings.
- By probability, which knows all types: the view with the most evidence for the type, against what else is
  seen in the same place. A part of a hammer looks like pliers; the hammer around it says that it is none.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.vision.boxes import Box

SAME_PLACE = 0.5
"""Views show the same place if they share more than this part of the smaller one."""

BATCH = 16
"""How many views are encoded at once: more is no faster, and takes more memory."""


class Sighting(NamedTuple):
    """Where a type is seen in a photo.

    Attributes:
        view: the view that speaks most for the type, by its number.
        score: how much it does: a cosine similarity, or log odds.
    """

    view: int
    score: float


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
    widths = np.array([box.x1 - box.x0 for box in boxes])
    weighed = evidence + np.log(widths / widths[0])[:, np.newaxis]
    same_place = shared_parts(boxes) > SAME_PLACE
    return [
        Sighting(int(view), _log_odds(weighed, same_place[view], int(view), own))
        for own, view in enumerate(weighed.argmax(axis=0))
    ]


def shared_parts(boxes: Sequence[Box]) -> NDArray[np.float64]:
    """How much of the smaller of two boxes the other one covers, from 0 to 1: (boxes, boxes)."""
    x0, y0, x1, y1 = np.asarray(boxes, np.float64).T
    width = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    height = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    areas = (x1 - x0) * (y1 - y0)
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0) / np.minimum.outer(areas, areas))


def look_until_sure(
    pixels: NDArray[np.uint8],
    encode: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    sight: Callable[[NDArray[np.float32]], Sighting],
    sure: float,
) -> tuple[Sighting, NDArray[np.float32]]:
    """Encode a photo's views, first the middle alone; if that is beyond doubt, it is enough.

    Args:
        pixels: of the views, (views, size, size, 3), the middle first.
        encode: pixels of some views to their encodings, (n, dimension).
        sight: judges a photo by the encodings of its first views.
        sure: a score of the middle that needs no further look, well above the threshold. Were it the
            threshold itself, more photos that show none would be let in.

    Returns:
        What was seen, and the encodings of the views that were looked at, (looked at, dimension).
    """
    middle = encode(pixels[:1])
    seen = sight(middle)
    if seen.score >= sure or len(pixels) == 1:
        return seen, middle
    batches = [encode(pixels[start : start + BATCH]) for start in range(1, len(pixels), BATCH)]
    encodings = np.concatenate([middle, *batches])
    return sight(encodings), encodings


def _log_odds(weighed: NDArray[np.floating], same_place: NDArray[np.bool_], view: int, own: int) -> float:
    mine = float(weighed[view, own])
    others = np.delete(weighed[same_place], own, axis=1)
    # An object of no known type has the evidence 0.
    return mine - float(np.logaddexp(others.max(), 0) - np.log(2)) if others.size else mine
