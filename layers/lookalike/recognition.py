"""Recognising: a query image against a type, and appending it when it matches."""

import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from aws_lambda_powertools import Logger
from numpy.typing import NDArray

from lookalike import keys
from lookalike.cohort import Cohort
from lookalike.compare_and_swap import ContentionError
from lookalike.decision import Decision, decide
from lookalike.encoder import Encoder
from lookalike.encodings import EncodedImage, Encodings, Origin, Row, now
from lookalike.errors import EncodingsNotReadyError, NotFoundError
from lookalike.images import FORMATS, sniff_format
from lookalike.store import Store

APPEND_ATTEMPTS = 4
"""Compare-and-swaps tried before the image's own event must make the row: keeps answers quick."""

logger = Logger(child=True)


class Appended(NamedTuple):
    """What became of a match: its image's key, whether its row must still be made, and the rows there are."""

    image: str | None
    pending: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Recognition:
    """The answer to a query, and where its time went."""

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
    if encodings and encodings.rows:
        return encodings
    images = store.image_etags(type_id)
    if not images:
        raise NotFoundError(
            f"there is no type {type_id!r}: put reference photos under {keys.images_prefix(type_id)}"
        )
    if encodings and encodings.is_current(images):
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
    cohort: Cohort | None = None,
    append: bool = True,
    filename: str | None = None,
) -> Recognition:
    """Decide whether an image shows an object of a type; if it does, append it to the type.

    Args:
        encoder: encodes the image.
        store: holds the type's encodings.
        type_id: the type asked for.
        image: bytes of an image file.
        threshold: what the score must exceed: the cosine similarity, or by the relative rule its score.
        cohort: the other types, for the relative rule; None for similarity.
        append: whether a match joins the type's images.
        filename: what the image was called, for the name of an appended image.

    Raises:
        ImageError: the image can't be decoded.
        NotFoundError: no such type.
        EncodingsNotReadyError: its encodings are still being built.
        InvalidNameError: the filename can't be part of an image's name.
    """
    started = time.perf_counter()
    encodings = load_encodings(store, type_id)
    loaded = time.perf_counter()
    (encoding,) = encoder.encode([image])
    encoded = time.perf_counter()
    decision = decide(encoding, encodings, threshold, cohort)
    appended = Appended(None, False, len(encodings.rows))
    if append and decision.match:
        appended = append_match(store, encodings, image, encoding, filename)
    return Recognition(
        type_id=type_id,
        decision=decision,
        appended=appended,
        model_id=encoder.model_id,
        encode_ms=(encoded - loaded) * 1000,
        load_ms=(loaded - started) * 1000,
    )


def append_match(
    store: Store, encodings: Encodings, image: bytes, encoding: NDArray[np.float32], filename: str | None
) -> Appended:
    """Save a recognised image, then append its row. The same bytes are appended once.

    If the row can't be appended for other writers, the saved image's own event makes it later.

    Args:
        store: the bucket.
        encodings: the type's encodings as the decision saw them.
        image: bytes of the image file.
        encoding: its encoding, (dimension,).
        filename: what the image was called.
    """
    digest = keys.content_digest(image)
    if _holds(encodings, digest):
        return Appended(None, False, len(encodings.rows))
    image_format = sniff_format(image)
    key = keys.image_key(encodings.type_id, keys.recognized_name(digest, image_format, filename))
    etag = store.add_recognized_image(key, image, FORMATS[image_format])
    added = EncodedImage(Row(key, etag, Origin.RECOGNIZED, now()), encoding)

    def append_row(current: Encodings) -> Encodings:
        return current if current.etags().get(key) == etag else current.append([added])

    try:
        current = store.update_encodings(encodings.type_id, append_row, APPEND_ATTEMPTS)
    except ContentionError:
        logger.warning("the row is left to the image's event", image=key)
        return Appended(key, True, len(encodings.rows))
    return Appended(key, False, len(current.rows))


def _holds(encodings: Encodings, digest: str) -> bool:
    return any(row.origin is Origin.RECOGNIZED and digest in row.image for row in encodings.rows)
