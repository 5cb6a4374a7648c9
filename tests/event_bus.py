"""A pipeline that hears what is told to the event bus of the emulated AWS."""

import json
from typing import Any
from uuid import uuid4

import boto3

from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator


class Bus:
    """A pipeline's queue, behind a rule for all events of this source."""

    def __init__(self, emulator: Emulator) -> None:
        """Hear all that is told from now on."""
        direct: Any = {"endpoint_url": emulator.endpoint_url, "region_name": REGION, **CREDENTIALS}
        self.events, self.sqs = boto3.client("events", **direct), boto3.client("sqs", **direct)
        self.name = f"pipeline-{uuid4().hex[:8]}"
        self.queue_url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        queue = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])
        self.events.put_rule(Name=self.name, EventPattern=json.dumps({"source": ["lookalike"]}))
        arn = queue["Attributes"]["QueueArn"]
        self.events.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": arn}])

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What has been told since this was asked last: kinds and details, in order."""
        told: list[tuple[str, dict[str, Any]]] = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in batch:
                event = json.loads(message["Body"])
                told.append((event["detail-type"], event["detail"]))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return told

    def close(self) -> None:
        """Hear no more."""
        self.events.remove_targets(Rule=self.name, Ids=["queue"])
        self.events.delete_rule(Name=self.name)
