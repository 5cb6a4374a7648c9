"""Versions: which of a type's images changed since they were encoded.

A listing tells an image's ETag, and that tells of its bytes only. Where the object is, and who put the image
there, lies in its metadata. So that a change of these is noticed too,

- an image that was put later than what is known of it says is taken for another version;
- an image that a message names is asked for its metadata, for times have no more than seconds.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC

from lookalike.errors import InvalidBoxError
from lookalike.matching.encodings import Encodings, Rejection, Row
from lookalike.storage.bucket import StoredObject
from lookalike.storage.provenance import BOX, from_metadata
from lookalike.storage.store import Store

Version = tuple[str, str]
"""An image's key and its version: the ETag, and more where metadata made it another one."""

LookedAt = Mapping[Version, Row | Rejection]
"""What came of versions that were looked at already."""


def list_versions(
    store: Store, current: Encodings, named: Collection[str] = (), looked_at: LookedAt | None = None
) -> dict[str, str]:
    """Version of each image, by key: its ETag where what is known of it holds, if anything is.

    Args:
        store: holds the images.
        current: the type's encodings, read before this.
        named: keys of images whose metadata may have changed.
        looked_at: what came of versions that were looked at already.
    """
    known = _entries(current)
    versions = {}
    for listed in store.all_images(current.type_id):
        image: StoredObject | None = listed
        entry = known.get(listed.key)
        if entry and entry.etag == listed.etag and listed.key in named:
            image = store.head_image(listed.key)
        if image:
            versions[image.key] = _version(image, entry, image is not listed, looked_at)
    return versions


def versions_of(
    current: Encodings, images: Iterable[StoredObject], looked_at: LookedAt | None = None
) -> dict[str, str]:
    """Version of each of some images, by key, as `list_versions` has it.

    Args:
        current: the type's encodings, read before the images.
        images: the images, with their metadata.
        looked_at: what came of versions that were looked at already.
    """
    known = _entries(current)
    return {image.key: _version(image, known.get(image.key), True, looked_at) for image in images}


def etag_of(version: str) -> str:
    """The ETag that a version has."""
    return version.partition(" ")[0]


def _entries(current: Encodings) -> dict[str, Row | Rejection]:
    return {row.image: row for row in current.rows} | {entry.image: entry for entry in current.rejected}


def _version(
    image: StoredObject, entry: Row | Rejection | None, has_metadata: bool, looked_at: LookedAt | None
) -> str:
    if entry is None or entry.etag != image.etag:
        return image.etag
    version = image.etag
    put = image.modified.astimezone(UTC).isoformat(timespec="seconds")
    if put > entry.time:
        version = f"{image.etag} {put}"
    elif has_metadata and not _agrees(image, entry):
        version = f"{image.etag} {image.metadata.get('origin', '')} {image.metadata.get(BOX, '')}"
    return image.etag if looked_at and looked_at.get((image.key, version)) == entry else version


def _agrees(image: StoredObject, entry: Row | Rejection) -> bool:
    if isinstance(entry, Rejection):
        return image.metadata.get(BOX) == entry.box
    try:
        row = from_metadata(image.metadata).row(image.key, image.etag, entry.time)
    except InvalidBoxError:
        return False
    return (row.origin, row.box) == (entry.origin, entry.box)
