"""Query photos too large for the API: put in the bucket first, by a presigned upload."""

from dataclasses import dataclass
from uuid import uuid4

from lookalike import keys
from lookalike.storage.bucket import Bucket, PresignedPost
from lookalike.vision.images import MAX_BYTES

UPLOAD_SECONDS = 900
"""How long a presigned upload may be used."""


@dataclass(frozen=True, slots=True)
class QueryUpload:
    """A presigned POST for one query photo, and the key that the photo gets."""

    post: PresignedPost
    query_key: str


def presign_query_upload(bucket: Bucket, media_type: str) -> QueryUpload:
    """Allow one query photo to be put: bound to its key, its media type and `MAX_BYTES`."""
    query_key = keys.QUERIES_PREFIX + uuid4().hex
    return QueryUpload(bucket.presign_post(query_key, media_type, MAX_BYTES, UPLOAD_SECONDS), query_key)
