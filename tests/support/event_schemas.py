"""The schemas of events' details: every event that a test receives is held against its own."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from lookalike.aws import events

FOLDER = Path(events.__file__).with_name("event_schemas")
SCHEMAS: dict[str, dict[str, Any]] = {
    path.name: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")
}
_registry: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def schema_of(detail_type: str) -> dict[str, Any]:
    """The schema of one kind of event."""
    return SCHEMAS[f"{detail_type.lower().replace(' ', '-')}.json"]


def check_event(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it came on the bus, if its detail is as its schema says."""
    Draft202012Validator(schema_of(event["detail-type"]), registry=_registry).validate(event["detail"])
    return event
