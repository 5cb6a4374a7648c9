"""Objects that can be made again from the photos: read once while unchanged, written by compare-and-swap."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import uuid4

from aws_lambda_powertools import Logger

from lookalike.storage.bucket import Bucket, Unchanged
from lookalike.storage.cache import Cache, Cached
from lookalike.storage.compare_and_swap import ATTEMPTS, Conflict, compare_and_swap
from lookalike.storage.tensor_files import CorruptFileError

V = TypeVar("V")

logger = Logger(child=True)


@dataclass(frozen=True, slots=True)
class Derived(Generic[V]):
    """An object that can be made again: where it lies, and how it is written down.

    Attributes:
        key: where it lies.
        max_bytes: a larger one can't be trusted; it is not read.
        load: from bytes; raises `CorruptFileError` on what can't be trusted.
        dump: to bytes.
    """

    key: str
    max_bytes: int
    load: Callable[[bytes], V]
    dump: Callable[[V], bytes]


def read(bucket: Bucket, cache: Cache, derived: Derived[V]) -> tuple[V | None, str | None]:
    """What an object holds and its ETag: None twice if there is none, None and the ETag if it is corrupt.

    One that can't be trusted keeps its ETag, so that a compare-and-swap can replace it. S3 is asked each
    time; what it says is unchanged comes from memory.
    """
    if cached := cache.get(derived.key):
        try:
            stored = bucket.get(derived.key, derived.max_bytes, cached.etag)
        except Unchanged:
            return cached.value, cached.etag
    else:
        stored = bucket.get(derived.key, derived.max_bytes)
    if stored is None:
        return None, None
    try:
        if stored.size > derived.max_bytes:
            raise CorruptFileError(f"{stored.size:,} bytes, more than the {derived.max_bytes:,} it can have")
        value = derived.load(stored.data)
    except CorruptFileError as error:
        logger.error("an object can't be trusted and will be rebuilt", key=derived.key, reason=str(error))
        return None, stored.etag
    cache.keep(derived.key, Cached(value, stored.etag, stored.size))
    return value, stored.etag


def update(
    bucket: Bucket,
    cache: Cache,
    derived: Derived[V],
    change: Callable[[V | None], V | None],
    attempts: int = ATTEMPTS,
) -> V | None:
    """Change what an object holds by compare-and-swap; returns what it holds now.

    Args:
        bucket: holds the object.
        cache: keeps what is written.
        derived: the object.
        change: gets what it holds, or None, and returns what it should hold; the same object if nothing has
            to change. Called again after a lost race.
        attempts: how often to try.

    Raises:
        ContentionError: each attempt lost its race.
    """

    def write(value: V | None, expected_etag: str | None) -> None:
        if value is None:
            return
        data, writer = derived.dump(value), uuid4().hex
        try:
            etag = bucket.put_if(
                derived.key,
                data,
                "application/octet-stream",
                {"writer": writer},
                expected_etag=expected_etag,
            )
        except Conflict:
            # When botocore retries a write whose answer was lost, the conflict is with our own write.
            head = bucket.head(derived.key)
            if head is None or head.metadata.get("writer") != writer:
                raise
            etag = head.etag
        cache.keep(derived.key, Cached(value, etag, len(data)))

    return compare_and_swap(lambda: read(bucket, cache, derived), change, write, attempts)
