"""Queries that came close and did not match wait for people, if the stack is told to keep them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike.keys import Folder, image_key
from lookalike.matching.settings import KeepMissed
from lookalike_tools.local.emulator import Emulator
from support.photos.photographs import blended, photograph
from support.system import System, running_system

LIST = "GET /missed"
CLOSE = blended(1, 2, 0.36)
CLOSER = blended(1, 2, 0.33)
FAR = photograph(2)


@pytest.fixture
def system(
    emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch, keep: KeepMissed
) -> Iterator[System]:
    """A stack that keeps some, with a type of one photo of subject 1."""
    monkeypatch.setenv("KEEP_MISSED", keep)
    monkeypatch.setenv("MISSED_MARGIN", "0.2")
    with running_system(emulator, model_dir, monkeypatch) as system:
        system.upload("1.png", photograph(1))
        system.deliver_all()
        yield system


def keeping(keep: KeepMissed) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("keep", [keep])


def miss(system: System, photo: bytes, **params: str) -> dict[str, Any]:
    status, answer = system.ask(photo, **params)
    assert (status, answer["match"]) == (200, False)
    return answer


def waiting(system: System, **params: str) -> list[dict[str, Any]]:
    status, answer = system.call(LIST, params=params)
    assert status == 200
    found: list[dict[str, Any]] = answer["missed"]
    return found


def verdict(system: System, photo: str, said: str) -> str:
    body = json.dumps({"photo": photo, "verdict": said}).encode()
    status, answer = system.call("POST /types/{type_id}/verdicts", body, content_type="application/json")
    assert status == 200
    key: str = answer["image"]
    system.tell(key)
    system.deliver_all()
    return key


@keeping(KeepMissed.CLOSE)
def test_what_came_close_is_kept_with_how_close_it_came(system: System) -> None:
    answer = miss(system, CLOSE, filename="ü.png")
    miss(system, FAR)
    (missed,) = waiting(system)
    assert missed["type_id"] == "hex-nut"
    assert (missed["score"], missed["threshold"]) == (answer["score"], answer["threshold"])
    assert (missed["nearest"], missed["similarity"]) == tuple(answer["nearest"][0].values())
    assert missed["filename"] == "ü.png"
    assert missed["box"] is None


@keeping(KeepMissed.ALL)
def test_all_can_be_kept_and_the_closest_come_first(system: System) -> None:
    scores = [miss(system, photo)["score"] for photo in (FAR, CLOSER, CLOSE)]
    assert [missed["score"] for missed in waiting(system)] == sorted(scores, reverse=True)
    (first,) = waiting(system, limit="1")
    assert first["score"] == max(scores)
    assert system.call(LIST, params={"limit": "1"})[1]["more"]
    assert not system.call(LIST)[1]["more"]
    assert waiting(system, type_id="another") == []


@keeping(KeepMissed.NONE)
def test_unless_told_to_nothing_is_kept(system: System) -> None:
    miss(system, CLOSE)
    assert waiting(system) == []


@keeping(KeepMissed.ALL)
def test_what_matches_is_not_missed(system: System) -> None:
    assert system.ask(photograph(1, 9))[1]["match"]
    assert waiting(system) == []


@keeping(KeepMissed.ALL)
def test_the_same_photo_waits_once(system: System) -> None:
    miss(system, CLOSE)
    miss(system, CLOSE)
    assert len(waiting(system)) == 1


@keeping(KeepMissed.ALL)
def test_one_that_shows_the_type_joins_it_as_uploaded(system: System) -> None:
    miss(system, CLOSE)
    (missed,) = waiting(system)
    key = verdict(system, missed["photo"], "is_one")
    assert waiting(system) == []
    _, images = system.call("GET /types/{type_id}/images")
    assert {entry["image"]: entry["origin"] for entry in images["images"]}[key] == "uploaded"
    assert system.ask(CLOSE)[1]["match"]


@keeping(KeepMissed.ALL)
def test_one_that_does_not_becomes_a_counterexample_and_is_not_kept_again(system: System) -> None:
    miss(system, CLOSE)
    (missed,) = waiting(system)
    key = verdict(system, missed["photo"], "is_not")
    assert key.startswith("types/hex-nut/counterexamples/")
    assert waiting(system) == []
    assert miss(system, CLOSE)["counterexample"]["image"] == key
    assert waiting(system) == []


@keeping(KeepMissed.ALL)
def test_what_a_counterexample_outweighs_waits_too(system: System) -> None:
    """So that a counterexample which takes away too much is noticed."""
    key = image_key("hex-nut", "no.png", Folder.COUNTEREXAMPLES)
    system.store.put_image(key, blended(1, 3, 0.12), "image/png")
    system.tell(key)
    system.deliver_all()
    miss(system, blended(1, 3, 0.1))
    (missed,) = waiting(system)
    assert missed["score"] > missed["threshold"]


@keeping(KeepMissed.ALL)
def test_a_query_against_all_types_waits_with_the_most_probable(system: System) -> None:
    status, answer = system.call("POST /recognize", CLOSE)
    assert (status, answer["match"]) == (200, None)
    (missed,) = waiting(system)
    assert missed["type_id"] == answer["candidates"][0]["type_id"]


@keeping(KeepMissed.ALL)
def test_storage_that_keeps_nothing_is_no_reason_not_to_answer(system: System) -> None:
    system.proxy.break_("PUT", "missed/", "500")
    miss(system, CLOSE)
    system.proxy.mend()
    assert waiting(system) == []


@keeping(KeepMissed.ALL)
def test_a_file_put_there_by_hand_is_passed_over(system: System) -> None:
    system.store.work.put("missed/hex-nut/hand.png", photograph(3), "image/png")
    system.store.work.put(
        "missed/hex-nut/box.png", b"", "image/png", {"score": "1", "threshold": "1", "box": "1"}
    )
    assert waiting(system) == []
