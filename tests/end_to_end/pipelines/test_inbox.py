"""A photo is put into the inbox, and an event answers: nothing is called, and nothing else is looked at."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from lookalike.keys import inbox_key
from support.deployed import Api, eventually
from support.event_bus import Bus, listening
from support.photos.photographs import photograph


@pytest.fixture(scope="module")
def bus(api: Api) -> Iterator[Bus]:
    with listening(api) as bus:
        yield bus


def put(api: Api, type_id: str | None, name: str, data: bytes, **context: str) -> str:
    key = inbox_key(type_id, name)
    api.s3.put_object(Bucket=api.stack.work_bucket, Key=key, Body=data, Metadata=context)
    return key


def told_of(bus: Bus, type_id: str) -> list[dict[str, Any]]:
    """The events about photos of a type's inbox."""
    about = inbox_key(type_id, "")
    return [event for event in bus.receive() if str(event["detail"].get("photo") or "").startswith(about)]


def test_a_match_is_told_with_the_photos_own_metadata_and_joins(api: Api, bus: Bus, built_type: str) -> None:
    key = put(api, built_type, "größe 3+4.png", photograph(1, 9), order="A17")
    detail = bus.wait_for("Recognition Matched", photo=key)
    assert (detail["type_id"], detail["match"], detail["context"]) == (built_type, True, {"order": "A17"})
    assert detail["filename"] == "größe 3+4.png"
    assert detail["appended"].startswith(f"types/{built_type}/images/")
    api.wait_until_built(built_type, 4)


def test_a_miss_is_told(api: Api, bus: Bus, shared_type: str) -> None:
    key = put(api, shared_type, "miss.png", photograph(2))
    assert not bus.wait_for("Recognition Missed", photo=key)["appended"]


def test_a_photo_of_any_type_is_told_with_the_type_that_it_shows(api: Api, bus: Bus, built_type: str) -> None:
    key = put(api, None, f"{built_type}.png", photograph(1, 9))
    detail = bus.wait_for("Recognition Matched", photo=key)
    assert detail["type_id"] in {each["type_id"] for each in detail["candidates"]}


@pytest.mark.parametrize(
    ("type_id", "data", "error"),
    [("shared-type", b"no image", "ImageRefused"), ("no-such-type", photograph(1), "NotFound")],
)
@pytest.mark.usefixtures("shared_type")
def test_what_can_not_be_recognised_is_refused_with_the_reason(
    api: Api, bus: Bus, type_id: str, data: bytes, error: str
) -> None:
    key = put(api, type_id, f"{error}.png", data, order="A17")
    detail = bus.wait_for("Photo Refused", photo=key)
    assert (detail["error"], detail["context"]) == (error, {"order": "A17"})
    assert detail["reason"]


def test_a_photo_that_comes_before_its_type_is_built_is_answered_when_it_is(
    api: Api, bus: Bus, new_type: str
) -> None:
    api.upload(new_type, "1.png", photograph(1))
    key = put(api, new_type, "1.png", photograph(1, 9))
    assert bus.wait_for("Recognition Matched", photo=key)["type_id"] == new_type


def test_photos_of_a_batch_whose_function_was_killed_are_answered(
    api: Api, bus: Bus, built_type: str
) -> None:
    sqs, queue_url = api.stack.client("sqs"), api.stack.inbox_queue_url
    hidden = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    # The template's three minutes, for a test that does not wait as long.
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "5"})
    try:
        keys = {put(api, built_type, f"{number}.png", photograph(1, number)) for number in range(30)}
        eventually(lambda: told_of(bus, built_type))
        assert kill_functions(api, "RecognizeFunction")
        eventually(lambda: {event["detail"]["photo"] for event in told_of(bus, built_type)} == keys)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes=hidden)
    told = told_of(bus, built_type)
    assert {event["detail-type"] for event in told} == {"Recognition Matched"}
    assert len({event["detail"]["id"] for event in told}) == len(keys)
    # Each joined once, beside the three that the type had.
    api.wait_until_built(built_type, 3 + len(keys))


def kill_functions(api: Api, name: str) -> int:
    """Kill a function's processes, whatever they are doing; how many there were."""
    emulator = psutil.Process(api.emulator.process.pid)
    running = [each for each in emulator.children(recursive=True) if name in _function_name(each)]
    for process in running:
        process.kill()
    return len(running)


def _function_name(process: psutil.Process) -> str:
    try:
        return process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
    except psutil.Error:
        return ""
