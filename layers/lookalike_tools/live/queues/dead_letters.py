"""Dead letters: messages that failed too often."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def redrive(sqs: "SQSClient", dead_letters_url: str, queue_url: str) -> int:
    """Move all dead letters back to the queue; returns how many.

    A letter is deleted only after the queue has it. If this is interrupted, a message may come twice, which
    does no harm.
    """
    moved = 0
    while letters := sqs.receive_message(
        QueueUrl=dead_letters_url, MaxNumberOfMessages=10, VisibilityTimeout=60
    ).get("Messages"):
        for letter in letters:
            sqs.send_message(QueueUrl=queue_url, MessageBody=letter["Body"])
            sqs.delete_message(QueueUrl=dead_letters_url, ReceiptHandle=letter["ReceiptHandle"])
        moved += len(letters)
    return moved
