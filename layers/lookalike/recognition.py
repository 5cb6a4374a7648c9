"""Recognising: a query image against a type, and appending it when it matches."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from numpy.typing import NDArray

from lookalike import keys
from lookalike.errors import EncodingsNotReadyError, NotFoundError
from lookalike.matching.decision import Decision, decide
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row, now
from lookalike.matching.gallery import Gallery
from lookalike.matching.settings import DEFAULTS, TypeSettings
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.provenance import Provenance
from lookalike.storage.store import MAX_IMAGES, Store
from lookalike.vision.encoder import Encoder
from lookalike.vision.images import FORMATS, sniff_format

APPEND_ATTEMPTS = 4
"""Compare-and-swaps tried before the image's own event must make the row: keeps answers quick."""

logger = Logger(child=True)
_threads = ThreadPoolExecutor(thread_name_prefix="read")


class Appended(NamedTuple):
    """What became of a match.

    Attributes:
        image: the key of its image; None if it was not appended.
        pending: whether its row is left to the image's event.
        rows: how many rows the type has.
        attempts: how often appending the row was tried.
        stale: whether there may be a row whose image is gone, so that a rebuild must be asked for.
    """

    image: str | None
    pending: bool
    rows: int
    attempts: int = 0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Recognition:
    """The answer to a query, and where its time went: encoding, then waiting for the type's encodings."""

    type_id: str
    decision: Decision
    appended: Appended
    model_id: str
    encode_ms: float
    load_ms: float


def load_encodings(store: Store, type_id: str) -> Encodings:
    """A type's encodings, for deciding.

    Raises:
        NotFoundError: there is no such type, or none of its images can be encoded.
        EncodingsNotReadyError: it has images, but its encodings are still being built.
    """
    encodings, _ = store.read_encodings(type_id)
    if encodings and encodings.rows and encodings.complete:
        return encodings
    images = store.image_etags(type_id)
    if not images:
        raise NotFoundError(
            f"there is no type {type_id!r}: put reference photos under {keys.images_prefix(type_id)}"
        )
    if encodings and encodings.is_current(images):
        if encodings.rows:
            return encodings
        raise NotFoundError(
            f"type {type_id!r} has no image that can be encoded: GET /types/{type_id} says why"
        )
    raise EncodingsNotReadyError(f"the encodings of type {type_id!r} are being built: try again in a moment")


def recognize(
    encoder: Encoder,
    store: Store,
    type_id: str,
    image: bytes,
    *,
    threshold: float,
    gallery: Gallery | None = None,
    append: bool = True,
    filename: str | None = None,
    settings: TypeSettings = DEFAULTS,
) -> Recognition:
    """Decide whether an image shows an object of a type; if it does, append it to the type.

    Args:
        encoder: encodes the image.
        store: holds the type's encodings.
        type_id: the type asked for.
        image: bytes of an image file.
        threshold: what the score must exceed: the cosine similarity, or by the relative rule its score.
        gallery: the other types, for the relative rule; None for similarity.
        append: whether a match joins the type's images.
        filename: what the image was called, for the name of an appended image.
        settings: the type's own, for which matches join it.

    Raises:
        ImageError: the image can't be decoded.
        NotFoundError: no such type.
        EncodingsNotReadyError: its encodings are still being built.
        InvalidNameError: the filename can't be part of an image's name.
    """
    # In a copy of the context, so that what holds for this request holds for its reading too.
    reading = _threads.submit(copy_context().run, load_encodings, store, type_id)
    started = time.perf_counter()
    try:
        (encoding,) = encoder.encode([image])
    finally:
        encoded = time.perf_counter()
        # What is wrong with the type is told before what is wrong with the photo.
        encodings = reading.result()
    loaded = time.perf_counter()
    decision = decide(encoding, encodings, threshold, gallery)
    appended = Appended(None, False, len(encodings.rows))
    if append and decision.match:
        appended = append_match(
            store, encodings, image, encoding, decision, filename=filename, settings=settings, gallery=gallery
        )
    return Recognition(
        type_id=type_id,
        decision=decision,
        appended=appended,
        model_id=encoder.model_id,
        encode_ms=(encoded - started) * 1000,
        load_ms=(loaded - encoded) * 1000,
    )


