"""S3's own ways with objects, below the store: broken connections, pages, conditions that fail."""

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.errors import InvalidTokenError
from lookalike.storage.compare_and_swap import tries

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

READ_ATTEMPTS = 3
"""How often an object is read when the connection breaks within its bytes, where botocore retries no more."""


class Page(NamedTuple, Generic[T]):
    """A part of a listing, and the token that gets the next part; None at the end."""

    items: list[T]
    next_token: str | None


def read_object(client: "S3Client", bucket: str, key: str, limit: int, **condition: Any) -> tuple[Any, bytes]:
    """What S3 answers, and an object's bytes; none are read of an object that has more than `limit`.

    Args:
        client: S3's.
        bucket: the bucket.
        key: of the object.
        limit: in bytes.
        condition: as `get_object` takes it, such as IfNoneMatch.

    Raises:
        NoSuchKey: the client's exception for an object that is not there.
    """
    for attempt in tries(READ_ATTEMPTS):
        answer = client.get_object(Bucket=bucket, Key=key, **condition)
        body = answer["Body"]
        try:
            return answer, body.read() if answer["ContentLength"] <= limit else b""
        except BotoCoreError:
            if attempt == READ_ATTEMPTS - 1:
                raise
        finally:
            body.close()
    raise AssertionError("the last attempt returns or raises")


def head_object(client: "S3Client", bucket: str, key: str) -> Any:
    """What S3 knows of an object without its bytes; None if there is none."""
    try:
        return client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if _status(error) != 404:
            raise
        return None


def list_page(
    client: "S3Client", bucket: str, prefix: str, token: str | None, limit: int, delimiter: str = ""
) -> Any:
    """A page of the objects under a prefix.

    Raises:
        InvalidTokenError: the token is of no page.
    """
    options: Any = {"ContinuationToken": token} if token else {}
    try:
        return client.list_objects_v2(
            Bucket=bucket, Prefix=prefix, MaxKeys=limit, Delimiter=delimiter, **options
        )
    except ClientError as error:
        if token and _status(error) == 400:
            raise InvalidTokenError(
                "this next_token is of no page: pass on the one of the page before, unchanged"
            ) from None
        raise


def only_if(etag: str | None) -> Any:
    """A condition for `put_object`: that the object still has this ETag; with None, that there is none."""
    return {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}


def raise_unless_conflict(error: ClientError) -> None:
    """Raise an error again unless it says that a conditional write was not made.

    412 the condition failed, 409 another conditional write is under way, 404 IfMatch on a deleted object:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    if _status(error) not in (404, 409, 412):
        raise error


def says_unchanged(error: ClientError) -> bool:
    """Whether an error says that an object still has the ETag that `IfNoneMatch` gave."""
    return _status(error) == 304


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
