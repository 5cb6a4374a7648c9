"""The queue of photos of the inbox: what its messages say, and when those that were not done come back."""

import json
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus

from lookalike.keys import INBOX_PREFIX, content_digest

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SHORTEST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 300


class Put(NamedTuple):
    """A photo that was put into the inbox, as S3 tells of it.

    Attributes:
        key: where it was put.
        etag: of its bytes, without quotes.
        sequencer: S3's, which tells puts of the same key apart.
    """

    key: str
    etag: str
    sequencer: str

    @property
    def id(self) -> str:
        """One for each put, however often S3 and SQS tell of it."""
        return content_digest(json.dumps(self).encode())


def photos_put(body: str) -> list[Put]:
    """The photos that a message tells of; S3's test event and folders' markers tell of none.

    Raises:
        ValueError: the message is no notification of S3.
    """
    try:
        message = json.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return []
        objects = [record["s3"]["object"] for record in message["Records"]]
        # S3 URL-encodes keys in notifications, a space as a plus:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        told = [Put(unquote_plus(o["key"]), o["eTag"], o.get("sequencer", "")) for o in objects]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no notification of S3: {body[:200]!r}") from error
    return [put for put in told if put.key.startswith(INBOX_PREFIX) and not put.key.endswith("/")]


def delay_seconds(received: int) -> int:
    """When a message comes back that was received so many times: each time twice as late, within limits."""
    return min(SHORTEST_DELAY_SECONDS << (received - 1), LONGEST_DELAY_SECONDS)


def bring_back(client: "SQSClient", queue_url: str, receipt_handle: str, received: int) -> None:
    """Have a message that was not done come back in time, instead of at the end of its visibility timeout.

    Args:
        client: of SQS.
        queue_url: the queue's.
        receipt_handle: the message's.
        received: how often it was received.
    """
    client.change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=delay_seconds(received)
    )
