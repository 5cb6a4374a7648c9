"""Rebuilding: make a type's encodings match its images."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError
from numpy.typing import NDArray

from lookalike.errors import EncodingsNotReadyError, ImageError, InvalidBoxError, NotFoundError
from lookalike.image_versions import LookedAt, Version, etag_of, list_versions, versions_of
from lookalike.keys import claim_key
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Rejection, Row, now
from lookalike.storage.bucket import StoredObject
from lookalike.storage.claims import claimed
from lookalike.storage.provenance import BOX, from_metadata
from lookalike.storage.store import MAX_IMAGES, Store, too_many_images
from lookalike.vision.encoder import BATCH, Encoder

READERS = 4
"""Images read at a time: keeps the cores busy while S3 is waited for."""

DECODERS = 2
"""Images decoded at a time: bounds memory, at what `lookalike.vision.images.MAX_PIXELS_OF` allows each."""

AHEAD = 2 * BATCH
"""Images that may be read before they are encoded: bounds memory."""

SAVE_SECONDS = 30
"""How long encoding goes on before what is done is saved: bounds what a killed rebuild loses."""

SAVE_ATTEMPTS = 12
"""Compare-and-swaps tried before what was encoded is given up: nobody waits for an answer."""

CLAIM_SECONDS = 20
"""How long a claim holds after the deadline: time for saving."""

MOST_UNREAD = 8
"""Images that S3 may fail to give before a rebuild gives up: then S3 fails, not one of its objects."""

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
_decoding = threading.Semaphore(DECODERS)

StorageError = ClientError | BotoCoreError
Outcome = EncodedImage | Rejection | StorageError | None
"""What came of a version of an image; None if it is gone."""
Look = Callable[[Encodings, LookedAt], dict[str, str]]
"""Looks at images: gets encodings that were read before; gives the version of each image, by its key."""
Prepared = tuple[Row, NDArray[np.uint8]] | Rejection | StorageError | None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What rebuilding a type has changed.

    Attributes:
        rows: how many rows there are now.
        added: how many rows were made.
        removed: how many rows were dropped, of images that are gone or have changed.
        rejected: the images that can't be encoded.
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


def bring_up_to_date(
    encoder: Encoder,
    store: Store,
    type_id: str,
    deadline: float,
    named: Collection[str] = (),
    *,
    everything: bool = False,
) -> Rebuilt:
    """Look at the images that messages name; at all of them if that is asked, or if the type was never built.

    One function at a time looks at all images of a type.

    Args:
        encoder: encodes the images.
        store: the bucket.
        type_id: the type.
        deadline: when to stop, in `time.monotonic()` seconds; what was encoded by then is saved.
        named: keys of the images that messages tell of.
        everything: whether to look at all images.

    Raises:
        ClaimedError: another function looks at all its images.
        ContentionError: others wrote the encodings each time.
        TooManyImagesError: it has more images than a type may have.
    """
    if not everything:
        with suppress(EncodingsNotReadyError):
            return rebuild_named(encoder, store, type_id, deadline, named)
    seconds = max(deadline - time.monotonic(), 0) + CLAIM_SECONDS
    with claimed(store.work, claim_key(store.model_id, type_id), seconds):
        if not everything:
            # Another may just have built it; the other images are then left to their own messages.
            with suppress(EncodingsNotReadyError):
                return rebuild_named(encoder, store, type_id, deadline, named)
        return rebuild(encoder, store, type_id, deadline, named)


def rebuild(
    encoder: Encoder, store: Store, type_id: str, deadline: float, named: Collection[str] = ()
) -> Rebuilt:
    """Reconcile a type's encodings with all its images.

    Any order and number of calls gives the same result; without a change nothing is written. Images that come
    while it runs are left to their own messages.

    Args:
        encoder: encodes the images.
        store: the bucket.
        type_id: the type.
        deadline: when to stop, in `time.monotonic()` seconds; what was encoded by then is saved.
        named: keys of the images that messages tell of: their metadata may be others now.

    Raises:
        ContentionError: others wrote the encodings each time.
        TooManyImagesError: it has more images than a type may have.
    """
    ours: set[str] = set()

    def look(current: Encodings, looked_at: LookedAt) -> dict[str, str]:
        listed, known = list_versions(store, current, named, looked_at), current.etags()
        if not ours:
            ours.update(listed, known)
        return {key: version for key, version in listed.items() if key in ours or key in known}

    return _reconcile_until_still(encoder, store, type_id, deadline, look)


def rebuild_named(
    encoder: Encoder, store: Store, type_id: str, deadline: float, named: Collection[str]
) -> Rebuilt:
    """Reconcile a built type's encodings with some of its images; nothing is listed.

    Args:
        encoder: encodes the images.
        store: the bucket.
        type_id: the type.
        deadline: when to stop, in `time.monotonic()` seconds; what was encoded by then is saved.
        named: keys of the images.

    Raises:
        EncodingsNotReadyError: the type is not built: all its images must be looked at.
        ContentionError: others wrote the encodings each time.
        TooManyImagesError: it would have more images than a type may have.
    """
    was_built = False

    def look(current: Encodings, looked_at: LookedAt) -> dict[str, str]:
        nonlocal was_built
        # Its last row may go meanwhile; but encodings that vanish meanwhile must be built anew.
        was_built = current.is_built or (was_built and current.complete and current.built_at is not None)
        if not was_built:
            raise EncodingsNotReadyError(f"type {type_id!r} is not built", [type_id])
        known = current.etags()
        there = [image for image in _readers.map(store.head_image, sorted(named)) if image]
        others = {key: etag for key, etag in known.items() if key not in named}
        found = others | versions_of(current, there, looked_at)
        if len(found) > max(MAX_IMAGES, len(known)):
            raise too_many_images(type_id)
        return found

    return _reconcile_until_still(encoder, store, type_id, deadline, look)


def _reconcile_until_still(
    encoder: Encoder, store: Store, type_id: str, deadline: float, look: Look
) -> Rebuilt:
    """Look, encode and save, until a look finds nothing to do: an image removed meanwhile leaves no row."""
    outcomes: dict[Version, Outcome] = {}
    rebuilt = Rebuilt(type_id)
    while True:
        # The encodings are read before the images: one appended in between is seen, and its row is never
        # taken for that of an image that is gone.
        stored, _ = store.read_encodings(type_id)
        current = stored or store.no_encodings(type_id)
        found = look(current, _entries(outcomes))
        missing = [(key, found[key]) for key in current.missing_from(found)]
        new = [version for version in missing if version not in outcomes]
        failures = [outcome for outcome in outcomes.values() if isinstance(outcome, StorageError)]
        rebuilt = replace(rebuilt, rows=len(current.rows), failure=failures[0] if failures else None)
        if not new and _reconcile(current, found, outcomes) is current:
            return replace(rebuilt, complete=True)
        if outcomes and (time.monotonic() >= deadline or len(failures) >= MOST_UNREAD):
            return rebuilt
        outcomes.update(_encode(encoder, store, new, min(time.monotonic() + SAVE_SECONDS, deadline)))
        rebuilt = _save(store, rebuilt, outcomes, current, found, look)


def _save(
    store: Store,
    rebuilt: Rebuilt,
    outcomes: Mapping[Version, Outcome],
    seen: Encodings,
    found: Mapping[str, str],
    look: Look,
) -> Rebuilt:
    """Write what came of the images by compare-and-swap, which costs no encoding when it is tried again.

    Args:
        store: the bucket.
        rebuilt: what was changed so far.
        outcomes: what came of the images.
        seen: the encodings that were read before the look.
        found: version of each image, by key, as the look found it.
        look: looks again.
    """
    before = after = seen

    def change(current: Encodings) -> Encodings:
        nonlocal before, after
        # What others have written meanwhile is only changed by a look that is newer.
        fresh = current is seen or not (current.etags() or seen.etags())
        images = found if fresh else look(current, _entries(outcomes))
        before, after = current, _reconcile(current, images, outcomes)
        return after

    store.update_encodings(rebuilt.type_id, change, SAVE_ATTEMPTS)
    rows, rows_before = set(after.rows), set(before.rows)
    return replace(
        rebuilt,
        rows=len(rows),
        added=rebuilt.added + len(rows - rows_before),
        removed=rebuilt.removed + len(rows_before - rows),
        rejected=(*rebuilt.rejected, *(e for e in after.rejected if e not in before.rejected)),
    )


def _reconcile(
    current: Encodings, listed: Mapping[str, str], outcomes: Mapping[Version, Outcome]
) -> Encodings:
    """What the encodings should be, by the listed images (key to version); the same object if they are that.

    They are complete once something came of each image. An image whose version is more than its ETag has
    no valid row yet.
    """
    kept = current.keep_only(listed)
    missing = [(key, listed[key]) for key in kept.missing_from(listed)]
    found = [outcomes[version] for version in missing if version in outcomes]
    encoded = [outcome for outcome in found if isinstance(outcome, EncodedImage)]
    rejected = [outcome for outcome in found if isinstance(outcome, Rejection)]
    complete = current.is_built or len(found) == len(missing)
    unchanged = not encoded and not rejected and len(kept.etags()) == len(current.etags())
    if unchanged and complete == current.complete:
        return current
    return replace(kept.append(encoded, rejected), complete=complete)


def _entries(outcomes: Mapping[Version, Outcome]) -> dict[Version, Row | Rejection]:
    """The row or rejection that came of each version, of those that have one."""
    rows = {
        version: outcome.row for version, outcome in outcomes.items() if isinstance(outcome, EncodedImage)
    }
    return rows | {
        version: outcome for version, outcome in outcomes.items() if isinstance(outcome, Rejection)
    }


def _encode(
    encoder: Encoder, store: Store, versions: Sequence[Version], save_at: float
) -> Iterator[tuple[Version, Outcome]]:
    """What comes of versions of images, until it is time to save: of at least one batch.

    While a batch is encoded, the next images are read and decoded.
    """
    waiting = iter(versions)

    def read_ahead(count: int) -> Iterator[tuple[Version, Future[Prepared]]]:
        for version in islice(waiting, count):
            yield version, _readers.submit(_prepare, encoder, store, version)

    reading = deque(read_ahead(AHEAD))
    encoded_any, unread = False, 0
    try:
        while reading and unread < MOST_UNREAD:
            if encoded_any and time.monotonic() >= save_at:
                return
            asked, rows, pixels = [], [], []
            for _ in range(min(BATCH, len(reading))):
                version, future = reading[0]
                # A read that hangs must not keep what was encoded from being saved.
                wait([future], max(0, save_at - time.monotonic()) if encoded_any else None)
                if not future.done():
                    break
                prepared = future.result()
                reading.popleft()
                reading.extend(read_ahead(1))
                if isinstance(prepared, tuple):
                    asked.append(version)
                    rows.append(prepared[0])
                    pixels.append(prepared[1])
                elif isinstance(prepared, Rejection):
                    yield _found(version, prepared), prepared
                else:
                    unread += prepared is not None
                    yield version, prepared
            if rows:
                encodings = encoder.encode_pixels(np.stack(pixels))
                for version, row, encoding in zip(asked, rows, encodings, strict=True):
                    yield _found(version, row), EncodedImage(row, encoding)
            encoded_any = True
    finally:
        for _, future in reading:
            future.cancel()


def _found(asked: Version, entry: Row | Rejection) -> Version:
    """The version that was found: the one asked for, or that of other bytes, which came meanwhile."""
    return asked if entry.etag == etag_of(asked[1]) else (entry.image, entry.etag)


def _prepare(encoder: Encoder, store: Store, version: Version) -> Prepared:
    """Read and decode an image: its row and pixels, or why there are none; None if it is gone."""
    key, etag = version[0], etag_of(version[1])
    try:
        image = store.get_image(key)
    except NotFoundError:
        return None
    except ImageError as error:
        return Rejection(key, etag, str(error), now())
    except (ClientError, BotoCoreError) as error:
        return error
    came = image.modified.isoformat()
    try:
        row = from_metadata(image.metadata).row(key, image.etag, came)
        with _decoding:
            return row, _preprocess(encoder, image, row)
    except (ImageError, InvalidBoxError) as error:
        return Rejection(key, image.etag, str(error), came, image.metadata.get(BOX))


def _preprocess(encoder: Encoder, image: StoredObject, row: Row) -> NDArray[np.uint8]:
    """What is encoded of an image: its middle, the square around its box, or the window that matched."""
    if row.box and row.origin is Origin.RECOGNIZED:
        return encoder.preprocess_window(image.data, row.box)
    return encoder.preprocess(image.data, row.box)
