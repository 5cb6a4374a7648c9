"""Rebuilding: bring a type's encodings to what its images say."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from lookalike.encoder import Encoder
from lookalike.encodings import EncodedImage, Encodings, Rejection, Row, now
from lookalike.errors import ImageError, NotFoundError
from lookalike.store import Store

BATCH = 16
"""Images encoded at once: bounds memory; more are no faster."""

READERS = 4
"""Images read at a time: keeps the cores busy while S3 is waited for."""

DECODERS = 2
"""Images decoded at a time: bounds memory, at what `lookalike.images.MAX_PIXELS_OF` allows each."""

AHEAD = 2 * BATCH
"""Images that may be read before they are encoded: bounds memory."""

SAVE_SECONDS = 30
"""How long encoding goes on before what is done is saved: bounds what a killed rebuild loses."""

_decoding = threading.Semaphore(DECODERS)

Outcome = EncodedImage | Rejection
Prepared = tuple[Row, NDArray[np.uint8]] | Rejection | None


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
    """

    type_id: str
    rows: int = 0
    added: int = 0
    removed: int = 0
    rejected: tuple[Rejection, ...] = ()
    complete: bool = False

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
        if time.monotonic() >= deadline:
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
        new = {
            key: listed[key] for key in missing if key not in outcomes or _etag(outcomes[key]) != listed[key]
        }
        for key in new:
            outcomes.pop(key, None)
        complete = _encode(encoder, store, new, outcomes, save_at)
        found = [outcomes[key] for key in missing if key in outcomes]
        encoded = [outcome for outcome in found if isinstance(outcome, EncodedImage)]
        rejected = tuple(outcome for outcome in found if isinstance(outcome, Rejection))
        removed = len(current.rows) - len(kept.rows)
        unchanged = not found and len(kept.etags()) == len(current.etags())
        after = current if unchanged else kept.append(encoded, rejected)
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
    threads = ThreadPoolExecutor(READERS, thread_name_prefix="read")

    def read_ahead(count: int) -> Iterator[Future[Prepared]]:
        for key, etag in islice(waiting, count):
            # In a copy of the context, so that what holds for this rebuild holds for its reading too.
            yield threads.submit(copy_context().run, _prepare, encoder, store, key, etag)

    try:
        reading = deque(read_ahead(AHEAD))
        encoded_any = False
        while reading:
            if encoded_any and time.monotonic() >= save_at:
                return False
            rows, pixels = [], []
            for _ in range(min(BATCH, len(reading))):
                prepared = reading.popleft().result()
                reading.extend(read_ahead(1))
                if isinstance(prepared, Rejection):
                    outcomes[prepared.image] = prepared
                elif prepared:
                    rows.append(prepared[0])
                    pixels.append(prepared[1])
            if rows:
                for row, encoding in zip(rows, encoder.encode_pixels(np.stack(pixels)), strict=True):
                    outcomes[row.image] = EncodedImage(row, encoding)
            encoded_any = True
        return True
    finally:
        # What was encoded is saved at once, even if a read hangs.
        threads.shutdown(wait=False, cancel_futures=True)


def _prepare(encoder: Encoder, store: Store, key: str, listed_etag: str) -> Prepared:
    """Read and decode a listed image: its row and pixels, or why it has none; None if it is gone."""
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


def _etag(outcome: Outcome) -> str:
    return outcome.row.etag if isinstance(outcome, EncodedImage) else outcome.etag
