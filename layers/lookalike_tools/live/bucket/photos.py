"""Photos in the bucket of a live stack: uploaded, listed, read."""

import hashlib
import mimetypes
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image

from lookalike.errors import InvalidBoxError
from lookalike.keys import TYPES_PREFIX, Folder, images_prefix
from lookalike.storage.provenance import BOX, Provenance, from_metadata
from lookalike.vision.boxes import Box, format_box
from lookalike.vision.images import decode
from lookalike_tools.live.stack import Stack, StackError

THREADS = 8
"""A boto3 client keeps 10 connections."""


@dataclass(frozen=True)
class Upload:
    """A photo and the key it gets.

    Attributes:
        key: in the bucket.
        photo: its bytes, or the file that holds them.
        box: its object's.
        metadata: what else is kept with it.
    """

    key: str
    photo: Path | bytes
    box: Box | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        """The photo's bytes."""
        return self.photo.read_bytes() if isinstance(self.photo, Path) else self.photo


def upload_photos(stack: Stack, uploads: Sequence[Upload]) -> Iterator[Upload]:
    """Put photos into the bucket, several at once; yields each when it is there.

    Raises:
        StackError: a photo can't be put.
    """
    s3 = stack.client("s3")

    def put(upload: Upload) -> Upload:
        media_type = mimetypes.guess_type(upload.key)[0] or "application/octet-stream"
        box = {BOX: format_box(upload.box)} if upload.box else {}
        try:
            s3.put_object(
                Bucket=stack.bucket,
                Key=upload.key,
                Body=upload.read(),
                ContentType=media_type,
                Metadata=upload.metadata | box,
            )
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"{upload.key} can't be put into {stack.bucket}: {error}") from None
        return upload

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(put, uploads)


def list_etags(
    stack: Stack, type_ids: Sequence[str], folder: Folder = Folder.IMAGES
) -> Iterator[dict[str, str]]:
    """The ETag of each image of a type, or each counterexample, by its key, type after type.

    Raises:
        StackError: the bucket can't be listed.
    """
    pages = stack.client("s3").get_paginator("list_objects_v2")

    def list_type(type_id: str) -> dict[str, str]:
        try:
            listed = pages.paginate(Bucket=stack.bucket, Prefix=images_prefix(type_id, folder))
            return {entry["Key"]: entry["ETag"] for page in listed for entry in page.get("Contents", [])}
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"the bucket {stack.bucket} can't be listed: {error}") from None

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(list_type, type_ids)


def read_boxes(stack: Stack, keys: Collection[str]) -> dict[str, str]:
    """The boxes of images in the bucket, as they are written there, by key; those without have none.

    Raises:
        StackError: an image can't be read.
    """
    s3 = stack.client("s3")

    def read(key: str) -> str | None:
        try:
            metadata = s3.head_object(Bucket=stack.bucket, Key=key)["Metadata"]
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"{key} can't be read: {error}") from None
        return str(metadata[BOX]) if BOX in metadata else None

    with ThreadPoolExecutor(THREADS) as threads:
        found = zip(keys, threads.map(read, keys), strict=True)
        return {key: box for key, box in found if box is not None}


@dataclass(frozen=True)
class StoredPhoto:
    """A photo of the bucket: its bytes, its metadata, and its version's id."""

    data: bytes
    metadata: dict[str, str]
    version: str

    @property
    def provenance(self) -> Provenance:
        """What its metadata says; a box that is none counts as missing."""
        try:
            return from_metadata(self.metadata)
        except InvalidBoxError:
            return from_metadata({name: value for name, value in self.metadata.items() if name != BOX})


def read_photo(stack: Stack, key: str) -> StoredPhoto:
    """A photo of the bucket.

    Raises:
        StackError: it can't be read.
    """
    s3 = stack.client("s3")
    try:
        stored = s3.get_object(Bucket=stack.bucket, Key=key)
        data = stored["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{key} can't be read: {error}") from None
    return StoredPhoto(data, stored["Metadata"], stored.get("VersionId", "null"))


def restore_photo(stack: Stack, key: str, version: str | None = None) -> None:
    """Make a photo what it was: the bucket keeps removed and replaced photos for some time.

    Args:
        stack: the live stack.
        key: of the photo.
        version: the id of the version that comes back; the last one if None.

    Raises:
        StackError: it is not kept any more, or can't be brought back.
    """
    s3 = stack.client("s3")
    try:
        version = version or _last_version(s3, stack.bucket, key)
        # A copy, and not the end of its removal: it has an event, by which it is encoded again.
        source = {"Bucket": stack.bucket, "Key": key, "VersionId": version}
        s3.copy_object(Bucket=stack.bucket, Key=key, CopySource=source)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{key} can't be brought back: {error}") from None


def _last_version(s3: Any, bucket: str, key: str) -> str:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    versions = [each for page in pages for each in page.get("Versions", []) if each["Key"] == key]
    if not versions:
        raise StackError(f"{key} is not kept any more")
    last: str = max(versions, key=lambda each: each["LastModified"])["VersionId"]
    return last


@dataclass(frozen=True)
class MissedPhoto:
    """A photo that did not match, as the work bucket keeps it."""

    data: bytes
    media_type: str
    metadata: dict[str, str]


def read_missed(stack: Stack, key: str) -> MissedPhoto:
    """A photo that did not match, and was kept.

    Raises:
        StackError: it can't be read.
    """
    try:
        stored = stack.client("s3").get_object(Bucket=stack.work_bucket, Key=key)
        return MissedPhoto(stored["Body"].read(), stored["ContentType"], stored["Metadata"])
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{key} can't be read: {error}") from None


def put_missed(stack: Stack, key: str, photo: MissedPhoto) -> None:
    """Put a photo that did not match where it was.

    Raises:
        StackError: it can't be put.
    """
    try:
        stack.client("s3").put_object(
            Bucket=stack.work_bucket,
            Key=key,
            Body=photo.data,
            ContentType=photo.media_type,
            Metadata=photo.metadata,
        )
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{key} can't be put into {stack.work_bucket}: {error}") from None


def content_etag(data: bytes) -> str:
    """The ETag that S3 gives an object put in one piece; under a KMS key it gives another."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def read_images(stack: Stack, keys: Collection[str]) -> dict[str, Image.Image]:
    """The images under some keys, by key.

    Raises:
        StackError: one can't be read.
    """
    s3 = stack.client("s3")

    def read(key: str) -> Image.Image:
        try:
            bucket = stack.bucket if key.startswith(TYPES_PREFIX) else stack.work_bucket
            data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"{key} can't be read: {error}") from None
        return decode(data)

    with ThreadPoolExecutor(THREADS) as threads:
        return dict(zip(keys, threads.map(read, keys), strict=True))
