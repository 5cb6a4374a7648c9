"""Rebuilding: bring a type's encodings to what its images say."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from lookalike.encoder import Encoder
from lookalike.encodings import EncodedImage, Encodings, Rejection, Row, now
from lookalike.errors import ImageError, NotFoundError
from lookalike.store import Store

BATCH = 8
"""Images encoded at once: bounds memory."""

SAVE_SECONDS = 30
"""How long encoding goes on before what is done is saved: bounds what a killed rebuild loses."""

Outcome = EncodedImage | Rejection


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
    """Encode listed images (key to ETag) into `outcomes`, at least one batch; whether all were in time."""
    for start in range(0, len(listed), BATCH):
        if start and time.monotonic() >= save_at:
            return False
        rows, pixels = [], []
        for key, listed_etag in islice(listed.items(), start, start + BATCH):
            outcomes.pop(key, None)
            etag = listed_etag
            try:
                image = store.get_image(key)
                etag = image.etag
                pixels.append(encoder.preprocess(image.data))
                rows.append(Row(key, etag, time=image.modified.isoformat(), **image.provenance._asdict()))
            except NotFoundError:
                continue  # deleted since it was listed
            except ImageError as error:
                outcomes[key] = Rejection(key, etag, str(error), now())
        if rows:
            for row, encoding in zip(rows, encoder.encode_pixels(np.stack(pixels)), strict=True):
                outcomes[row.image] = EncodedImage(row, encoding)
    return True


def _etag(outcome: Outcome) -> str:
    return outcome.row.etag if isinstance(outcome, EncodedImage) else outcome.etag
