"""The inbox in front of the functions' own code: S3 tells of its photos, a test delivers what S3 tells."""

from typing import Any

from lookalike.keys import inbox_key
from support.deployed import eventually
from support.system import API_SECONDS, TYPE, Context, System, as_event


class Inbox:
    """A system's inbox and its queue."""

    def __init__(self, system: System) -> None:
        self.system = system

    def put(self, name: str, data: bytes, type_id: str | None = TYPE, **context: str) -> str:
        """Put a photo, with metadata."""
        return self.put_at(inbox_key(type_id, name), data, **context)

    def put_at(self, key: str, data: bytes, **context: str) -> str:
        """Put what may be no photo of the inbox; S3 has told of it when this returns."""
        told = self.system.waiting(self.system.inbox_url)
        self.system.store.work.put(key, data, "image/png", context)
        eventually(lambda: self.system.waiting(self.system.inbox_url) > told)
        return key

    def deliver(self, *, again: bool = False, soon: bool = True, seconds: float = API_SECONDS) -> int:
        """Hand messages to the function, and remove those that it has done; how many it has not.

        Args:
            again: whether also those that it has done will be delivered once more.
            soon: whether those that it has not done come back at once.
            seconds: the time that the function has.
        """
        sqs, queue_url = self.system.sqs, self.system.inbox_url
        received = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        messages = received.get("Messages", [])
        if not messages:
            return 0
        answer: Any = self.system.recognize.handler(as_event(messages), Context.with_seconds(seconds))
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            handle = message["ReceiptHandle"]
            if message["MessageId"] not in failed and not again:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=handle)
            elif soon:
                sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=handle, VisibilityTimeout=0)
        return len(failed)

    def deliver_all(self) -> None:
        """Hand all messages that wait to the function, which must do them at once."""
        while self.system.waiting(self.system.inbox_url):
            assert self.deliver() == 0
