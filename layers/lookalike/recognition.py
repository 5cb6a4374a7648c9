"""Recognising: a query photo against a type, and appending it when it matches."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from lookalike import keys
from lookalike.appending import Appended, append_match
from lookalike.errors import EncodingsNotReadyError, NotFoundError, no_images
from lookalike.looking import Comparison, QueryPhoto, compare, look
from lookalike.matching.encodings import Encodings
from lookalike.matching.policy import Policy
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder

T = TypeVar("T")

_threads = ThreadPoolExecutor(thread_name_prefix="read")


@dataclass(frozen=True, slots=True)
class Recognition:
    """The answer to a query, and where its time went: encoding, then waiting for the type's encodings.

    With `look=anywhere`, waiting for the type's encodings counts as encoding.
    """

    comparison: Comparison
    appended: Appended
    model_id: str
    encode_ms: float
    load_ms: float


def recognize(
    encoder: Encoder,
    store: Store,
    type_id: str,
    photo: QueryPhoto,
    policy: Policy,
    *,
    append: bool = True,
    with_row: bool = True,
) -> Recognition:
    """Decide whether a photo shows an object of a type; if it does, append it to the type.

    Args:
        encoder: encodes the photo.
        store: holds the type's encodings.
        type_id: the type asked for.
        photo: the query.
        policy: what decides.
        append: whether a match joins the type's images.
        with_row: whether its row is appended, too, instead of being left to the image's event.

    Raises:
        ImageError: the photo can't be decoded.
        NotFoundError: no such type.
        EncodingsNotReadyError: its encodings are still being built.
    """
    reading = read_meanwhile(partial(load_encodings_for, photo, store, type_id))
    started = time.perf_counter()
    try:
        seen = look(encoder, photo.data, policy, reading.result, photo.middle)
    finally:
        encoded = time.perf_counter()
        # A problem with the type is reported before one with the photo.
        encodings = reading.result()
    loaded = time.perf_counter()
    comparison = compare(seen, encodings, policy)
    appended = Appended(rows=len(encodings.references.rows))
    if append and comparison.decision.match:
        appended = append_match(store, photo, comparison, with_row=with_row)
    return Recognition(
        comparison,
        appended,
        model_id=encoder.model_id,
        encode_ms=(encoded - started) * 1000,
        load_ms=(loaded - encoded) * 1000,
    )


def read_meanwhile(read: Callable[[], T]) -> Future[T]:
    """Read in another thread, while this one encodes."""
    # A copy of the context, so that the request's deadline applies in the thread too.
    return _threads.submit(copy_context().run, read)


def load_encodings(store: Store, type_id: str) -> Encodings:
    """A type's encodings, for deciding.

    Raises:
        NotFoundError: there is no such type, or none of its images can be encoded.
        EncodingsNotReadyError: it has images, but its encodings are still being built.
    """
    encodings, _ = store.read_encodings(type_id)
    if encodings and encodings.references.rows and encodings.complete:
        return encodings
    images = store.image_etags(type_id)
    if all(map(keys.is_counterexample, images)):
        raise no_images(type_id)
    if encodings and encodings.is_current(images):
        if encodings.references.rows:
            return encodings
        raise NotFoundError(
            f"type {type_id!r} has no image that can be encoded: GET /types/{type_id} says why"
        )
    raise EncodingsNotReadyError(
        f"the encodings of type {type_id!r} are being built: try again in a moment", [type_id]
    )


def load_encodings_for(photo: QueryPhoto, store: Store, type_id: str) -> Encodings:
    """As `load_encodings`; as the type was before the photo joined it, if it may have been asked before."""
    encodings = load_encodings(store, type_id)
    joined = encodings.find_recognized(keys.content_digest(photo.data)) if photo.asked_again else None
    before = encodings.without([joined]) if joined else encodings
    return before if before.references.rows else encodings
