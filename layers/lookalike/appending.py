"""Appending: a match joins the images of its type."""

from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lookalike import keys
from lookalike.errors import TooManyImagesError
from lookalike.looking import Comparison, QueryPhoto, decide_seen
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, now
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.provenance import Provenance
from lookalike.storage.store import MAX_IMAGES, Store
from lookalike.verdicts import take_back
from lookalike.vision.boxes import round_box
from lookalike.vision.images import FORMATS, sniff_format

APPEND_ATTEMPTS = 4
"""Compare-and-swaps tried before the image's own event must make the row: keeps answers quick."""

MOST_WAITING = 1000
"""Images that may wait for their rows; a type that they could fill is listed before a match joins."""

logger = Logger(child=True)


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
    if held := encodings.find_recognized(digest):
        # It may have been removed between an append and the check below, which a crash can prevent.
        return replace(unchanged, doubtful=None if store.has_image(held) else held)
    if encodings.is_rejected(digest) or not (_admits(match) and _has_room(store, encodings)):
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
