"""Rebuilding: bring a type's encodings to what its images say."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError
from numpy.typing import NDArray

from lookalike.errors import ImageError, NotFoundError
from lookalike.matching.encodings import EncodedImage, Encodings, Rejection, Row, now
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder

BATCH = 16
"""Images encoded at once: bounds memory; more are no faster."""

READERS = 4
"""Images read at a time: keeps the cores busy while S3 is waited for."""

DECODERS = 2
"""Images decoded at a time: bounds memory, at what `lookalike.vision.images.MAX_PIXELS_OF` allows each."""

AHEAD = 2 * BATCH
"""Images that may be read before they are encoded: bounds memory."""

SAVE_SECONDS = 30
"""How long encoding goes on before what is done is saved: bounds what a killed rebuild loses."""

MOST_UNREAD = 8
"""Images that S3 may fail to give before a rebuild gives up: then S3 fails, not one of its objects."""

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
_decoding = threading.Semaphore(DECODERS)

StorageError = ClientError | BotoCoreError
Outcome = EncodedImage | Rejection | StorageError
Prepared = tuple[Row, NDArray[np.uint8]] | Rejection | StorageError | None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What rebuilding a type has changed.

    Attributes:
        type_id: the type.
        rows: how many rows there are now.
        added: how many rows were made.
        removed: how many rows were dropped, of images that are gone or have changed.
        rejected: the images found to be impossible to encode.
        complete: False if time ran out before all images were encoded; the next run goes on from there.
        failure: why S3 did not give an image, which has no row then; the next run tries again. Else None.
    """

    type_id: str
    rows: int = 0
    added: int = 0
    removed: int = 0
    rejected: tuple[Rejection, ...] = ()
    complete: bool = False
    failure: StorageError | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.added or self.removed or self.rejected)


def rebuild(encoder: Encoder, store: Store, type_id: str, deadline: float) -> Rebuilt:
    """Reconcile a type's encodings with its images.

    Any order and number of calls gives the same result; without a change nothing is written.

    Args:
        encoder: encodes the images.
        store: the bucket.
        type_id: the type.
        deadline: when to stop, in `time.monotonic()` seconds; what was encoded by then is saved.

    Raises:
        ContentionError: others wrote the encodings each time.
    """
    outcomes: dict[str, Outcome] = {}
    total = Rebuilt(type_id)
    while not total.complete:
        step = _reconcile(encoder, store, type_id, outcomes, min(time.monotonic() + SAVE_SECONDS, deadline))
        total = Rebuilt(
            type_id,
            rows=step.rows,
            added=total.added + step.added,
            removed=total.removed + step.removed,
            rejected=(*total.rejected, *step.rejected),
            complete=step.complete,
        )
        unread = [outcome for outcome in outcomes.values() if isinstance(outcome, StorageError)]
        total = replace(total, failure=unread[0] if unread else None)
        if time.monotonic() >= deadline or len(unread) >= MOST_UNREAD:
            break
    return total


def _reconcile(
    encoder: Encoder, store: Store, type_id: str, outcomes: dict[str, Outcome], save_at: float
) -> Rebuilt:
    """One compare-and-swap; `outcomes` keeps what was encoded, so that a lost race costs no encoding."""
    result = Rebuilt(type_id)

    def change(current: Encodings) -> Encodings:
        nonlocal result
        # The encodings were read before this listing: an image appended in between is in the listing, and its
        # row is never taken for that of an image that is gone.
        listed = store.image_etags(type_id)
        kept = current.keep_only(listed)
        missing = kept.missing_from(listed)
        new = {key: listed[key] for key in missing if _etag(outcomes.get(key)) != listed[key]}
        for key in new:
            outcomes.pop(key, None)
        complete = _encode(encoder, store, new, outcomes, save_at)
        found = [outcomes[key] for key in missing if key in outcomes]
        encoded = [outcome for outcome in found if isinstance(outcome, EncodedImage)]
        rejected = tuple(outcome for outcome in found if isinstance(outcome, Rejection))
        removed = len(current.rows) - len(kept.rows)
        unchanged = not found and len(kept.etags()) == len(current.etags())
        first = not current.complete or not current.etags()
        if not unchanged or (complete and not current.complete):
            after = replace(kept.append(encoded, rejected), complete=complete or not first)
        else:
            after = current
        result = Rebuilt(type_id, len(after.rows), len(encoded), removed, rejected, complete)
        return after

    store.update_encodings(type_id, change)
    return result


def _encode(
    encoder: Encoder, store: Store, listed: Mapping[str, str], outcomes: dict[str, Outcome], save_at: float
) -> bool:
    """Encode listed images (key to ETag) into `outcomes`, at least one batch; whether all were in time.

    While a batch is encoded, the next images are read and decoded.
    """
    waiting = iter(listed.items())

    def read_ahead(count: int) -> Iterator[tuple[str, Future[Prepared]]]:
        for key, etag in islice(waiting, count):
            yield key, _readers.submit(_prepare, encoder, store, key, etag)

    reading = deque(read_ahead(AHEAD))
    encoded_any, unread = False, 0
    try:
        while reading and unread < MOST_UNREAD:
            if encoded_any and time.monotonic() >= save_at:
                return False
            rows, pixels = [], []
            for _ in range(min(BATCH, len(reading))):
                key, future = reading[0]
                # A read that hangs must not keep what was encoded from being saved.
                wait([future], max(0, save_at - time.monotonic()) if encoded_any else None)
                if not future.done():
                    break
                prepared = future.result()
                reading.popleft()
                reading.extend(read_ahead(1))
                if isinstance(prepared, tuple):
                    rows.append(prepared[0])
                    pixels.append(prepared[1])
                elif prepared:
                    outcomes[key] = prepared
                    unread += isinstance(prepared, StorageError)
            if rows:
                for row, encoding in zip(rows, encoder.encode_pixels(np.stack(pixels)), strict=True):
                    outcomes[row.image] = EncodedImage(row, encoding)
            encoded_any = True
        return not reading
    finally:
        for _, future in reading:
            future.cancel()


def _prepare(encoder: Encoder, store: Store, key: str, listed_etag: str) -> Prepared:
    """Read and decode a listed image: its row and pixels, or why there are none; None if it is gone."""
    etag = listed_etag
    try:
        image = store.get_image(key)
        etag = image.etag
        row = Row(key, etag, time=image.modified.isoformat(), **image.provenance._asdict())
        with _decoding:
            return row, encoder.preprocess(image.data)
    except NotFoundError:
        return None  # deleted since it was listed
    except ImageError as error:
        return Rejection(key, etag, str(error), now())
    except (ClientError, BotoCoreError) as error:
        return error


def _etag(outcome: Outcome | None) -> str | None:
    """Which version of its image an outcome is about; None if that must be read again."""
    if isinstance(outcome, EncodedImage):
        return outcome.row.etag
    return outcome.etag if isinstance(outcome, Rejection) else None
