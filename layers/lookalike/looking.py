"""Looking: which parts of a query photo are encoded."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.decision import Decision, decide, decide_anywhere
from lookalike.matching.encodings import Encodings
from lookalike.matching.policy import Policy
from lookalike.matching.rules import RULES
from lookalike.matching.settings import Look
from lookalike.vision.boxes import Box
from lookalike.vision.encoder import Encoder
from lookalike.vision.views import Views, cut_middle, cut_views


class Seen(NamedTuple):
    """What was looked at of a query.

    Attributes:
        encodings: of its views, (views, dimension), rows of length 1.
        boxes: where the views are; the first is the middle.
    """

    encodings: NDArray[np.float32]
    boxes: Sequence[Box]


def look(encoder: Encoder, photo: bytes, policy: Policy, encodings: Callable[[], Encodings]) -> Seen:
    """Encode as many views of the query as the policy needs.

    Where the object may be anywhere, this ends with the middle if that shows the type beyond doubt.

    Args:
        encoder: encodes the photo.
        photo: the query, an image file.
        policy: what decides.
        encodings: called for the type's, once the middle is encoded.

    Raises:
        ImageError: the photo can't be decoded.
    """
    views = cut_for(encoder, photo, policy.look)
    if policy.look is Look.CENTRE:
        return Seen(encoder.encode_pixels(views.pixels), views.boxes)

    middle = Seen(encoder.encode_pixels(views.pixels[:1]), views.boxes[:1])
    # Well above the threshold: were it the threshold itself, more photos that show none would be let in.
    sure = RULES[policy.rule].sure(policy.threshold)
    if decide_seen(middle, encodings(), policy).score >= sure:
        return middle
    others = encoder.encode_pixels(views.pixels[1:])
    return Seen(np.concatenate([middle.encodings, others]), views.boxes)


def cut_for(encoder: Encoder, photo: bytes, wanted: Look) -> Views:
    """The views of a query: the middle alone, or many.

    Raises:
        ImageError: the photo can't be decoded.
    """
    cut = cut_views if wanted is Look.ANYWHERE else cut_middle
    return cut(photo, encoder.description.image_size)


def decide_seen(seen: Seen, encodings: Encodings, policy: Policy) -> Decision:
    """Decide whether a query matches a type, with at least one row, by what was looked at of it."""
    if policy.look is Look.ANYWHERE:
        return decide_anywhere(seen.encodings, seen.boxes, encodings, policy)
    return decide(seen.encodings[0], encodings, policy)
