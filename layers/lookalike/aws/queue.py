"""The queue of types to rebuild: what its messages say, and how to ask for a rebuild."""

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from lookalike.keys import is_type_id, parse_type_id

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def request_rebuild(client: "SQSClient", queue_url: str, type_id: str) -> None:
    """Ask for a type's encodings to be brought up to date."""
    client.send_message(QueueUrl=queue_url, MessageBody=json.dumps({"rebuild": type_id}))


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
        # S3 URL-encodes keys in notifications, a space as a plus:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        image_keys = [unquote_plus(record["s3"]["object"]["key"]) for record in message["Records"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"neither a rebuild request nor a notification of S3: {body[:200]!r}") from error
    return sorted({type_id for key in image_keys if (type_id := parse_type_id(key))})