def append_match(
    store: Store,
    encodings: Encodings,
    image: bytes,
    encoding: NDArray[np.float32],
    decision: Decision,
    *,
    filename: str | None = None,
    settings: TypeSettings = DEFAULTS,
    gallery: Gallery | None = None,
) -> Appended:
    """Save a recognised image, then append its row. The same bytes are appended once.

    Of the same bytes recognised under two names at once, the one whose row comes second is removed again;
    should its image's event make the row before, or a crash come between, both stay.

    If the row can't be appended, for other writers or for storage that fails, the saved image's own event
    makes it later.

    Args:
        store: the bucket.
        encodings: the type's encodings as the decision saw them.
        image: bytes of the image file.
        encoding: its encoding, (dimension,).
        decision: why it is appended.
        filename: what the image was called.
        settings: the type's own, for which matches join it.
        gallery: the other types, if the decision was by the relative rule.
    """
    digest = keys.content_digest(image)
    unchanged = Appended(None, False, len(encodings.rows))
    if held := _held(encodings, digest):
        # It may have been removed between an append and the check below, which a crash can prevent.
        return unchanged._replace(stale=store.image_etag(held) is None)
    if not _admits(settings, encodings, encoding, decision.threshold, gallery):
        return unchanged
    image_format = sniff_format(image)
    key = keys.image_key(encodings.type_id, keys.recognized_name(digest, image_format, filename))
    nearest = decision.nearest[0]
    provenance = Provenance(Origin.RECOGNIZED, round(nearest.similarity, 6), nearest.image)
    try:
        etag, provenance = store.add_recognized_image(key, image, FORMATS[image_format], provenance)
    except ContentionError as error:
        logger.warning("a match is not appended", image=key, reason=str(error))
        return unchanged
    row = Row(key, etag, time=now(), **provenance._asdict())
    return _append_row(store, encodings, EncodedImage(row, encoding), digest)


def _append_row(store: Store, encodings: Encodings, added: EncodedImage, digest: str) -> Appended:
    """Append the row of an image that was saved, unless its bytes have joined under another name."""
    key, attempts = added.row.image, 0

    def append(current: Encodings) -> Encodings:
        nonlocal attempts
        attempts += 1
        return current if _held(current, digest) else current.append([added])

    try:
        current = store.update_encodings(encodings.type_id, append, APPEND_ATTEMPTS)
        twin = None if key in current.etags() else _held(current, digest)
        if twin and store.image_etag(twin):
            with contextlib.suppress(NotFoundError):
                store.delete_image(key)
            return Appended(None, False, len(current.rows), attempts)
        # Who removes an image removes its row by the event of that; but an event that came before the row
        # found nothing to remove.
        here = store.image_etag(key) is not None
        left_to_rebuild = twin is not None or not here
        return Appended(
            key if here else None,
            here and left_to_rebuild,
            len(current.rows),
            attempts,
            stale=left_to_rebuild,
        )
    except (ContentionError, ClientError, BotoCoreError) as error:
        logger.warning("the row is left to the image's event", image=key, reason=str(error))
        unknown = not isinstance(error, ContentionError)
        return Appended(key, True, len(encodings.rows), attempts, stale=unknown)


def _admits(
    settings: TypeSettings,
    encodings: Encodings,
    encoding: NDArray[np.float32],
    threshold: float,
    gallery: Gallery | None,
) -> bool:
    """Whether a match may join the type's images."""
    if len(encodings.rows) >= MAX_IMAGES:
        return False
    uploaded = encodings.of_origin(Origin.UPLOADED)
    recognized = len(encodings.rows) - len(uploaded.rows)
    if settings.max_recognized is not None and recognized >= settings.max_recognized:
        return False
    return settings.vouch != "uploaded" or (
        len(uploaded.rows) > 0 and decide(encoding, uploaded, threshold, gallery).match
    )


def _held(encodings: Encodings, digest: str) -> str | None:
    """The key of the recognised image with these bytes, if there is one."""
    keys_held = (row.image for row in encodings.rows if row.origin is Origin.RECOGNIZED)
    return next((key for key in keys_held if digest in key), None)
