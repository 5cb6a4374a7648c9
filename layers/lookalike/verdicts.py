"""Verdicts: what people decide about photos that are in the buckets. A photo moves to where it belongs.

It is copied first and removed second: a verdict that is interrupted leaves both, never neither, and the next
try finishes it. One at a time moves the photos of a name: a copy has the ETag of what it was copied from, so
what one verdict puts back could be what another is about to remove.
"""

from contextlib import AbstractContextManager, suppress
from enum import StrEnum

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lookalike import keys
from lookalike.errors import InvalidNameError, NotFoundError
from lookalike.keys import Folder
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row, now
from lookalike.storage.bucket import StoredObject
from lookalike.storage.claims import ClaimedError, claimed
from lookalike.storage.compare_and_swap import ATTEMPTS, Conflict, ContentionError, tries
from lookalike.storage.provenance import (
    BOX,
    Provenance,
    from_metadata,
    object_box,
    to_metadata,
    verdict_to_metadata,
)
from lookalike.storage.store import Store
from lookalike.vision.boxes import Box
from lookalike.vision.images import FORMATS, sniff_format


class Verdict(StrEnum):
    """Whether a photo shows an object of the type."""

    IS_ONE = "is_one"
    IS_NOT = "is_not"


logger = Logger(child=True)

CLAIM_SECONDS = 60
"""How long a claim holds should its holder be killed: longer than a function takes to answer."""

FOLDERS = {Verdict.IS_ONE: Folder.IMAGES, Verdict.IS_NOT: Folder.COUNTEREXAMPLES}


def judge(
    store: Store, type_id: str, photo: str, verdict: Verdict, by: str | None = None, box: Box | None = None
) -> str:
    """Move a photo to a type's images, as uploaded, or to its counterexamples; its key from now on.

    Any number of calls gives the same result.

    Args:
        store: the buckets.
        type_id: the type that the verdict is about.
        photo: the key of one of its images or counterexamples, or of a missed photo.
        verdict: whether the photo shows an object of the type.
        by: who says so.
        box: where the object is; what is known of that, if it is left out.

    Raises:
        InvalidNameError: no key of such a photo.
        NotFoundError: there is no such photo, and none was moved from there.
        ImageError: it is no image that we read.
        ContentionError: others changed it each time.
    """
    name = _name(type_id, photo)
    for _ in tries(ATTEMPTS):
        try:
            with _moving(store, type_id, name):
                return _judge(store, type_id, name, photo, verdict, by, box)
        except (ClaimedError, Conflict):
            continue
    raise ContentionError(f"others changed {photo} in each of {ATTEMPTS} attempts")


def take_back(store: Store, type_id: str, name: str, etag: str) -> None:
    """Remove an image that was appended while a person rejected it, if it is rejected still.

    Args:
        store: the buckets.
        type_id: the type that it was appended to.
        name: its name, and that of the counterexample.
        etag: what was appended.

    Raises:
        ContentionError: verdicts about it were under way each time.
    """
    key, counterexample = (keys.image_key(type_id, name, folder) for folder in Folder)
    for _ in tries(ATTEMPTS):
        with suppress(ClaimedError), _moving(store, type_id, name):
            if store.has_image(counterexample):
                with suppress(Conflict):
                    store.bucket.delete_if(key, etag)
            return
    raise ContentionError(f"verdicts about {key} were under way in each of {ATTEMPTS} attempts")


def _moving(store: Store, type_id: str, name: str) -> AbstractContextManager[None]:
    """Be the only one who moves or takes back the photos of a name within the block.

    Raises:
        ClaimedError: another is at it.
    """
    return claimed(store.work, keys.verdict_claim_key(type_id, name), CLAIM_SECONDS)


def _name(type_id: str, photo: str) -> str:
    """The name that a photo keeps wherever it moves."""
    image, missed = keys.parse_image_key(photo), keys.parse_missed_key(photo)
    if image and image.type_id == type_id:
        return image.name
    if missed:
        return missed.name
    raise InvalidNameError(
        f"{photo!r} is no photo to decide about: give the key of an image or counterexample of type "
        f"{type_id!r}, or of a missed photo"
    )


def _judge(
    store: Store, type_id: str, name: str, photo: str, verdict: Verdict, by: str | None, box: Box | None
) -> str:
    found = store.find_photo(photo)
    if found:
        return _move(store, type_id, name, found, verdict, by, box)
    moved = keys.image_key(type_id, name, FOLDERS[verdict])
    if store.moved_from(moved) == photo.removesuffix(name):
        return moved
    raise NotFoundError(f"there is no {photo}")


def _move(
    store: Store,
    type_id: str,
    name: str,
    found: StoredObject,
    verdict: Verdict,
    by: str | None,
    box: Box | None,
) -> str:
    data = found.data
    # A box that is given takes the place of one that may be wrong.
    known = from_metadata({n: value for n, value in found.metadata.items() if not (box and n == BOX)})
    provenance = Provenance(
        Origin.UPLOADED if verdict is Verdict.IS_ONE else Origin.COUNTEREXAMPLE,
        filename=known.filename,
        box=box or object_box(known),
        digest=keys.content_digest(data),
    )
    metadata = to_metadata(provenance) | verdict_to_metadata(verdict, by, now(), found.key.removesuffix(name))
    image_format = sniff_format(data)
    media_type = FORMATS[image_format]
    target = keys.image_key(type_id, name, FOLDERS[verdict])
    there = store.find_photo(target)
    if there and there.data != data:
        # Another photo has this name.
        other_name = f"moved-{keys.recognized_name(data, image_format)}"
        target = keys.image_key(type_id, other_name, FOLDERS[verdict])
        there = store.find_photo(target)
        if there and there.data != data:
            raise Conflict
    expected = there.etag if there else None
    etag = store.bucket.put_if(target, data, media_type, metadata, expected_etag=expected)
    if target != found.key:
        store.remove_photo(found)
    if verdict is Verdict.IS_NOT and known.origin is Origin.UPLOADED and provenance.box == known.box:
        _carry_row(store, type_id, found, provenance.row(target, etag, now()))
    return target


def _carry_row(store: Store, type_id: str, found: StoredObject, row: Row) -> None:
    """Have a rejected photo's encoding count against its like at once, and not only when events have come.

    Only where the same part of the photo is encoded. What prevents it leaves it to the events.
    """

    def carry(current: Encodings) -> Encodings:
        images = [(each.image, each.etag) for each in current.rows]
        if (found.key, found.etag) not in images:
            return current
        encoding = current.matrix[images.index((found.key, found.etag))]
        return current.without([found.key]).append([EncodedImage(row, encoding)])

    try:
        store.update_encodings(type_id, carry)
    except (ContentionError, ClientError, BotoCoreError) as error:
        logger.warning("a rejected photo's row is left to its event", image=row.image, reason=str(error))
