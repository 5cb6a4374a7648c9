"""A photo of the inbox is answered by one event at least, and joins once at most."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import ImageError
from lookalike.looking import Seen, encode_middles
from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import Emulator
from recognize.inbox import MOST_RECEIVES, PHOTO_SECONDS
from support.inbox import Inbox
from support.photos.photographs import photograph
from support.system import TYPE, System, running_system


@pytest.fixture
def system(built: System) -> System:
    built.proxy.mend()
    built.sqs.purge_queue(QueueUrl=built.inbox_url)
    built.events()
    return built


@pytest.fixture
def inbox(system: System) -> Inbox:
    return Inbox(system)


def event_of(system: System) -> tuple[str, dict[str, Any]]:
    """The kind and detail of the one event that came."""
    (event,) = system.events()
    return event["detail-type"], event["detail"]


def test_a_photo_is_answered_as_the_api_does_and_with_its_context(system: System, inbox: Inbox) -> None:
    _, expected = system.ask(photograph(1, 2), append="false")
    system.events()
    key = inbox.put("cam 1/ä.png", photograph(1, 2), order="A 17")
    inbox.deliver_all()
    kind, detail = event_of(system)
    assert kind == "Recognition Matched"
    assert detail["appended"].startswith(f"types/{TYPE}/images/")
    told = {name: detail.pop(name) for name in ("photo", "filename", "context", "version", "id")}
    assert detail | {"appended": None, "encodings": expected["encodings"]} == expected
    assert (told["photo"], told["filename"], told["context"]) == (key, "ä.png", {"order": "A 17"})
    head = system.store.work.head(key)
    assert head
    assert told["version"] == head.etag.strip('"')


def test_a_miss_is_told_too(system: System, inbox: Inbox) -> None:
    inbox.put("2.png", photograph(2))
    inbox.deliver_all()
    kind, detail = event_of(system)
    assert (kind, detail["match"]) == ("Recognition Missed", False)


def test_without_a_type_all_are_asked(system: System, inbox: Inbox) -> None:
    inbox.put("1.png", photograph(1, 3), type_id=None)
    inbox.deliver_all()
    kind, detail = event_of(system)
    assert (kind, detail["type_id"]) == ("Recognition Matched", TYPE)
    assert detail["appended"]
    assert detail["candidates"]


@pytest.mark.parametrize(("type_id", "shot"), [(TYPE, 4), (None, 40)], ids=["of a type", "of any type"])
def test_a_message_that_comes_again_is_answered_alike_and_adds_no_row(
    system: System, inbox: Inbox, type_id: str | None, shot: int
) -> None:
    inbox.put("1.png", photograph(1, shot), type_id)
    rows = len(system.rows())
    for again in (True, True, False):
        assert inbox.deliver(again=again) == 0
    first, *others = system.events()
    assert first["detail-type"] == "Recognition Matched"
    assert first["detail"]["appended"]
    assert [(event["detail-type"], event["detail"]) for event in others] == [
        (first["detail-type"], first["detail"])
    ] * 2
    assert len(system.rows()) == rows + 1


def test_each_put_has_an_id_of_its_own(system: System, inbox: Inbox) -> None:
    for _ in range(2):
        inbox.put("1.png", photograph(2))
    inbox.deliver_all()
    assert len({event["detail"]["id"] for event in system.events()}) == 2


def test_a_photo_that_was_overwritten_is_refused_and_the_other_answered(system: System, inbox: Inbox) -> None:
    inbox.put("1.png", photograph(1), order="first")
    inbox.put("1.png", photograph(2), order="second")
    inbox.deliver_all()
    told = {event["detail-type"]: event["detail"] for event in system.events()}
    assert told.keys() == {"Photo Refused", "Recognition Missed"}
    assert told["Photo Refused"]["error"] == "NotFound"
    assert "another photo" in told["Photo Refused"]["reason"]
    assert told["Recognition Missed"]["context"] == {"order": "second"}
    assert told["Photo Refused"]["id"] != told["Recognition Missed"]["id"]


def test_a_photo_that_is_gone_is_refused(system: System, inbox: Inbox) -> None:
    system.store.work.delete(inbox.put("1.png", photograph(1)))
    inbox.deliver_all()
    kind, detail = event_of(system)
    assert (kind, detail["error"]) == ("Photo Refused", "NotFound")
    assert "removed" in detail["reason"]


@pytest.mark.parametrize(
    ("data", "type_id", "error"),
    [
        (b"no image", TYPE, "ImageRefused"),
        (b"no image", None, "ImageRefused"),
        (b"0" * 20_000_001, TYPE, "ImageRefused"),
        (photograph(1), "no-type", "NotFound"),
    ],
    ids=["no image", "no image of any", "too large", "no such type"],
)
def test_what_can_not_be_recognised_is_refused_once_with_the_reason(
    system: System, inbox: Inbox, data: bytes, type_id: str | None, error: str
) -> None:
    key = inbox.put("1.png", data, type_id, order="A17")
    assert inbox.deliver() == 0
    kind, detail = event_of(system)
    assert (kind, detail["error"], detail["type_id"]) == ("Photo Refused", error, type_id)
    assert (detail["photo"], detail["context"]) == (key, {"order": "A17"})
    assert detail["reason"]


@pytest.mark.parametrize("key", ["inbox/1.png", "inbox/no type!/1.png", "inbox/_all/1.png"])
def test_a_photo_in_no_types_folder_is_refused(system: System, inbox: Inbox, key: str) -> None:
    inbox.put_at(key, photograph(1))
    inbox.deliver_all()
    kind, detail = event_of(system)
    assert (kind, detail["error"], detail["type_id"]) == ("Photo Refused", "BadRequest", None)


def test_a_folders_marker_is_no_photo(system: System, inbox: Inbox) -> None:
    inbox.put_at(f"inbox/{TYPE}/", b"")
    inbox.deliver_all()
    assert system.events() == []


def test_one_bad_photo_stops_no_other(system: System, inbox: Inbox) -> None:
    for number in range(4):
        inbox.put(f"{number}.png", photograph(2) if number % 2 else b"no image")
    assert inbox.deliver() == 0
    kinds = [event["detail-type"] for event in system.events()]
    assert sorted(kinds) == ["Photo Refused"] * 2 + ["Recognition Missed"] * 2


def test_each_photo_of_a_batch_gets_its_own_answer(system: System, inbox: Inbox) -> None:
    match = inbox.put("match.png", photograph(1, 7))
    refused = inbox.put("none.png", b"no image")
    missed = [inbox.put(f"{number}.png", photograph(2, number)) for number in range(2)]
    assert inbox.deliver() == 0
    told = {event["detail"]["photo"]: event["detail-type"] for event in system.events()}
    expected = {match: "Recognition Matched", refused: "Photo Refused"}
    assert told == expected | dict.fromkeys(missed, "Recognition Missed")


def test_a_type_that_is_being_built_is_answered_when_it_is(
    system: System, inbox: Inbox, new_type: str
) -> None:
    system.store.put_image(f"types/{new_type}/images/1.png", photograph(1), "image/png")
    inbox.put("1.png", photograph(1, 2), new_type)
    assert inbox.deliver() == 1
    assert system.events() == []
    system.deliver_all()
    system.events()
    assert inbox.deliver() == 0
    assert event_of(system)[0] == "Recognition Matched"


def test_a_type_that_is_never_built_is_refused_in_the_end(
    system: System, inbox: Inbox, new_type: str
) -> None:
    system.store.put_image(f"types/{new_type}/images/1.png", photograph(1), "image/png")
    inbox.put("1.png", photograph(1, 2), new_type)
    assert [inbox.deliver() for _ in range(MOST_RECEIVES)] == [1] * (MOST_RECEIVES - 1) + [0]
    kind, detail = event_of(system)
    assert (kind, detail["error"]) == ("Photo Refused", "NotReady")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/inbox/"), ("GET", "/encodings/"), ("POST", "")],
    ids=["S3", "S3 too", "bus"],
)
def test_what_is_down_brings_the_message_back(system: System, inbox: Inbox, method: str, path: str) -> None:
    inbox.put("1.png", photograph(1, 5))
    system.proxy.break_(method, path, "500")
    assert inbox.deliver() == 1
    assert system.events() == []
    system.proxy.mend()
    inbox.deliver_all()
    assert event_of(system)[0] == "Recognition Matched"


def test_a_message_that_was_not_done_waits_before_it_comes_back(system: System, inbox: Inbox) -> None:
    inbox.put("1.png", photograph(1))
    system.proxy.break_("GET", "/inbox/", "500")
    assert inbox.deliver(soon=False) == 1
    # The queue itself would give it back at once.
    assert system.waiting(system.inbox_url) == 0


def test_photos_that_no_time_is_left_for_come_back(system: System, inbox: Inbox) -> None:
    for number in range(3):
        inbox.put(f"{number}.png", photograph(2))
    assert inbox.deliver(seconds=0) == 3
    inbox.deliver_all()
    assert len(system.events()) == 3


def test_of_photos_that_are_slow_to_decode_some_are_answered_each_time(
    system: System, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = []

    def slow(encoder: Encoder, data: Sequence[bytes]) -> list[Seen | ImageError]:
        together.append(len(data))
        time.sleep(0.15 * len(data))
        return encode_middles(encoder, data)

    monkeypatch.setattr("lookalike.inbox.encode_middles", slow)
    for number in range(10):
        inbox.put(f"{number}.png", photograph(2, number))
    seconds = system.recognize.RESERVE_SECONDS + PHOTO_SECONDS + 1
    left = [inbox.deliver(seconds=seconds)]
    while left[-1]:
        left.append(inbox.deliver(seconds=seconds))
    assert 0 < left[0] < 10
    assert max(together) < 10
    assert left == sorted(set(left), reverse=True)
    assert len(system.events()) == 10


def test_a_message_that_is_no_notification_becomes_a_dead_letter(system: System, inbox: Inbox) -> None:
    system.sqs.send_message(QueueUrl=system.inbox_url, MessageBody="hello")
    inbox.put("1.png", photograph(2))
    assert inbox.deliver() == 1
    assert event_of(system)[0] == "Recognition Missed"


def test_nothing_joins_where_the_template_says_so(
    emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX_APPEND", "false")
    with running_system(emulator, model_dir, monkeypatch) as system:
        system.upload("1.png", photograph(1))
        system.deliver_all()
        system.events()
        inbox = Inbox(system)
        inbox.put("1.png", photograph(1, 6))
        inbox.deliver_all()
        detail = event_of(system)[1]
    assert (detail["match"], detail["appended"]) == (True, None)
