"""Pipelines learn from the event bus what was recognised, built and rejected."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from support.deployed import Api, eventually
from support.event_schemas import check_event
from support.photographs import photograph


class Bus:
    """The events that a pipeline gets."""

    def __init__(self, api: Api, queue_url: str) -> None:
        self.sqs = api.stack.client("sqs")
        self.queue_url = queue_url
        self.received: list[dict[str, Any]] = []

    def wait_for(self, detail_type: str, type_id: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
            told = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
            self.received += [check_event(event) for event in told]
            for event in self.received:
                if event["detail-type"] == detail_type and event["detail"]["type_id"] == type_id:
                    return event
            return None

        event: dict[str, Any] = eventually(found)
        assert event["source"] == "lookalike"
        detail: dict[str, Any] = event["detail"]
        return detail


@pytest.fixture(scope="module")
def bus(api: Api) -> Iterator[Bus]:
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


def test_a_match_is_told(api: Api, bus: Bus, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(1, 9), filename="bench 3.png").json()
    detail = bus.wait_for("Recognition Matched", built_type)
    assert detail == answer | {
        "photo": None,
        "filename": "bench 3.png",
        "version": None,
        "id": None,
        "context": {},
    }


def test_a_miss_is_told(api: Api, bus: Bus, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(2), threshold=0.99).json()
    detail = bus.wait_for("Recognition Missed", built_type)
    assert detail["similarity"] == answer["similarity"]
    assert not detail["match"]


def test_a_rebuild_is_told(api: Api, bus: Bus, new_type: str) -> None:
    api.upload(new_type, "1.png", photograph(1))
    detail = bus.wait_for("Encodings Rebuilt", new_type)
    assert (detail["added"], detail["removed"], detail["encodings"]) == (1, 0, 1)


def test_a_rejected_image_is_told_with_its_reason(api: Api, bus: Bus, new_type: str) -> None:
    key = api.upload(new_type, "1.png", b"no image")
    detail = bus.wait_for("Image Rejected", new_type)
    assert detail["image"] == key
    assert "not an image" in detail["reason"]
