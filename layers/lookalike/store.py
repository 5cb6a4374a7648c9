"""The bucket: the one module that talks to S3."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config as ClientConfig
from botocore.exceptions import ClientError
from pydantic import ValidationError

from lookalike import encodings as encodings_format
from lookalike import keys
from lookalike.compare_and_swap import ATTEMPTS, Conflict, compare_and_swap
from lookalike.encodings import CorruptEncodingsError, Encodings, Origin
from lookalike.errors import NotFoundError
from lookalike.images import MAX_BYTES, check_size
from lookalike.model import ModelDescription
from lookalike.settings import TypeSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOAD_SECONDS = 900
"""How long a presigned upload may be used."""

logger = Logger(child=True)
T = TypeVar("T")


class ListedImage(NamedTuple):
    """An image as a listing tells of it."""

    key: str
    etag: str
    size: int
    modified: datetime


class StoredImage(NamedTuple):
    """An image's bytes, and what S3 keeps with them."""

    data: bytes
    etag: str
    origin: Origin


class Page(NamedTuple, Generic[T]):
    """A part of a listing, and the token that gets the next part; None at the end."""

    items: list[T]
    next_token: str | None


class Upload(NamedTuple):
    """A presigned POST for one query photo."""

    url: str
    fields: dict[str, str]
    query_key: str


