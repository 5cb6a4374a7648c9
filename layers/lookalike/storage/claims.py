"""Claims: what one function does at a time, though nothing breaks where two do it.

A claim is an object that says until when it holds. It ends by itself where its holder is killed.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lookalike.errors import LookalikeError
from lookalike.storage.bucket import Bucket
from lookalike.storage.compare_and_swap import Conflict

MAX_BYTES = 1000
"""No claim is larger."""

logger = Logger(child=True)


class ClaimedError(LookalikeError):
    """Another function is at it."""


@contextmanager
def claimed(bucket: Bucket, key: str, seconds: float) -> Iterator[None]:
    """Hold a claim within the block.

    Args:
        bucket: where claims lie.
        key: the claim's.
        seconds: when it ends by itself, should the holder be killed.

    Raises:
        ClaimedError: another holds it.
    """
    etag = _take(bucket, key, seconds)
    try:
        yield
    finally:
        _release(bucket, key, etag)


def _take(bucket: Bucket, key: str, seconds: float) -> str:
    holder = uuid4().hex
    stored = bucket.get(key, MAX_BYTES)
    if stored and _ends(stored.data) > time.time():
        raise ClaimedError(f"{key} is claimed")
    try:
        return _write(bucket, key, holder, time.time() + seconds, stored.etag if stored else None)
    except Conflict:
        # When botocore retries a write whose answer was lost, the conflict is with our own write.
        stored = bucket.get(key, MAX_BYTES)
        if stored is None or holder.encode() not in stored.data:
            raise ClaimedError(f"{key} was claimed by another first") from None
        return stored.etag


def _release(bucket: Bucket, key: str, etag: str) -> None:
    try:
        _write(bucket, key, "", 0, etag)
    except Conflict:
        pass  # it had ended, and is another's now
    except (ClientError, BotoCoreError) as error:
        logger.warning("a claim is left to end by itself", key=key, reason=str(error))


def _write(bucket: Bucket, key: str, holder: str, ends: float, expected_etag: str | None) -> str:
    data = json.dumps({"holder": holder, "ends": ends}).encode()
    return bucket.put_if(key, data, "application/json", {}, expected_etag=expected_etag)


def _ends(data: bytes) -> float:
    """When a claim ends, in seconds since 1970; one that can't be read has ended."""
    try:
        return float(json.loads(data)["ends"])
    except (ValueError, KeyError, TypeError):
        return 0
