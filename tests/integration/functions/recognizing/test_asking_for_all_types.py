"""A photo without a type is decided, kept and told as one that is asked of its type."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from lookalike.looking import QueryPhoto
from lookalike.storage.provenance import from_metadata
from support.photos.photographs import blended, photograph
from support.system import TYPE, System

ROUTE = "POST /recognize"
GEAR = "gear"


@pytest.fixture
def empty_system(shared_system: System) -> System:
    """The bucket as at first: all types count here, those of other tests too."""
    shared_system.clear()
    return shared_system


@pytest.fixture
def system(empty_system: System) -> System:
    """Hex nuts look like subject 1, gears like subject 2; both are built."""
    empty_system.upload("1.png", photograph(1))
    empty_system.upload("1.png", photograph(2), GEAR)
    empty_system.deliver_all()
    empty_system.events()
    return empty_system


def ask(system: System, query: bytes, **params: str) -> dict[str, Any]:
    status, answer = system.call(ROUTE, query, params=params)
    assert status == 200, answer
    return answer


def matches(answer: dict[str, Any]) -> dict[str, bool]:
    return {candidate["type_id"]: candidate["match"] for candidate in answer["candidates"]}


def decided_by(answer: dict[str, Any], type_id: str) -> tuple[float, str]:
    """The threshold that counted for a type, and where it came from."""
    (candidate,) = (each for each in answer["candidates"] if each["type_id"] == type_id)
    return candidate["threshold"], candidate["threshold_source"]


def test_the_requests_threshold_counts_for_each_type(system: System) -> None:
    low, high = (ask(system, photograph(1, 9), threshold=threshold) for threshold in ("0.0", "1.0"))
    assert decided_by(low, TYPE) == decided_by(low, GEAR) == (0, "request")
    assert decided_by(high, TYPE) == decided_by(high, GEAR) == (1, "request")
    assert low["match"] == TYPE
    assert high["match"] is None
    assert matches(high) == {TYPE: False, GEAR: False}


def test_each_types_own_threshold_counts_for_it(system: System) -> None:
    system.store.bucket.client.put_object(
        Bucket=system.store.bucket.name, Key=f"types/{TYPE}/settings.json", Body=b'{"threshold": 1}'
    )
    answer = ask(system, photograph(1, 9))
    assert decided_by(answer, TYPE) == (1, "type")
    assert decided_by(answer, GEAR) == (0.92, "stack")
    assert answer["match"] is None


def test_the_stacks_odds_count(system: System) -> None:
    asking, photo = import_module("recognize.asking"), QueryPhoto(photograph(1, 9))
    found = []
    for odds in (1.0, 0.01):
        config = system.started.config.model_copy(update={"odds": odds})
        started = replace(system.started, config=config)
        found.append(asking.ask_all(started, photo, asking.Wishes(append=False)))
    even, rare = (answer.none / (1 - answer.none) for answer in found)
    assert rare == pytest.approx(100 * even, rel=0.05)
    assert found[1].candidates[0].probability < found[0].candidates[0].probability


def test_where_to_look_is_one_for_all_types(system: System) -> None:
    """A type's own look counts where it is named: all types are seen in the same views."""
    body = b'{"look": "anywhere"}'
    assert system.call("PUT /types/{type_id}/settings", body, content_type="application/json")[0] == 200
    assert {each["look"] for each in ask(system, photograph(1, 9))["candidates"]} == {"centre"}
    _, api = system.call("GET /openapi.json")
    (look,) = (each for each in api["paths"]["/recognize"]["post"]["parameters"] if each["name"] == "look")
    assert "for all types alike" in look["description"]


def test_of_several_types_that_match_the_nearest_is_told(system: System) -> None:
    between = blended(2, 1, 0.3)
    answer = ask(system, between, threshold="0.01")
    assert matches(answer) == {GEAR: True, TYPE: True}
    assert answer["match"] == answer["candidates"][0]["type_id"] == GEAR


def test_the_settings_of_its_type_bound_what_joins_it(system: System) -> None:
    system.call("PUT /types/{type_id}/settings", b'{"max_recognized": 1}', content_type="application/json")
    found = [ask(system, photograph(1, shot), append="true") for shot in (8, 9)]
    assert [answer["match"] for answer in found] == [TYPE, TYPE]
    assert [answer["appended"] is not None for answer in found] == [True, False]
    assert len(system.rows()) == 2


