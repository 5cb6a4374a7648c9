"""Work is asked for in few messages; what is postponed, or failed, waits longer each time, and gives up."""

from typing import Any
from unittest.mock import Mock

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lookalike.aws import queue
from lookalike.aws.messages import MOST_IMAGES, MOST_TYPES, Message, Sweep, read_message
from lookalike.aws.queue import (
    MESSAGES_A_CALL,
    MOST_TRIES,
    PostponedTooOftenError,
    failed_seconds,
    request_build_once,
    request_rebuild,
    request_rebuilds,
    request_refresh,
    request_sweep,
    show_again_soon,
    wait_seconds,
)
from lookalike.errors import LookalikeError
from lookalike.keys import image_key

URL = "the queue"
LONGEST_DELAY = 900
"""SQS delays no message longer, in seconds."""


@pytest.fixture
def client() -> Mock:
    return Mock(spec_set=["send_message", "send_message_batch", "change_message_visibility_batch"])


def sent(client: Mock) -> list[Message]:
    calls = [call.kwargs for call in client.send_message.call_args_list]
    assert all(call["QueueUrl"] == URL and len(call["MessageBody"].encode()) < 256_000 for call in calls)
    return [read_message(call["MessageBody"]) for call in calls]


def delays(client: Mock) -> list[int]:
    return [call.kwargs["DelaySeconds"] for call in client.send_message.call_args_list]


def test_a_request_is_sent_as_it_is_read(client: Mock) -> None:
    request_rebuild(client, URL, "hex-nut")
    request_rebuild(client, URL, "hex-nut", [])
    request_sweep(client, URL, Sweep(slice=2, after="bolt"))
    assert sent(client) == [
        Message(rebuild="hex-nut"),
        Message(rebuild="hex-nut", images=()),
        Message(sweep=Sweep(slice=2, after="bolt")),
    ]
    assert delays(client) == [0, 0, 0]


def test_however_many_images_there_are_each_is_named(client: Mock) -> None:
    named = {image_key("hex-nut", "ü" * 400 + str(number)) for number in range(2 * MOST_IMAGES + 1)}
    request_rebuild(client, URL, "hex-nut", named)
    assert [len(message.images or ()) for message in sent(client)] == [MOST_IMAGES, MOST_IMAGES, 1]
    assert {key for message in sent(client) for key in message.images or ()} == named


def test_many_types_are_refreshed_by_one_message_that_waits_for_others(client: Mock) -> None:
    type_ids = [f"{number:064}" for number in range(MOST_TYPES + 1)]
    request_refresh(client, URL, type_ids)
    assert [message.refresh for message in sent(client)] == [tuple(type_ids[:-1]), tuple(type_ids[-1:])]
    assert all(delay > 0 for delay in delays(client))


def test_nothing_to_refresh_is_no_message(client: Mock) -> None:
    request_refresh(client, URL, [])
    assert not client.send_message.called


def test_postponed_work_waits_longer_each_time_and_counts_its_tries(client: Mock) -> None:
    for tries in (1, 4, 8):
        request_rebuild(client, URL, "hex-nut", tries=tries)
    assert [message.tries for message in sent(client)] == [1, 4, 8]
    first, fourth, eighth = delays(client)
    assert 1 <= first <= 2
    assert 8 <= fourth <= 16
    assert 128 <= eighth <= 256


def test_postponed_work_spreads() -> None:
    assert len({wait_seconds(20) for _ in range(50)}) > 10


def test_no_work_waits_longer_than_sqs_lets_it(client: Mock) -> None:
    request_refresh(client, URL, ["hex-nut"], MOST_TRIES)
    assert 0 < delays(client)[0] <= LONGEST_DELAY


def test_what_was_postponed_too_often_is_not_postponed_again(client: Mock) -> None:
    request_rebuild(client, URL, "hex-nut", tries=MOST_TRIES)
    with pytest.raises(PostponedTooOftenError):
        request_rebuild(client, URL, "hex-nut", tries=MOST_TRIES + 1)
    with pytest.raises(PostponedTooOftenError):
        request_refresh(client, URL, ["hex-nut"], tries=MOST_TRIES + 1)
    assert len(sent(client)) == 1


