"""Query photos too large for the API: put in the bucket first, by a presigned upload."""

from typing import NamedTuple
from uuid import uuid4

from lookalike import keys
from lookalike.storage.store import Store
from lookalike.vision.images import MAX_BYTES

UPLOAD_SECONDS = 900
"""How long a presigned upload may be used."""


class Upload(NamedTuple):
    """A presigned POST for one query photo."""

    url: str
    fields: dict[str, str]
    query_key: str


def presign_query_upload(store: Store, media_type: str) -> Upload:
    """Allow one query photo to be put: bound to its key, its media type and `MAX_BYTES`."""
    query_key = keys.QUERIES_PREFIX + uuid4().hex
    post = store.client.generate_presigned_post(
        store.bucket,
        query_key,
        Fields={"Content-Type": media_type},
        Conditions=[{"Content-Type": media_type}, ["content-length-range", 1, MAX_BYTES]],
        ExpiresIn=UPLOAD_SECONDS,
    )
    return Upload(post["url"], post["fields"], query_key)