def make_client() -> "S3Client":
    """An S3 client that gives up well within a request's time: at most three tries of a few seconds."""
    return boto3.client(
        "s3",
        config=ClientConfig(
            # Presigned uploads are signed by it too, and newer buckets take no older signature.
            signature_version="s3v4",
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


@dataclass(frozen=True)
class Store:
    """One bucket, as seen with one model."""

    client: "S3Client"
    bucket: str
    model: ModelDescription

    # Types and their images

    def list_types(self, token: str | None = None, limit: int = 1000) -> Page[str]:
        """The types that have anything in the bucket, in order of their names."""
        page = self._list_page(keys.TYPES_PREFIX, token, limit, Delimiter="/")
        names = (
            entry["Prefix"].removeprefix(keys.TYPES_PREFIX)[:-1] for entry in page.get("CommonPrefixes", [])
        )
        return Page([name for name in names if keys.is_type_id(name)], page.get("NextContinuationToken"))

    def list_images(self, type_id: str, token: str | None = None, limit: int = 1000) -> Page[ListedImage]:
        """A page of a type's images, in order of their names; without what is no image's key."""
        page = self._list_page(keys.images_prefix(type_id), token, limit)
        images = [
            ListedImage(entry["Key"], entry["ETag"], entry["Size"], entry["LastModified"])
            for entry in page.get("Contents", [])
            if keys.parse_image_key(entry["Key"])
        ]
        return Page(images, page.get("NextContinuationToken"))

    def image_etags(self, type_id: str) -> dict[str, str]:
        """ETag of each of a type's images, by key: what its encodings have to say."""
        return {image.key: image.etag for image in self._all_images(type_id)}

    def get_image(self, key: str) -> StoredImage:
        """Read an image.

        Raises:
            NotFoundError: there is none.
            ImageTooLargeError: it has more than `lookalike.images.MAX_BYTES`; it is not read then.
        """
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
        except self.client.exceptions.NoSuchKey:
            raise NotFoundError(f"there is no {key}") from None
        with answer["Body"] as body:
            check_size(answer["ContentLength"])
            origin = answer["Metadata"].get("origin")
            return StoredImage(
                body.read(MAX_BYTES),
                answer["ETag"],
                Origin.RECOGNIZED if origin == Origin.RECOGNIZED else Origin.UPLOADED,
            )

    def put_image(self, key: str, data: bytes, media_type: str) -> str:
        """Put an uploaded image, in place of one with the same key if there is one; returns its ETag."""
        answer = self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=media_type)
        return answer["ETag"]

    def add_recognized_image(self, key: str, data: bytes, media_type: str) -> str:
        """Put an image that was recognised, unless the key is taken; returns the ETag of what is there.

        The key carries a digest of the bytes, so what is there under it are these very bytes.
        """
        try:
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,
                ContentType=media_type,
                Metadata={"origin": Origin.RECOGNIZED},
                IfNoneMatch="*",
            )
        except ClientError as error:
            _raise_unless_conflict(error)
            return self.client.head_object(Bucket=self.bucket, Key=key)["ETag"]
        return answer["ETag"]

    def delete_image(self, key: str) -> None:
        """Delete an image.

        Raises:
            NotFoundError: there is none.
        """
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            _raise_unless_missing(error)
            raise NotFoundError(f"there is no {key}") from None
        self.client.delete_object(Bucket=self.bucket, Key=key)

    # Encodings

    def read_encodings(self, type_id: str) -> tuple[Encodings | None, str | None]:
        """A type's encodings and their ETag; no encodings if there are none, or none that can be trusted.

        Encodings that can't be trusted keep their ETag, so that a compare-and-swap can replace them.
        """
        key = keys.encodings_key(self.model.model_id, type_id)
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
        except self.client.exceptions.NoSuchKey:
            return None, None
        data = answer["Body"].read()
        try:
            loaded = encodings_format.load(data, self.model.model_id, type_id, self.model.dimension)
        except CorruptEncodingsError as error:
            logger.error("encodings can't be trusted and will be rebuilt", key=key, reason=str(error))
            return None, answer["ETag"]
        return loaded, answer["ETag"]

    def update_encodings(
        self, type_id: str, change: Callable[[Encodings], Encodings], attempts: int = ATTEMPTS
    ) -> Encodings:
        """Change a type's encodings by compare-and-swap; returns them as they are now.

        Args:
            type_id: the type.
            change: gets the encodings as they are now (without a row if there are none), and returns what
                they should be; the same object if nothing has to change. Called again after a lost race.
            attempts: how often to try.

        Raises:
            ContentionError: each attempt lost its race.
        """

        def read() -> tuple[Encodings, str | None]:
            stored, etag = self.read_encodings(type_id)
            return stored or Encodings.empty(self.model.model_id, type_id, self.model.dimension), etag

        return compare_and_swap(read, change, self._write_encodings, attempts)

    def _write_encodings(self, encodings: Encodings, expected_etag: str | None) -> None:
        condition: dict[str, Any] = {"IfMatch": expected_etag} if expected_etag else {"IfNoneMatch": "*"}
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=keys.encodings_key(encodings.model_id, encodings.type_id),
                Body=encodings_format.dump(encodings, encodings_format.now()),
                ContentType="application/octet-stream",
                **condition,
            )
        except ClientError as error:
            _raise_unless_conflict(error)
            raise Conflict from None

    # Settings

    def read_settings(self, type_id: str) -> TypeSettings:
        """A type's own settings; all left out if it has none, or none that can be read."""
        key = keys.settings_key(type_id)
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read(65536)
            return TypeSettings.model_validate_json(body)
        except self.client.exceptions.NoSuchKey:
            return TypeSettings()
        except ValidationError as error:
            logger.error("settings can't be read and are passed over", key=key, reason=str(error))
            return TypeSettings()

    def write_settings(self, type_id: str, settings: TypeSettings) -> None:
        """Write a type's own settings."""
        self.client.put_object(
            Bucket=self.bucket,
            Key=keys.settings_key(type_id),
            Body=settings.model_dump_json(exclude_none=True).encode(),
            ContentType="application/json",
        )

    # Query photos

    def presign_query_upload(self, media_type: str) -> Upload:
        """Allow one query photo to be put: bound to its key, its media type and `MAX_BYTES`."""
        query_key = keys.QUERIES_PREFIX + uuid4().hex
        post = self.client.generate_presigned_post(
            self.bucket,
            query_key,
            Fields={"Content-Type": media_type},
            Conditions=[{"Content-Type": media_type}, ["content-length-range", 1, MAX_BYTES]],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return Upload(post["url"], post["fields"], query_key)

    # Listing

    def _list_page(self, prefix: str, token: str | None, limit: int, **options: Any) -> Any:
        if token:
            options["ContinuationToken"] = token
        return self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=limit, **options)

    def _all_images(self, type_id: str) -> Iterator[ListedImage]:
        token = None
        while True:
            page = self.list_images(type_id, token)
            yield from page.items
            if not (token := page.next_token):
                return


def _raise_unless_conflict(error: ClientError) -> None:
    # 412 the condition failed, 409 another conditional write is under way, 404 IfMatch on a deleted object:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (404, 409, 412):
        raise error


def _raise_unless_missing(error: ClientError) -> None:
    if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
        raise error
