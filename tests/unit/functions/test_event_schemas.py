"""What events tell is written down, and stays within what the bus takes."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lookalike.aws import events
from lookalike.matching.settings import MAX_NOTICE_CHARS, Look, Rule, parse_settings
from recognize import schemas
from recognize.responses import details
from support.event_schemas import SCHEMAS, check_event, schema_of

KINDS = [events.MATCHED, events.MISSED, events.REFUSED, events.REBUILT, events.REJECTED]
LONGEST_KEY = "types/t/images/".ljust(1024, "\x01")
"""No character takes more bytes in JSON than those that are written as \\u0001."""

COMPARED: dict[str, Any] = {
    "type_id": "t" * 64,
    "match": True,
    "similarity": 0.123456,
    "rule": Rule.PROBABILITY,
    "score": 0.123456,
    "threshold": 0.123456,
    "threshold_source": "request",
    "look": Look.ANYWHERE,
    "box": [0.123456] * 4,
    "views": 64,
    "notice": "\x01" * 2 * MAX_NOTICE_CHARS,
    "nearest_other": schemas.OtherType(type_id="t" * 64, similarity=0.123456),
    "counterexample": schemas.Neighbour(image=LONGEST_KEY, similarity=0.123456),
    "nearest": [schemas.Neighbour(image=LONGEST_KEY, similarity=0.123456)] * 5,
}
BECAME: dict[str, Any] = {"appended": LONGEST_KEY, "pending": True, "model": "m" * 64}
LARGEST = {
    "of one type": schemas.RecognizeAnswer(**COMPARED, **BECAME, encodings=50_000),
    "of all types": schemas.IdentifyAnswer(
        match="t" * 64,
        candidates=[schemas.RankedCandidate(**COMPARED, probability=0.123456)] * 5,
        none=0.123456,
        types=20_000,
        **BECAME,
    ),
}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == name


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_event_has_a_schema(kind: str) -> None:
    assert schema_of(kind)["title"] == kind


@pytest.mark.parametrize("answer", LARGEST.values(), ids=LARGEST)
def test_the_largest_event_is_as_its_schema_says_and_fits(answer: details.Answer) -> None:
    about = schemas.EventPhoto(
        photo=LONGEST_KEY,
        filename="\U0001f600" * 300,
        version='"' * 40,
        id="0" * 32,
        context={"order": "\x01" * 2048},
    )
    kind, detail = details.recognition_event(answer, about)
    check_event({"detail-type": kind, "detail": detail})
    assert len(json.dumps(detail)) < events.MAX_CALL_BYTES - 1000


@pytest.mark.parametrize(
    "settings", [{"x" * 60_000: 1}, {"title": 0, "look": "x" * 60_000}], ids=["unknown", "unreadable"]
)
def test_a_notice_about_settings_has_a_limit(settings: dict[str, Any]) -> None:
    notice = parse_settings(json.dumps(settings).encode()).notice
    assert notice
    assert len(notice) < 2 * MAX_NOTICE_CHARS
