"""What people gave to another stack, copied from its bucket within S3."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.keys import TYPES_PREFIX, Folder, parse_image_key, parse_type_id
from lookalike_tools.live.bucket.photos import THREADS
from lookalike_tools.live.stack import Stack, StackError, WrongUseError


@dataclass(frozen=True)
class Copies:
    """What is to be copied from another stack's bucket.

    Attributes:
        missing: keys of photos that the stack does not hold with the same bytes, and of settings for types
            that have none there.
        there: how many need no copy.
        type_ids: the types that have images in the other bucket.
    """

    missing: list[str]
    there: int
    type_ids: list[str]


def find_copies(stack: Stack, bucket: str) -> Copies:
    """Compare another stack's bucket with this one's.

    Raises:
        WrongUseError: the other bucket can't be listed, or holds no types.
        StackError: this one's can't.
    """
    theirs = _list(stack, bucket, WrongUseError)
    ours = _list(stack, stack.bucket, StackError)
    given = [key for key in theirs if parse_type_id(key)]
    if not given:
        raise WrongUseError(f"{bucket} holds no types: nothing lies under {TYPES_PREFIX}TYPE/images/")

    def is_there(key: str) -> bool:
        return ours.get(key) == theirs[key] if parse_image_key(key) else key in ours

    missing = [key for key in given if not is_there(key)]
    parsed = [image for key in given if (image := parse_image_key(key))]
    type_ids = sorted({image.type_id for image in parsed if image.folder is Folder.IMAGES})
    return Copies(missing, len(given) - len(missing), type_ids)


def copy_objects(stack: Stack, bucket: str, keys: Sequence[str]) -> Iterator[str]:
    """Copy objects from another bucket under the same keys, with their metadata, several at once.

    The bytes stay within S3. Yields each key when it is there.

    Raises:
        StackError: an object can't be copied.
    """
    s3 = stack.client("s3")

    def copy(key: str) -> str:
        try:
            s3.copy_object(Bucket=stack.bucket, Key=key, CopySource={"Bucket": bucket, "Key": key})
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"{key} can't be copied from {bucket}: {error}") from None
        return key

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(copy, keys)


def _list(stack: Stack, bucket: str, refused: type[StackError]) -> dict[str, str]:
    """The ETag of each object of the types, by its key."""
    pages = stack.client("s3").get_paginator("list_objects_v2")
    try:
        listed = pages.paginate(Bucket=bucket, Prefix=TYPES_PREFIX)
        return {entry["Key"]: entry["ETag"] for page in listed for entry in page.get("Contents", [])}
    except (BotoCoreError, ClientError) as error:
        raise refused(f"the bucket {bucket} can't be listed: {error}") from None
