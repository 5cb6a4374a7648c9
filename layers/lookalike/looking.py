"""Looking: which parts of a query photo are encoded, and what they say of a type."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ImageError
from lookalike.matching.decision import Decision, decide, decide_anywhere
from lookalike.matching.encodings import Encodings
from lookalike.matching.policy import Policy
from lookalike.matching.rules import RULES
from lookalike.matching.settings import Look
from lookalike.vision.boxes import Box
from lookalike.vision.encoder import Encoder
from lookalike.vision.views import Views, cut_middle, cut_views

DECODERS = 2
"""Photos decoded at a time: bounds memory."""


class Seen(NamedTuple):
    """What was looked at of a query.

    Attributes:
        encodings: of its views, (views, dimension), rows of length 1.
        boxes: where the views are; the first is the middle.
    """

    encodings: NDArray[np.float32]
    boxes: Sequence[Box]


@dataclass(frozen=True, slots=True)
class QueryPhoto:
    """A query.

    Attributes:
        data: the bytes of an image file.
        filename: what it was called, where that is known.
        middle: its middle, where that was encoded before.
        asked_again: whether it may have been asked before: the image that it joined as has no say then.
    """

    data: bytes
    filename: str | None = None
    middle: Seen | None = None
    asked_again: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A query held against a type."""

    seen: Seen
    encodings: Encodings
    policy: Policy
    decision: Decision

    @property
    def encoding(self) -> NDArray[np.float32]:
        """The encoding of the view that decided, (dimension,)."""
        encoding: NDArray[np.float32] = self.seen.encodings[self.decision.view]
        return encoding

    @property
    def box(self) -> Box:
        """Where that view is."""
        return self.seen.boxes[self.decision.view]


def look(
    encoder: Encoder,
    photo: bytes,
    policy: Policy,
    encodings: Callable[[], Encodings],
    middle: Seen | None = None,
) -> Seen:
    """Encode as many views of the query as the policy needs.

    Where the object may be anywhere, this ends with the middle if that shows the type beyond doubt.

    Args:
        encoder: encodes the photo.
        photo: the query, an image file.
        policy: what decides.
        encodings: called for the type's, once the middle is encoded.
        middle: the middle of the photo, where that was encoded before.

    Raises:
        ImageError: the photo can't be decoded.
    """
    views = None
    if middle is None:
        views = cut_for(encoder, photo, policy.look)
        middle = Seen(encoder.encode_pixels(views.pixels[:1]), views.boxes[:1])
    if policy.look is Look.CENTRE:
        return middle
    # Well above the threshold: were it the threshold itself, more photos that show none would be let in.
    sure = RULES[policy.rule].sure(policy.threshold)
    seen = decide_seen(middle, encodings(), policy)
    # Where a counterexample outweighs in the middle, the object may still be elsewhere.
    if seen.score >= sure and not seen.counterexample:
        return middle
    views = views or cut_for(encoder, photo, policy.look)
    others = encoder.encode_pixels(views.pixels[1:])
    return Seen(np.concatenate([middle.encodings, others]), views.boxes)


def look_all_over(encoder: Encoder, photo: bytes, wanted: Look, middle: Seen | None = None) -> Seen:
    """Encode all views of a query: one or many.

    Args:
        encoder: encodes the photo.
        photo: the query, an image file.
        wanted: where to look.
        middle: the middle of the photo, where that was encoded before.

    Raises:
        ImageError: the photo can't be decoded.
    """
    if middle and wanted is Look.CENTRE:
        return middle
    views = cut_for(encoder, photo, wanted)
    return Seen(encoder.encode_pixels(views.pixels), views.boxes)


def encode_middles(encoder: Encoder, photos: Sequence[bytes]) -> list[Seen | ImageError]:
    """The middle of each photo, or what is wrong with it. All at once is faster than one by one."""

    def cut(photo: bytes) -> Views | ImageError:
        try:
            return cut_for(encoder, photo, Look.CENTRE)
        except ImageError as error:
            return error

    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as threads:
        cuts = list(threads.map(cut, photos))
    pixels = [views.pixels for views in cuts if isinstance(views, Views)]
    if not pixels:
        return [views for views in cuts if isinstance(views, ImageError)]
    encodings = iter(encoder.encode_pixels(np.concatenate(pixels)))
    return [
        Seen(next(encodings)[np.newaxis], views.boxes) if isinstance(views, Views) else views
        for views in cuts
    ]


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


def compare(seen: Seen, encodings: Encodings, policy: Policy) -> Comparison:
    """Hold a query against a type."""
    return Comparison(seen, encodings, policy, decide_seen(seen, encodings, policy))
