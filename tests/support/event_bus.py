"""A pipeline's queue behind a rule of EventBridge: what it learns of a live stack, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from support.deployed import Api, eventually
from support.event_schemas import check_event


class Bus:
    """The events that a pipeline gets."""

    def __init__(self, api: Api, queue_url: str) -> None:
        self.sqs = api.stack.client("sqs")
        self.queue_url = queue_url
        self.received: list[dict[str, Any]] = []

    def receive(self) -> list[dict[str, Any]]:
        """All events that have come so far."""
        while messages := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            self.received += [check_event(json.loads(message["Body"])) for message in messages]
            done = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
            self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=done)
        assert all(event["source"] == "lookalike" for event in self.received)
        return self.received

    def wait_for(self, detail_type: str, **detail: Any) -> dict[str, Any]:
        """The detail of the first event of a kind whose detail says this among others."""

        def found() -> dict[str, Any] | None:
            told = [event["detail"] for event in self.receive() if event["detail-type"] == detail_type]
            return next((each for each in told if each | detail == each), None)

        waited_for: dict[str, Any] = eventually(found)
        return waited_for


@contextmanager
def listening(api: Api) -> Iterator[Bus]:
    """A pipeline's queue, behind a rule for all events of this source."""
    name = f"pipeline-{uuid4().hex[:8]}"
    sqs, events = api.stack.client("sqs"), api.stack.client("events")
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["lookalike"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": attributes["QueueArn"]}])
    yield Bus(api, queue_url)
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=queue_url)
