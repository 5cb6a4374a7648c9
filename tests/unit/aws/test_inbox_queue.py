"""What the inbox's messages say, and when those that were not done come back."""

import json
from dataclasses import dataclass

import pytest

from lookalike.aws.inbox_queue import Put, delay_seconds, photos_put
from lookalike.keys import InboxKey, inbox_key, parse_inbox_key


@dataclass(frozen=True)
class Told:
    """An object as S3 tells of it: its key is URL-encoded."""

    key: str
    etag: str = "e"
    sequencer: str = "1"

    def record(self) -> dict[str, object]:
        return {"s3": {"object": {"key": self.key, "eTag": self.etag, "sequencer": self.sequencer}}}


def notification(*objects: Told) -> str:
    return json.dumps({"Records": [each.record() for each in objects]})


def test_each_photo_that_a_message_tells_of_is_named() -> None:
    body = notification(Told("inbox/nut/a+b%C3%A4.png"), Told("inbox/_any/2.png", "f", "2"))
    assert photos_put(body) == [Put("inbox/nut/a bä.png", "e", "1"), Put("inbox/_any/2.png", "f", "2")]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Event": "s3:TestEvent"}),
        notification(Told("inbox/nut/")),
        notification(Told("queries/1")),
    ],
    ids=["test event", "folder", "elsewhere"],
)
def test_what_is_no_photo_of_the_inbox_is_passed_over(body: str) -> None:
    assert photos_put(body) == []


@pytest.mark.parametrize("body", ["", "[]", "1", "{}", '{"Records": [{}]}', '{"Records": [{"s3": 1}]}'])
def test_what_is_no_notification_is_an_error_that_shows_it(body: str) -> None:
    with pytest.raises(ValueError, match="no notification of S3"):
        photos_put(body)


def test_the_id_is_that_of_the_put() -> None:
    put = Put("inbox/nut/1.png", "e", "1")
    assert put.id == Put("inbox/nut/1.png", "e", "1").id
    others = [put._replace(key="inbox/nut/2.png"), put._replace(etag="f"), put._replace(sequencer="2")]
    assert len({put.id, *(other.id for other in others)}) == 4


def test_a_message_comes_back_later_each_time_and_after_five_minutes_at_most() -> None:
    assert [delay_seconds(received) for received in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert delay_seconds(1000) == 300


@pytest.mark.parametrize("type_id", ["hex-nut", None])
def test_a_key_of_the_inbox_says_which_type_is_asked_for(type_id: str | None) -> None:
    assert parse_inbox_key(inbox_key(type_id, "a/b.png")) == InboxKey(type_id, "a/b.png")


@pytest.mark.parametrize(
    "key", ["inbox/1.png", "inbox//1.png", "inbox/_all/1.png", "inbox/nut/", "x/nut/1.png"]
)
def test_any_other_key_asks_for_nothing(key: str) -> None:
    assert parse_inbox_key(key) is None
