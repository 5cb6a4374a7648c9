"""AWS clients that give up before the function is stopped, so that its caller gets an answer."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

LONGEST_CALL_SECONDS = 7
"""How long one try of a call may wait for S3: 2 s for a connection, 5 s for bytes."""

_CONFIGS = {
    "s3": Config(
        # Presigned uploads are signed by it too, and newer buckets take no older signature.
        signature_version="s3v4",
        # Else botocore gives uploads the host of us-east-1, which redirects for a day after a bucket is made,
        # and in newer regions for good: a browser follows no redirect of a form.
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 3},
    ),
    # A message is small: a service that is up takes it at once.
    "sqs": Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}),
    "events": Config(
        connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
    ),
}

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class OutOfTimeError(BotoCoreError):
    """The time in which calls may begin is over."""

    fmt = "no time is left for another call"


def make_client(service: Literal["s3", "sqs", "events"]) -> Any:
    """A client whose calls time out in seconds, and begin no try after the deadline set by `no_calls_after`.

    Its calls raise botocore's errors; `OutOfTimeError` is one of them.
    """
    client = boto3.client(service, config=_CONFIGS[service])
    client.meta.events.register("before-send", _refuse_after_deadline)
    return client


@contextmanager
def no_calls_after(deadline: float) -> Iterator[None]:
    """Within it, clients begin no try of a call after `deadline`, in `time.monotonic()` seconds."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def _refuse_after_deadline(**_: Any) -> None:
    if time.monotonic() > _deadline.get():
        raise OutOfTimeError
