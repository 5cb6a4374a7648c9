"""Versions: which of a type's images changed since they were encoded.

A listing tells an image's ETag, and that tells of its bytes only. Where the object is, and who put the image
there, lies in its metadata. So that a change of these is noticed too,

- an image that was put later than what is known of it says is taken for another version;
- an image that a message names is asked for its metadata, for times have no more than seconds.
"""

from collections.abc import Collection, Mapping
from datetime import UTC

from lookalike.errors import InvalidBoxError
from lookalike.matching.encodings import Encodings, Rejection, Row
from lookalike.storage.bucket import StoredObject
from lookalike.storage.provenance import BOX, from_metadata
from lookalike.storage.store import Store

Version = tuple[str, str]
"""An image's key and its version: the ETag, and more where metadata made it another one."""


def list_versions(
    store: Store,
    current: Encodings,
    named: Collection[str] = (),
    looked_at: Mapping[Version, Row | Rejection] | None = None,
) -> dict[str, str]:
    """Version of each image, by key: its ETag where what is known of it holds, if anything is.

    Args:
        store: the bucket.
        current: the type's encodings, read before this.
        named: keys of images whose metadata may have changed.
        looked_at: what came of versions that were looked at already.
    """
    known = {row.image: row for row in current.rows} | {entry.image: entry for entry in current.rejected}
    versions = {}
    for image in store.all_images(current.type_id):
        entry = known.get(image.key)
        version = image.etag
        if entry and entry.etag == image.etag:
            put = image.modified.astimezone(UTC).isoformat(timespec="seconds")
            if put > entry.time:
                version = f"{image.etag} {put}"
            elif image.key in named:
                if not (head := store.head_image(image.key)):
                    continue
                version = _version_by_metadata(head, entry)
            if looked_at and looked_at.get((image.key, version)) == entry:
                version = image.etag
        versions[image.key] = version
    return versions


def etag_of(version: str) -> str:
    """The ETag that a version has."""
    return version.partition(" ")[0]


def _version_by_metadata(image: StoredObject, entry: Row | Rejection) -> str:
    if _agrees(image, entry):
        return image.etag
    return f"{image.etag} {image.metadata.get('origin', '')} {image.metadata.get(BOX, '')}"


def _agrees(image: StoredObject, entry: Row | Rejection) -> bool:
    if isinstance(entry, Rejection):
        return image.metadata.get(BOX) == entry.box
    try:
        row = from_metadata(image.metadata).row(image.key, image.etag, entry.time)
    except InvalidBoxError:
        return False
    return (row.origin, row.box) == (entry.origin, entry.box)
