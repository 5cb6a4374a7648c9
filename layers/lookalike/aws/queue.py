"""The queue: how to ask for work on types, at once or later, and how work that failed waits."""

import random
import time
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from lookalike.aws.messages import MOST_IMAGES, MOST_TYPES, Message, Sweep
from lookalike.errors import LookalikeError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from mypy_boto3_sqs import SQSClient

MOST_TRIES = 30
"""How often work is postponed, an hour in all, before its message fails and becomes a dead letter."""

FIRST_SECONDS = 2
"""Longest wait of work that is postponed for the first time; it doubles each time."""

LONGEST_SECONDS = 300

FAILED_SECONDS = 5
"""Longest wait of a message that failed for the first time; then 25 s, 125 s, 625 s: S3 may be down for some
minutes before messages become dead letters."""

LONGEST_FAILED_SECONDS = 720
"""As long as the queue hides the messages of a function that was killed."""

GATHER_SECONDS = 3
"""How long a refresh of the gallery waits for others to join it."""

ASK_AGAIN_SECONDS = 30
"""How long a function that asked for a type to be built does not ask again."""

MESSAGES_A_CALL = 10
"""SQS takes no more in a call."""

T = TypeVar("T")

_asked: dict[tuple[str, str], float] = {}


class PostponedTooOftenError(LookalikeError):
    """Work was postponed `MOST_TRIES` times."""


def request_rebuild(
    client: "SQSClient",
    queue_url: str,
    type_id: str,
    images: Collection[str] | None = None,
    tries: int = 0,
) -> None:
    """Ask for a type's encodings to be brought up to date.

    Args:
        client: of SQS.
        queue_url: the queue's.
        type_id: the type.
        images: keys of the images to look at; none of them where only a type that was never built needs a
            look. All of the type's if it is None.
        tries: how often this was postponed; it waits accordingly.

    Raises:
        PostponedTooOftenError: that was too often.
    """
    named = None if images is None else _in_parts(sorted(images), MOST_IMAGES)
    for part in [None] if named is None else list(named) or [[]]:
        message = Message(rebuild=type_id, images=None if part is None else tuple(part), tries=tries)
        _send(client, queue_url, message, wait_seconds(tries))


def request_rebuilds(
    client: "SQSClient", queue_url: str, type_ids: Sequence[str], within_seconds: int = 0
) -> None:
    """Ask for all images of types to be looked at, at random times within some seconds.

    Raises:
        LookalikeError: SQS did not take all of the messages.
    """
    for part in _in_parts(type_ids, MESSAGES_A_CALL):
        answer = client.send_message_batch(
            QueueUrl=queue_url,
            Entries=[
                {
                    "Id": str(number),
                    "MessageBody": _write(Message(rebuild=type_id)),
                    "DelaySeconds": random.randint(0, within_seconds),
                }
                for number, type_id in enumerate(part)
            ],
        )
        if failed := answer.get("Failed"):
            raise LookalikeError(f"{len(failed)} of {len(part)} messages were not taken: {failed[0]}")


def request_build_once(client: "SQSClient", queue_url: str, type_id: str) -> None:
    """Ask for a type to be built if it never was, unless this function asked a moment ago."""
    asked, now = (queue_url, type_id), time.monotonic()
    if now - _asked.get(asked, -ASK_AGAIN_SECONDS) < ASK_AGAIN_SECONDS:
        return
    request_rebuild(client, queue_url, type_id, images=())
    _asked[asked] = now
    for key in [key for key, when in _asked.items() if now - when >= ASK_AGAIN_SECONDS]:
        del _asked[key]


def request_refresh(client: "SQSClient", queue_url: str, type_ids: Collection[str], tries: int = 0) -> None:
    """Ask for the gallery to follow some types' encodings; many requests become one write.

    Raises:
        PostponedTooOftenError: that was postponed too often.
    """
    delay = GATHER_SECONDS + wait_seconds(tries)
    for part in _in_parts(sorted(type_ids), MOST_TYPES):
        _send(client, queue_url, Message(refresh=tuple(part), tries=tries), delay)


def request_sweep(client: "SQSClient", queue_url: str, sweep: Sweep) -> None:
    """Ask for a slice of all types to be rebuilt, or the rest of one."""
    _send(client, queue_url, Message(sweep=sweep), 0)


def show_again_soon(client: "SQSClient", queue_url: str, failed: Sequence["SQSRecord"]) -> None:
    """Have messages that failed come again after seconds, later each time they fail."""
    for part in _in_parts(failed, MESSAGES_A_CALL):
        client.change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {
                    "Id": str(number),
                    "ReceiptHandle": record.receipt_handle,
                    "VisibilityTimeout": failed_seconds(int(record.attributes.approximate_receive_count)),
                }
                for number, record in enumerate(part)
            ],
        )


def wait_seconds(tries: int) -> int:
    """How long work waits that was postponed so many times; at random, so that it spreads.

    Raises:
        PostponedTooOftenError: it was postponed too often.
    """
    if tries > MOST_TRIES:
        raise PostponedTooOftenError(f"this was postponed {MOST_TRIES} times: others were always at it")
    return _jittered(min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (tries - 1))) if tries else 0


def failed_seconds(receives: int) -> int:
    """How long a message waits that was received, and failed, so many times."""
    return _jittered(min(LONGEST_FAILED_SECONDS, FAILED_SECONDS * 5 ** (receives - 1)))


def _jittered(longest: float) -> int:
    return round(random.uniform(longest / 2, longest))


def _send(client: "SQSClient", queue_url: str, message: Message, delay: int) -> None:
    client.send_message(QueueUrl=queue_url, MessageBody=_write(message), DelaySeconds=delay)


def _write(message: Message) -> str:
    return message.model_dump_json(exclude_defaults=True)


def _in_parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
