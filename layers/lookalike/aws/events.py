"""What is told to the event bus, for pipelines to act on; no image bytes.

`event_schemas/`, beside this file, says what the details of each kind hold.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "lookalike"
MATCHED = "Recognition Matched"
MISSED = "Recognition Missed"
REFUSED = "Photo Refused"
REBUILT = "Encodings Rebuilt"
REJECTED = "Image Rejected"

BATCH = 10  # PutEvents takes at most 10 entries a call
MAX_CALL_BYTES = 256_000
"""What the entries of a call may have together, and so what an event may have: PutEvents takes 256 KB.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"""

MAX_TEXT_CHARS = 500
"""What an event tells of a reason or a name at most, so that it stays within `MAX_CALL_BYTES`."""

logger = Logger(child=True)


class Event(NamedTuple):
    """One event: what happened, and its details as JSON can hold them."""

    detail_type: str
    detail: dict[str, Any]


def publish(client: "EventBridgeClient", bus: str, events: list[Event]) -> None:
    """Put events on the bus. What it does not take is logged: it stops no answer and no rebuild."""
    if reasons := put(client, bus, events):
        logger.error("events were refused", reasons=reasons, events=[event.detail_type for event in events])


def put(client: "EventBridgeClient", bus: str, events: list[Event]) -> list[str]:
    """Put events on the bus; returns why those that it did not take were refused."""
    reasons = []
    for entries in _calls(bus, events):
        try:
            answer = client.put_events(Entries=entries)
        except (BotoCoreError, ClientError) as error:
            reasons += [str(error)] * len(entries)
        else:
            refused = [entry for entry in answer["Entries"] if "ErrorCode" in entry]
            reasons += [f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}" for entry in refused]
    return reasons


def cut(text: str) -> str:
    """As much of a text as an event tells."""
    return text if len(text) <= MAX_TEXT_CHARS else text[: MAX_TEXT_CHARS - 1] + "…"


def _calls(bus: str, events: list[Event]) -> Iterator[list["PutEventsRequestEntryTypeDef"]]:
    """The entries of each call."""
    entries: list[PutEventsRequestEntryTypeDef] = []
    size = 0
    for event in events:
        detail = json.dumps(event.detail, separators=(",", ":"))
        its_size = len(SOURCE) + len(event.detail_type) + len(detail)  # all is ASCII
        if entries and (len(entries) == BATCH or size + its_size > MAX_CALL_BYTES):
            yield entries
            entries, size = [], 0
        entries.append(
            {"EventBusName": bus, "Source": SOURCE, "DetailType": event.detail_type, "Detail": detail}
        )
        size += its_size
    if entries:
        yield entries
