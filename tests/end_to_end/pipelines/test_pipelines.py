"""Pipelines learn from the event bus what was recognised, built and rejected."""

from collections.abc import Iterator

import pytest

from support.deployed import Api
from support.event_bus import Bus, listening
from support.photos.photographs import photograph


@pytest.fixture(scope="module")
def bus(api: Api) -> Iterator[Bus]:
    with listening(api) as bus:
        yield bus


def test_a_match_is_told(api: Api, bus: Bus, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(1, 9), filename="bench 3.png").json()
    detail = bus.wait_for("Recognition Matched", type_id=built_type)
    assert detail == answer | {
        "photo": None,
        "filename": "bench 3.png",
        "version": None,
        "id": None,
        "context": {},
    }


def test_a_miss_is_told(api: Api, bus: Bus, built_type: str) -> None:
    answer = api.recognize(built_type, photograph(2), threshold=0.99).json()
    detail = bus.wait_for("Recognition Missed", type_id=built_type)
    assert detail["similarity"] == answer["similarity"]
    assert not detail["match"]


def test_a_rebuild_is_told(api: Api, bus: Bus, new_type: str) -> None:
    api.upload(new_type, "1.png", photograph(1))
    detail = bus.wait_for("Encodings Rebuilt", type_id=new_type)
    assert (detail["added"], detail["removed"], detail["encodings"]) == (1, 0, 1)


def test_a_rejected_image_is_told_with_its_reason(api: Api, bus: Bus, new_type: str) -> None:
    key = api.upload(new_type, "1.png", b"no image")
    detail = bus.wait_for("Image Rejected", type_id=new_type)
    assert detail["image"] == key
    assert "not an image" in detail["reason"]
