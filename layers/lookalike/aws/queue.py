"""The queue of types to rebuild: what its messages say, and how to ask for a rebuild."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from lookalike.keys import is_type_id, parse_image_key, parse_type_id

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


MOST_NAMED = 100
"""Images that a request names at most: with keys of 1,024 bytes it stays within a message's 256 KB. A change
of the metadata of any others is noticed by the time of its image."""


def request_rebuild(client: "SQSClient", queue_url: str, type_id: str, images: Collection[str] = ()) -> None:
    """Ask for a type's encodings to be brought up to date.

    Args:
        client: of SQS.
        queue_url: the queue's.
        type_id: the type.
        images: keys of images whose metadata may have changed.
    """
    message: dict[str, Any] = {"rebuild": type_id}
    if images:
        message["images"] = sorted(images)[:MOST_NAMED]
    client.send_message(QueueUrl=queue_url, MessageBody=json.dumps(message, ensure_ascii=False))


def types_to_rebuild(body: str) -> list[str]:
    """The types that a message asks to rebuild: the one it names, or those whose images S3 tells of.

    S3's test event and events of other keys ask for nothing.

    Raises:
        ValueError: the message is neither a request nor a notification of S3.
    """
    try:
        message = json.loads(body)
        if "rebuild" in message and is_type_id(message["rebuild"]):
            return [message["rebuild"]]
        if message.get("Event") == "s3:TestEvent":
            return []
        told = _keys_told(message)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"neither a rebuild request nor a notification of S3: {body[:200]!r}") from error
    return sorted({type_id for key in told if (type_id := parse_type_id(key))})


def images_to_look_at(body: str) -> set[str]:
    """The keys of images that a message names, whatever else it says; their metadata may have changed."""
    try:
        message = json.loads(body)
        told = message["images"] if "images" in message else _keys_told(message)
        return {key for key in told if parse_image_key(key)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def _keys_told(message: Any) -> list[str]:
    # S3 URL-encodes keys in notifications, a space as a plus:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    return [unquote_plus(record["s3"]["object"]["key"]) for record in message["Records"]]
