"""What passes on a live stack's event bus, by a rule and a queue that are there while one listens."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.aws.events import SOURCE
from lookalike_tools.live.stack import Stack, StackError

Receive = Callable[[], list[dict[str, Any]]]
"""Gives the events that came; waits a little if there are none."""

WAIT_SECONDS = 2


@contextmanager
def listening(stack: Stack, detail: dict[str, Any] | None = None) -> Iterator[Receive]:
    """Listen to a stack's events.

    Args:
        stack: the live stack.
        detail: pattern of the details that are wanted; of all if None.

    Raises:
        StackError: there are no rights for a rule or a queue.
    """
    name = f"lookalike-listener-{uuid4().hex[:12]}"
    sqs, bus = stack.client("sqs"), stack.client("events")
    pattern = {"source": [SOURCE]} | ({"detail": detail} if detail else {})
    undo: list[Callable[[], Any]] = []

    def receive() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS)
        messages = answer.get("Messages", [])
        if messages:
            done = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
            sqs.delete_message_batch(QueueUrl=queue_url, Entries=done)
        return [json.loads(message["Body"]) for message in messages]

    try:
        queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
        undo.append(lambda: sqs.delete_queue(QueueUrl=queue_url))
        attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        queue_arn = attributes["Attributes"]["QueueArn"]
        rule_arn = bus.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        undo.append(lambda: bus.delete_rule(Name=name))
        policy = json.dumps(_policy(queue_arn, rule_arn))
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})
        bus.put_targets(Rule=name, Targets=[{"Id": "listener", "Arn": queue_arn}])
        undo.append(lambda: bus.remove_targets(Rule=name, Ids=["listener"]))
        yield receive
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the events can't be listened to: {error}") from None
    finally:
        for step in reversed(undo):
            step()


def _policy(queue_arn: str, rule_arn: str) -> dict[str, Any]:
    """Only the rule may send."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return {"Version": "2012-10-17", "Statement": [allowed]}
