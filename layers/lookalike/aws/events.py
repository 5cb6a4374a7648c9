"""What is told to the event bus, for pipelines to act on; no image bytes."""

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "lookalike"
MATCHED = "Recognition Matched"
MISSED = "Recognition Missed"
REBUILT = "Encodings Rebuilt"
REJECTED = "Image Rejected"

BATCH = 10  # PutEvents takes at most 10 entries a call

logger = Logger(child=True)


class Event(NamedTuple):
    """One event: what happened, and its details as JSON can hold them."""

    detail_type: str
    detail: dict[str, Any]


def publish(client: "EventBridgeClient", bus: str, events: list[Event]) -> None:
    """Put events on the bus. A bus that can't be reached is logged: it stops no answer and no rebuild."""
    entries: list[PutEventsRequestEntryTypeDef] = [
        {
            "EventBusName": bus,
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
        }
        for event in events
    ]
    try:
        for start in range(0, len(entries), BATCH):
            answer = client.put_events(Entries=entries[start : start + BATCH])
            if answer["FailedEntryCount"]:
                logger.error("events were refused", entries=answer["Entries"])
    except (BotoCoreError, ClientError):
        logger.exception("events could not be put on the bus", events=[event.detail_type for event in events])
