"""The bucket: types' images, encodings and settings in S3."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError
from pydantic import ValidationError

from lookalike import keys
from lookalike.errors import NotFoundError, TooManyImagesError
from lookalike.matching import encodings as encodings_format
from lookalike.matching.encodings import CorruptEncodingsError, Encodings
from lookalike.matching.settings import MAX_BYTES_OF_SETTINGS, TypeSettings
from lookalike.storage.bucket import (
    Page,
    head_object,
    list_page,
    only_if,
    raise_unless_conflict,
    read_object,
    says_unchanged,
)
from lookalike.storage.cache import EncodingsCache
from lookalike.storage.compare_and_swap import ATTEMPTS, Conflict, ContentionError, compare_and_swap, tries
from lookalike.storage.provenance import Provenance, from_metadata, to_metadata
from lookalike.vision.images import MAX_BYTES, check_size
from lookalike.vision.model import ModelDescription

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_IMAGES = 50_000
"""The most images a type may have: bounds listings, and the memory that encodings take."""

MAX_ROW_METADATA_BYTES = 4096
"""What the header may hold for a row: two keys of 1,024 bytes, escaped, and some short fields."""

logger = Logger(child=True)


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
    modified: datetime
    provenance: Provenance


@dataclass(frozen=True)
class Store:
    """One bucket, as seen with one model."""

    client: "S3Client"
    bucket: str
    model: ModelDescription
    _cache: EncodingsCache = field(default_factory=EncodingsCache, repr=False, compare=False)

    # Types and their images

    def list_types(self, token: str | None = None, limit: int = 1000) -> Page[str]:
        """The types that have anything in the bucket, in order of their names."""
        page = list_page(self.client, self.bucket, keys.TYPES_PREFIX, token, limit, delimiter="/")
        names = (
            entry["Prefix"].removeprefix(keys.TYPES_PREFIX)[:-1] for entry in page.get("CommonPrefixes", [])
        )
        return Page([name for name in names if keys.is_type_id(name)], page.get("NextContinuationToken"))

    def has_type(self, type_id: str) -> bool:
        """Whether the bucket holds anything of a type, if only settings."""
        return "Contents" in list_page(self.client, self.bucket, keys.type_prefix(type_id), None, 1)

    def list_images(self, type_id: str, token: str | None = None, limit: int = 1000) -> Page[ListedImage]:
        """A page of a type's images, in order of their names; without what is no image's key."""
        page = list_page(self.client, self.bucket, keys.images_prefix(type_id), token, limit)
        images = [
            ListedImage(entry["Key"], entry["ETag"], entry["Size"], entry["LastModified"])
            for entry in page.get("Contents", [])
            if keys.parse_image_key(entry["Key"])
        ]
        return Page(images, page.get("NextContinuationToken"))

    def all_images(self, type_id: str) -> Iterator[ListedImage]:
        """All of a type's images, in order of their names.

        Raises:
            TooManyImagesError: there are more than `MAX_IMAGES`.
        """
        token, count = None, 0
        while True:
            page = self.list_images(type_id, token)
            count += len(page.items)
            if count > MAX_IMAGES:
                raise TooManyImagesError(
                    f"type {type_id!r} has more than {MAX_IMAGES:,} images, the most a type may have: "
                    "remove some, or make two types of it"
                )
            yield from page.items
            if not (token := page.next_token):
                return

    def image_etags(self, type_id: str) -> dict[str, str]:
        """ETag of each of a type's images, by key: what its encodings have to say.

        Raises:
            TooManyImagesError: there are more than `MAX_IMAGES`.
        """
        return {image.key: image.etag for image in self.all_images(type_id)}

    def image_etag(self, key: str) -> str | None:
        """An image's ETag; None if there is no such image."""
        head = head_object(self.client, self.bucket, key)
        return head["ETag"] if head else None

    def get_image(self, key: str) -> StoredImage:
        """Read an image.

        Raises:
            NotFoundError: there is none.
            ImageTooLargeError: it has more than `lookalike.vision.images.MAX_BYTES`; it is not read then.
        """
        try:
            answer, data = read_object(self.client, self.bucket, key, MAX_BYTES)
        except self.client.exceptions.NoSuchKey:
            raise NotFoundError(f"there is no {key}") from None
        check_size(answer["ContentLength"])
        return StoredImage(
            data, answer["ETag"], answer["LastModified"].astimezone(UTC), from_metadata(answer["Metadata"])
        )

    def put_image(self, key: str, data: bytes, media_type: str) -> str:
        """Put an uploaded image, in place of one with the same key if there is one; returns its ETag."""
        answer = self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=media_type)
        return answer["ETag"]

    def add_recognized_image(
        self, key: str, data: bytes, media_type: str, provenance: Provenance
    ) -> tuple[str, Provenance]:
        """Put an image that was recognised, unless the key is taken; its ETag and provenance.

        The key carries a digest of the bytes, so what is there under it are these very bytes; but who was
        first may have found another image nearest to it.

        Raises:
            ContentionError: others are putting it too, or removing it, each time this is tried.
        """
        for _ in tries(ATTEMPTS):
            try:
                answer = self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=data,
                    ContentType=media_type,
                    Metadata=to_metadata(provenance),
                    IfNoneMatch="*",
                )
                return answer["ETag"], provenance
            except ClientError as error:
                raise_unless_conflict(error)
            if head := head_object(self.client, self.bucket, key):
                return head["ETag"], from_metadata(head["Metadata"])
        raise ContentionError(f"others put or removed {key} in each of {ATTEMPTS} attempts")

    def delete_image(self, key: str) -> None:
        """Delete an image.

        Raises:
            NotFoundError: there is none.
        """
        if self.image_etag(key) is None:
            raise NotFoundError(f"there is no {key}")
        self.client.delete_object(Bucket=self.bucket, Key=key)

    # Encodings

    def read_encodings(self, type_id: str) -> tuple[Encodings | None, str | None]:
        """A type's encodings and their ETag; no encodings if there are none, or none that can be trusted.

        Encodings that can't be trusted keep their ETag, so that a compare-and-swap can replace them. S3 is
        asked each time; what it says is unchanged comes from memory.
        """
        key = keys.encodings_key(self.model.model_id, type_id)
        cached = self._cache.get(key)
        condition = {"IfNoneMatch": cached.etag} if cached else {}
        limit = MAX_IMAGES * (4 * self.model.dimension + MAX_ROW_METADATA_BYTES)
        try:
            answer, data = read_object(self.client, self.bucket, key, limit, **condition)
        except self.client.exceptions.NoSuchKey:
            return None, None
        except ClientError as error:
            if cached and says_unchanged(error):
                return cached
            raise
        try:
            if (size := answer["ContentLength"]) > limit:
                raise CorruptEncodingsError(f"{size:,} bytes, more than any type's can have")
            loaded = encodings_format.load(data, self.model.model_id, type_id, self.model.dimension)
        except CorruptEncodingsError as error:
            logger.error("encodings can't be trusted and will be rebuilt", key=key, reason=str(error))
            return None, answer["ETag"]
        self._cache.keep(key, loaded, answer["ETag"])
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
        key = keys.encodings_key(encodings.model_id, encodings.type_id)
        writer, built_at = uuid4().hex, encodings_format.now()
        try:
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=encodings_format.dump(encodings, built_at),
                ContentType="application/octet-stream",
                Metadata={"writer": writer},
                **only_if(expected_etag),
            )
        except ClientError as error:
            raise_unless_conflict(error)
            if not self._wrote(key, writer):
                raise Conflict from None
        else:
            self._cache.keep(key, replace(encodings, built_at=built_at), answer["ETag"])

    def _wrote(self, key: str, writer: str) -> bool:
        """Whether this writer wrote an object: a write that is tried again, its answer lost, meets itself."""
        head = head_object(self.client, self.bucket, key)
        return head is not None and head["Metadata"].get("writer") == writer

    # Settings

    def read_settings(self, type_id: str) -> TypeSettings:
        """A type's own settings; all left out if it has none, or none that can be read."""
        key = keys.settings_key(type_id)
        try:
            _, body = read_object(self.client, self.bucket, key, MAX_BYTES_OF_SETTINGS)
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