def test_a_forms_file_name_is_kept(system: System) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="bench 3.png"\r\n\r\n'
    form = head + photograph(1, 9) + b"\r\n--b--\r\n"
    status, answer = system.call(
        ROUTE, form, content_type="multipart/form-data; boundary=b", params={"append": "true"}
    )
    assert status == 200
    stored = system.store.get_image(answer["appended"])
    assert from_metadata(stored.metadata).filename == "bench 3.png"
    assert [event["detail"]["filename"] for event in system.events()] == ["bench 3.png"]


def test_a_row_whose_image_is_gone_is_asked_to_be_removed(system: System) -> None:
    kept = ask(system, photograph(1, 9), append="true")["appended"]
    system.store.delete_image(kept)
    assert not system.waiting(system.queue_url)
    again = ask(system, photograph(1, 9), append="true")
    assert (again["match"], again["appended"]) == (TYPE, None)
    system.deliver_all()
    assert kept not in system.rows()


def test_a_row_that_could_not_be_appended_is_told_as_pending(system: System) -> None:
    assert not ask(system, photograph(1, 8), append="true")["pending"]
    system.proxy.break_("PUT", "encodings/", "412")
    assert ask(system, photograph(1, 9), append="true")["pending"]


def test_a_match_is_told_to_pipelines(system: System) -> None:
    answer = ask(system, photograph(1, 9), filename="bench 3.png", append="true")
    (event,) = system.events()
    assert event["detail-type"] == "Recognition Matched"
    expected = {name: value for name, value in answer.items() if name != "match"}
    about: dict[str, Any] = {
        "photo": None,
        "filename": "bench 3.png",
        "version": None,
        "id": None,
        "context": {},
    }
    assert event["detail"] == expected | {"type_id": TYPE} | about


def test_a_miss_is_told_to_pipelines(system: System) -> None:
    answer = ask(system, photograph(3))
    (event,) = system.events()
    assert event["detail-type"] == "Recognition Missed"
    assert event["detail"]["type_id"] is None
    assert event["detail"]["candidates"] == answer["candidates"]
    assert len(answer["candidates"]) == 2


@pytest.mark.parametrize("images_too", [False, True], ids=["encodings", "encodings and images"])
def test_a_type_that_was_deleted_a_moment_ago_leaves_the_others(system: System, images_too: bool) -> None:
    store = system.store
    if images_too:
        store.bucket.client.delete_object(Bucket=store.bucket.name, Key=f"types/{GEAR}/images/1.png")
    store.bucket.client.delete_object(
        Bucket=store.work.name, Key=f"encodings/{store.model_id}/{GEAR}.safetensors"
    )
    answer = ask(system, photograph(1, 9))
    assert answer["match"] == TYPE
    assert matches(answer) == {TYPE: True}


def test_types_that_are_not_built_are_asked_to_be(empty_system: System) -> None:
    """Their own messages were lost: a query helps, if it has to be made again."""
    for type_id in (GEAR, TYPE):
        empty_system.upload("1.png", photograph(1), type_id)
    empty_system.sqs.purge_queue(QueueUrl=empty_system.queue_url)
    status, answer = empty_system.call(ROUTE, photograph(1, 9))
    assert status == 503
    assert "try again" in answer["message"]
    empty_system.deliver_all()
    assert matches(ask(empty_system, photograph(1, 9))) == {TYPE: True, GEAR: True}


def test_a_type_that_is_being_built_is_waited_for_behind_one_without_photos(empty_system: System) -> None:
    empty_system.call(
        "PUT /types/{type_id}/settings", b'{"threshold": 0.8}', type_id="a", content_type="application/json"
    )
    empty_system.upload("1.png", photograph(1))
    assert empty_system.call(ROUTE, photograph(1, 9))[0] == 503


def test_once_all_types_are_empty_there_is_nothing_to_find(system: System) -> None:
    for type_id in (TYPE, GEAR):
        key = f"types/{type_id}/images/1.png"
        system.store.delete_image(key)
        system.tell(key)
    system.deliver_all()
    status, answer = system.call(ROUTE, photograph(1, 9))
    assert status == 404
    assert "put reference photos" in answer["message"]


def test_that_there_is_no_room_for_more_types_is_said(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answer = system.call("GET /types")
    assert answer["gallery"]["notice"] is None
    monkeypatch.setattr("recognize.responses.answers.MAX_TYPES", 2)
    _, answer = system.call("GET /types")
    assert "2 types, the most it can" in answer["gallery"]["notice"]
