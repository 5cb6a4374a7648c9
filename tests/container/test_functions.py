"""The functions do their work as unprivileged users on a read-only file system, driven by the Runtime API."""

import json
from uuid import uuid4

import pytest

from container.cloud import Cloud, recognize_event, sqs_record
from container.engine import Engine
from container.function_container import FunctionContainer, running_function
from container.images import Image
from container.runtime_api import FunctionError
from lookalike.matching.encodings import Origin
from lookalike.storage.store import Store
from lookalike.vision.model import ModelDescription
from support.photos.photographs import photograph


@pytest.fixture
def store(cloud: Cloud, model: ModelDescription) -> Store:
    return cloud.store(model)


@pytest.fixture
def built_type(cloud: Cloud, rebuild_encodings: FunctionContainer) -> str:
    """A type with three photos of subject 1, built."""
    type_id = f"type-{uuid4().hex[:12]}"
    event = cloud.put_photos(type_id, [photograph(1, shot) for shot in range(3)])
    assert rebuild_encodings.invoke(event) == {"batchItemFailures": []}
    return type_id


def origins(store: Store, type_id: str) -> list[Origin]:
    encodings, _ = store.read_encodings(type_id)
    assert encodings
    return [row.origin for row in encodings.rows]


def test_photos_in_the_bucket_become_encodings(store: Store, built_type: str) -> None:
    assert origins(store, built_type) == [Origin.UPLOADED] * 3


def test_a_photo_of_the_type_matches_and_joins_it(
    store: Store, recognize: FunctionContainer, built_type: str
) -> None:
    answer = recognize.invoke(recognize_event(built_type, photograph(1, 7), threshold="0.9"))
    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["match"], body["encodings"]) == (200, True, 4)
    assert store.get_image(body["appended"]).data == photograph(1, 7)
    assert origins(store, built_type) == [Origin.UPLOADED] * 3 + [Origin.RECOGNIZED]


def test_a_photo_of_something_else_misses(recognize: FunctionContainer, built_type: str) -> None:
    answer = recognize.invoke(recognize_event(built_type, photograph(2), threshold="0.9"))
    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["match"], body["appended"]) == (200, False, None)


def test_a_recognition_is_told_to_the_event_bus(
    cloud: Cloud, recognize: FunctionContainer, built_type: str
) -> None:
    recognize.invoke(recognize_event(built_type, photograph(2), threshold="0.9"))
    assert cloud.wait_until_told("Recognition Missed", built_type)["match"] is False


def test_a_message_that_fails_is_named_for_another_try(
    cloud: Cloud, rebuild_encodings: FunctionContainer
) -> None:
    record = sqs_record("no notification", cloud.queue_arn, {})
    failures = [{"itemIdentifier": record["messageId"]}]
    assert rebuild_encodings.invoke({"Records": [record]}) == {"batchItemFailures": failures}


@pytest.mark.parametrize("function", ["recognize", "rebuild_encodings"])
def test_a_function_that_cannot_start_says_why(
    engine: Engine, images: dict[str, Image], cloud: Cloud, function: str
) -> None:
    environment = cloud.environment()
    del environment["BUCKET_NAME"]
    with (
        pytest.raises(FunctionError, match="BUCKET_NAME"),
        running_function(engine, images[function], environment),
    ):
        pass
