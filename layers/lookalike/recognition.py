"""Recognising: a query photo against a type, and appending it when it matches."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from numpy.typing import NDArray

from lookalike import keys
from lookalike.errors import EncodingsNotReadyError, NotFoundError, TooManyImagesError, no_images
from lookalike.looking import Seen, decide_seen, look
from lookalike.matching.decision import Decision
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, now
from lookalike.matching.policy import Policy
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.provenance import Provenance
from lookalike.storage.store import MAX_IMAGES, Store
from lookalike.verdicts import take_back
from lookalike.vision.boxes import Box, round_box
from lookalike.vision.encoder import Encoder
from lookalike.vision.images import FORMATS, sniff_format

APPEND_ATTEMPTS = 4
"""Compare-and-swaps tried before the image's own event must make the row: keeps answers quick."""

MOST_WAITING = 1000
"""Images that may wait for their rows; a type that they could fill is listed before a match joins."""

T = TypeVar("T")

logger = Logger(child=True)
_threads = ThreadPoolExecutor(thread_name_prefix="read")


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


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a match.

    Attributes:
        image: the key of its image; None if it was not appended.
        pending: whether its row is left to the image's event.
        rows: how many rows the type has.
        attempts: how often appending the row was tried.
        doubtful: the key of an image that may be gone while its row is left, so that a rebuild must look at
            it; else None.
    """

    image: str | None = None
    pending: bool = False
    rows: int = 0
    attempts: int = 0
    doubtful: str | None = None


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
    held = _held(encodings, keys.content_digest(photo.data)) if photo.asked_again else None
    if held is None:
        return encodings
    before = encodings.keep_only({image: etag for image, etag in encodings.etags().items() if image != held})
    return before if before.references.rows else encodings


def compare(seen: Seen, encodings: Encodings, policy: Policy) -> Comparison:
    """Hold a query against a type."""
    return Comparison(seen, encodings, policy, decide_seen(seen, encodings, policy))


def append_match(store: Store, photo: QueryPhoto, match: Comparison, *, with_row: bool = True) -> Appended:
    """Save a recognised image, then append the row of the window that matched. The same bytes join once.

    If other writers or a storage error prevent the row, the image's own event adds it later.

    Args:
        store: the bucket.
        photo: the query.
        match: the type that it matches, as the decision saw it.
        with_row: whether to append the row at all.
    """
    encodings, nearest = match.encodings, match.decision.nearest[0]
    unchanged = Appended(rows=len(encodings.references.rows))
    digest = keys.content_digest(photo.data)
    if held := _held(encodings, digest):
        # It may have been removed between an append and the check below, which a crash can prevent.
        return replace(unchanged, doubtful=None if store.has_image(held) else held)
    if is_rejected(encodings, digest) or not (_admits(match) and _has_room(store, encodings)):
        return unchanged
    image_format = sniff_format(photo.data)
    name = keys.recognized_name(photo.data, image_format)
    key = keys.image_key(encodings.type_id, name)
    # A photo without a box is encoded by its middle.
    window = round_box(match.box) if match.decision.view else None
    ours = Provenance(Origin.RECOGNIZED, round(nearest.similarity, 6), nearest.image, photo.filename, window)
    counterexample = keys.image_key(encodings.type_id, name, keys.Folder.COUNTEREXAMPLES)
    try:
        etag, provenance = store.add_recognized_image(key, photo.data, FORMATS[image_format], ours)
        if provenance is ours and store.has_image(counterexample):
            # A person rejected it after these encodings were read.
            take_back(store, encodings.type_id, name, etag)
            return unchanged
    except ContentionError as error:
        logger.warning("a match is not appended", image=key, reason=str(error))
        return unchanged
    # Another query may have found the object elsewhere in this photo, and was first.
    if not with_row or provenance.box != window:
        return replace(unchanged, image=key, pending=True)
    return _append_row(store, encodings, EncodedImage(provenance.row(key, etag, now()), match.encoding))


def _append_row(store: Store, encodings: Encodings, added: EncodedImage) -> Appended:
    """Append the row of an image that was saved, unless it is there."""
    key, attempts = added.row.image, 0

    def append(current: Encodings) -> Encodings:
        nonlocal attempts
        attempts += 1
        if current.etags().get(key) == added.row.etag:
            return current
        # Should the encodings have vanished, the row is but the first of those to be built.
        return replace(current.append([added]), complete=current.is_built)

    try:
        rows = len(store.update_encodings(encodings.type_id, append, APPEND_ATTEMPTS).references.rows)
        # The image may have been removed before its row existed; that event found nothing to delete.
        here = store.has_image(key)
        return Appended(key if here else None, rows=rows, attempts=attempts, doubtful=None if here else key)
    except (ContentionError, ClientError, BotoCoreError) as error:
        logger.warning("the row is left to the image's event", image=key, reason=str(error))
        doubtful = None if isinstance(error, ContentionError) else key
        rows = len(encodings.references.rows)
        return Appended(key, pending=True, rows=rows, attempts=attempts, doubtful=doubtful)


def _admits(match: Comparison) -> bool:
    """Whether a match may join the type's images."""
    encodings, policy = match.encodings, match.policy
    if not policy.admits(match.decision.score):
        return False
    recognized = len(encodings.of_origin(Origin.RECOGNIZED).rows)
    if policy.settings.max_recognized is not None and recognized >= policy.settings.max_recognized:
        return False
    if policy.settings.vouch != "uploaded":
        return True
    vouching = encodings.of_origin(Origin.UPLOADED, Origin.COUNTEREXAMPLE)
    if not vouching.references.rows:
        return False
    vouched = decide_seen(match.seen, vouching, policy)
    return vouched.match and policy.admits(vouched.score) and vouched.view == match.decision.view


def _has_room(store: Store, encodings: Encodings) -> bool:
    """Whether a type may have one more image, whatever became of those that it has."""
    known = len(encodings.rows) + len(encodings.rejected)
    if known < MAX_IMAGES - MOST_WAITING or known >= MAX_IMAGES:
        return known < MAX_IMAGES
    try:
        return len(store.image_etags(encodings.type_id)) < MAX_IMAGES
    except TooManyImagesError:
        return False


def is_rejected(encodings: Encodings, digest: str) -> bool:
    """Whether a person said of these bytes that they show none."""
    return any(row.digest == digest or digest in row.image for row in encodings.counterexamples.rows)


def _held(encodings: Encodings, digest: str) -> str | None:
    """The key of the recognised image with these bytes, if there is one; its name may hold more."""
    keys_held = (row.image for row in encodings.rows if row.origin is Origin.RECOGNIZED)
    return next((key for key in keys_held if digest in key), None)
