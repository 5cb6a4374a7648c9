"""Rebuilding: make a type's encodings match its images."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from lookalike.errors import EncodingsNotReadyError, too_many_images
from lookalike.keys import claim_key
from lookalike.matching.encodings import EncodedImage, Encodings, Rejection, Row
from lookalike.rebuilding.image_reading import MOST_UNREAD, Outcome, StorageError, encode_images, head_images
from lookalike.rebuilding.image_versions import LookedAt, Version, list_versions, versions_of
from lookalike.storage.claims import claimed
from lookalike.storage.store import MAX_IMAGES, Store
from lookalike.vision.encoder import Encoder

SAVE_SECONDS = 30
"""How long encoding goes on before what is done is saved: bounds what a killed rebuild loses."""

SAVE_ATTEMPTS = 12
"""Compare-and-swaps tried before what was encoded is given up: nobody waits for an answer."""

CLAIM_SECONDS = 20
"""How long a claim holds after the deadline: time for saving."""

Look = Callable[[Encodings, LookedAt], dict[str, str]]
"""Looks at images: gets encodings that were read before; gives the version of each image, by its key."""


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
        there = head_images(store, named)
        others = {key: etag for key, etag in known.items() if key not in named}
        found = others | versions_of(current, there, looked_at)
        if len(found) > max(MAX_IMAGES, len(known)):
            raise too_many_images(type_id, MAX_IMAGES)
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
        outcomes.update(encode_images(encoder, store, new, min(time.monotonic() + SAVE_SECONDS, deadline)))
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
