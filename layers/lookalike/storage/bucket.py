"""A bucket: the one place that talks to S3."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.errors import InvalidTokenError
from lookalike.storage.compare_and_swap import Conflict, tries

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

READ_ATTEMPTS = 3
"""How often an object is read when the connection breaks within its bytes, where botocore retries no more."""


class Page(NamedTuple, Generic[T]):
    """A part of a listing, and the token that gets the next part; None at the end."""

    items: list[T]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object: without metadata where it was listed, without data where it was not read or is too large."""

    key: str
    etag: str
    size: int
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """Where to POST a file, and the form's other fields."""

    url: str
    fields: dict[str, str]


class Unchanged(Exception):
    """The object still has the ETag that the reader knows."""


@dataclass(frozen=True)
class Bucket:
    """One bucket in S3. Its calls raise botocore's errors where S3 fails."""

    client: "S3Client"
    name: str

    def get(self, key: str, limit: int, known_etag: str | None = None) -> StoredObject | None:
        """Read an object; None if there is none.

        Args:
            key: the object's.
            limit: bytes that are read at most; of a larger object none are.
            known_etag: of the version that the caller has already.

        Raises:
            Unchanged: the object still has `known_etag`.
        """
        condition: Any = {"IfNoneMatch": known_etag} if known_etag else {}
        for attempt in tries(READ_ATTEMPTS):
            try:
                answer = self.client.get_object(Bucket=self.name, Key=key, **condition)
            except self.client.exceptions.NoSuchKey:
                return None
            except ClientError as error:
                if _status(error) == 304:
                    raise Unchanged from None
                raise
            body = answer["Body"]
            try:
                return _described(key, answer, body.read() if answer["ContentLength"] <= limit else b"")
            except BotoCoreError:
                if attempt == READ_ATTEMPTS - 1:
                    raise
            finally:
                body.close()
        raise AssertionError("the last attempt returns or raises")

    def head(self, key: str) -> StoredObject | None:
        """What S3 knows of an object without its bytes; None if there is none."""
        try:
            return _described(key, self.client.head_object(Bucket=self.name, Key=key))
        except ClientError as error:
            if _status(error) != 404:
                raise
            return None

    def put(self, key: str, data: bytes, media_type: str, metadata: Mapping[str, str] | None = None) -> str:
        """Write an object, in place of another if there is one; returns its ETag."""
        return self._put(key, data, media_type, metadata, {})

    def put_if(
        self,
        key: str,
        data: bytes,
        media_type: str,
        metadata: Mapping[str, str],
        *,
        expected_etag: str | None,
    ) -> str:
        """Write an object if it still has an ETag, or with None if there is none; returns the new ETag.

        Raises:
            Conflict: another writer was first.
        """
        condition = {"IfMatch": expected_etag} if expected_etag else {"IfNoneMatch": "*"}
        try:
            return self._put(key, data, media_type, metadata, condition)
        except ClientError as error:
            # 412 the condition failed, 409 another conditional write is under way, 404 IfMatch on a deleted
            # object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
            if _status(error) in (404, 409, 412):
                raise Conflict from None
            raise

    def delete(self, key: str) -> None:
        """Delete an object, if there is one."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def delete_if(self, key: str, etag: str) -> None:
        """Delete an object if it still has an ETag; it need not be there any more.

        Raises:
            Conflict: another object is there now.
        """
        try:
            self.client.delete_object(Bucket=self.name, Key=key, IfMatch=etag)
        except ClientError as error:
            status = _status(error)
            if status in (409, 412):
                raise Conflict from None
            if status != 404:
                raise

    def list_page(self, prefix: str, token: str | None = None, limit: int = 1000) -> Page[StoredObject]:
        """A page of the objects under a prefix, in order of their keys.

        Raises:
            InvalidTokenError: no page gave this token.
        """
        page = self._list(prefix, token, limit, "")
        objects = [
            StoredObject(entry["Key"], entry["ETag"], entry["Size"], entry["LastModified"])
            for entry in page.get("Contents", [])
        ]
        return Page(objects, page.get("NextContinuationToken"))

    def list_all(self, prefix: str) -> Iterator[StoredObject]:
        """All objects under a prefix, in order of their keys."""
        token = None
        while True:
            page = self.list_page(prefix, token)
            yield from page.items
            if not (token := page.next_token):
                return

    def list_folders(self, prefix: str, token: str | None = None, limit: int = 1000) -> Page[str]:
        """A page of the names that come next after a prefix, up to a slash.

        Raises:
            InvalidTokenError: no page gave this token.
        """
        page = self._list(prefix, token, limit, "/")
        names = [entry["Prefix"].removeprefix(prefix)[:-1] for entry in page.get("CommonPrefixes", [])]
        return Page(names, page.get("NextContinuationToken"))

    def presign_post(self, key: str, media_type: str, max_bytes: int, seconds: int) -> PresignedPost:
        """Allow one object to be put by a form: bound to its key, its media type and a size."""
        post = self.client.generate_presigned_post(
            self.name,
            key,
            Fields={"Content-Type": media_type},
            Conditions=[{"Content-Type": media_type}, ["content-length-range", 1, max_bytes]],
            ExpiresIn=seconds,
        )
        return PresignedPost(post["url"], post["fields"])

    def _put(
        self,
        key: str,
        data: bytes,
        media_type: str,
        metadata: Mapping[str, str] | None,
        condition: dict[str, Any],
    ) -> str:
        answer = self.client.put_object(
            Bucket=self.name,
            Key=key,
            Body=data,
            ContentType=media_type,
            Metadata=dict(metadata or {}),
            **condition,
        )
        return answer["ETag"]

    def _list(self, prefix: str, token: str | None, limit: int, delimiter: str) -> Any:
        options: Any = {"ContinuationToken": token} if token else {}
        try:
            return self.client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, MaxKeys=limit, Delimiter=delimiter, **options
            )
        except ClientError as error:
            if token and _status(error) == 400:
                raise InvalidTokenError from None
            raise


def _described(key: str, answer: Any, data: bytes = b"") -> StoredObject:
    modified = answer["LastModified"].astimezone(UTC)
    return StoredObject(key, answer["ETag"], answer["ContentLength"], modified, answer["Metadata"], data)


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