def test_a_function_asks_for_a_type_to_be_built_once_in_a_while(
    client: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_asked", {})
    for type_id in ("hex-nut", "hex-nut", "bolt", "hex-nut"):
        request_build_once(client, URL, type_id)
    assert [message.rebuild for message in sent(client)] == ["hex-nut", "bolt"]
    monkeypatch.setattr(queue, "ASK_AGAIN_SECONDS", 0)
    request_build_once(client, URL, "hex-nut")
    assert [message.rebuild for message in sent(client)] == ["hex-nut", "bolt", "hex-nut"]


def test_what_could_not_be_asked_for_is_asked_for_again(
    client: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_asked", {})
    client.send_message.side_effect = [ConnectionError, None]
    with pytest.raises(ConnectionError):
        request_build_once(client, URL, "hex-nut")
    request_build_once(client, URL, "hex-nut")
    assert client.send_message.call_count == 2


def entries(call: Mock) -> list[dict[str, Any]]:
    parts = [each.kwargs["Entries"] for each in call.call_args_list]
    assert all(0 < len(part) <= MESSAGES_A_CALL for part in parts)
    assert all(len({entry["Id"] for entry in part}) == len(part) for part in parts)
    return [entry for part in parts for entry in part]


def test_many_types_are_asked_for_in_few_calls_spread_over_a_while(client: Mock) -> None:
    client.send_message_batch.return_value = {}
    type_ids = [f"type-{number}" for number in range(25)]
    request_rebuilds(client, URL, type_ids, within_seconds=LONGEST_DELAY)
    asked = entries(client.send_message_batch)
    assert [read_message(entry["MessageBody"]).rebuild for entry in asked] == type_ids
    assert len({entry["DelaySeconds"] for entry in asked}) > 5
    assert client.send_message_batch.call_count == 3


def test_messages_that_the_queue_does_not_take_are_an_error(client: Mock) -> None:
    client.send_message_batch.return_value = {"Failed": [{"Id": "0", "Code": "InternalError"}]}
    with pytest.raises(LookalikeError, match="1 of 2 messages"):
        request_rebuilds(client, URL, ["a", "b"])


def failed(receives: int) -> SQSRecord:
    attributes = {"ApproximateReceiveCount": str(receives)}
    return SQSRecord({"receiptHandle": f"handle-{receives}", "attributes": attributes})


def test_messages_that_failed_are_shown_again_after_seconds_and_later_each_time(client: Mock) -> None:
    show_again_soon(client, URL, [failed(receives) for receives in (1, 2, 3)])
    first, second, third = entries(client.change_message_visibility_batch)
    assert [each["ReceiptHandle"] for each in (first, second, third)] == ["handle-1", "handle-2", "handle-3"]
    waits = [each["VisibilityTimeout"] for each in (first, second, third)]
    assert 2 <= waits[0] <= 5
    assert 12 <= waits[1] <= 25
    assert 62 <= waits[2] <= 125


def test_messages_that_failed_last_through_minutes_without_storage() -> None:
    """Four waits before the fifth and last try."""
    assert sum(failed_seconds(receives) for receives in range(1, 5)) > 5 * 60


def test_all_of_a_batch_can_fail(client: Mock) -> None:
    show_again_soon(client, URL, [failed(receives) for receives in range(1, 101)])
    waits = [entry["VisibilityTimeout"] for entry in entries(client.change_message_visibility_batch)]
    assert len(waits) == 100
    assert max(waits) <= 12 * 60
    show_again_soon(client, URL, [])
    assert client.change_message_visibility_batch.call_count == 10


def test_a_batch_goes_to_the_queue_it_is_for(client: Mock) -> None:
    client.send_message_batch.return_value = {}
    request_rebuilds(client, URL, ["hex-nut"])
    show_again_soon(
        client, URL, [SQSRecord({"receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}})]
    )
    (batch,), (again,) = (
        [call.kwargs for call in method.call_args_list]
        for method in (client.send_message_batch, client.change_message_visibility_batch)
    )
    assert (batch["QueueUrl"], again["QueueUrl"]) == (URL, URL)
    assert [entry["DelaySeconds"] for entry in batch["Entries"]] == [0]


def test_a_refresh_that_was_postponed_says_how_often(client: Mock) -> None:
    request_refresh(client, URL, ["hex-nut"])
    request_refresh(client, URL, ["hex-nut"], tries=3)
    assert [message.tries for message in sent(client)] == [0, 3]


def test_a_type_that_was_never_built_is_asked_for_without_images(client: Mock) -> None:
    request_build_once(client, URL, "never-built")
    assert sent(client) == [Message(rebuild="never-built", images=())]
