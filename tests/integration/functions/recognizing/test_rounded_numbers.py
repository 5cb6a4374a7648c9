"""Numbers in answers and events have at most six decimals."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.photos.photographs import blended, photograph
from support.system import ROUTE, System


def numbers(told: Any) -> Iterator[float]:
    """All floats of what was told in JSON."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        for each in told:
            yield from numbers(each)
    if isinstance(told, float):
        yield told


@pytest.fixture
def asked(shared_system: System, new_type: str) -> str:
    """A type of three photos, one of them appended by a query."""
    shared_system.build(new_type, shots=2)
    shared_system.events()
    params = {"threshold": "0.123456789"}
    status, answer = shared_system.call(ROUTE, blended(1, 2, 0.2), type_id=new_type, params=params)
    assert (status, answer["match"], answer["threshold"]) == (200, True, 0.123457)
    assert_rounded(answer)
    return new_type


def assert_rounded(told: Any) -> None:
    found = list(numbers(told))
    assert found
    assert [round(number, 6) for number in found] == found


def test_in_the_event_of_a_match(shared_system: System, asked: str) -> None:
    (event,) = [event for event in shared_system.events() if event["detail-type"] == "Recognition Matched"]
    assert event["detail"]["type_id"] == asked
    assert_rounded(event["detail"])


@pytest.mark.usefixtures("asked")
def test_when_asked_for_any_type(shared_system: System) -> None:
    status, answer = shared_system.call("POST /recognize", photograph(1, 5))
    assert status == 200
    assert_rounded(answer)


def test_in_the_list_of_images(shared_system: System, asked: str) -> None:
    status, answer = shared_system.call("GET /types/{type_id}/images", type_id=asked)
    assert status == 200
    assert_rounded(answer)


def test_a_photo_is_wholly_similar_to_itself(shared_system: System, asked: str) -> None:
    _, answer = shared_system.call(ROUTE, photograph(1, 0), type_id=asked)
    assert json.dumps(answer["similarity"]) == "1.0"
