"""Workflows and other functions invoke the recognising function themselves, and catch its errors by name."""

from typing import Any

import pytest

from lookalike.keys import inbox_key
from support.photos.photographs import photograph
from support.system import TYPE, System

QUERY = "queries/a"


@pytest.fixture
def system(built: System) -> System:
    built.proxy.mend()
    built.events()
    return built


def put(system: System, key: str, data: bytes) -> str:
    system.store.work.put(key, data, "image/png")
    return key


def name_of_error(system: System, **event: Any) -> str:
    with pytest.raises(Exception) as raised:
        system.invoke(**event)
    return raised.type.__name__


@pytest.mark.parametrize("key", [QUERY, inbox_key(TYPE, "a.png"), inbox_key(None, "a.png")])
def test_a_type_is_answered_as_the_api_does(system: System, key: str) -> None:
    put(system, key, photograph(1, 3))
    _, expected = system.ask(photograph(1, 3), append="false")
    assert system.invoke(type_id=TYPE, photo=key, append=False) == expected


@pytest.mark.parametrize("type_id", [{}, {"type_id": None}])
def test_without_a_type_all_are_asked(system: System, type_id: dict[str, None]) -> None:
    put(system, QUERY, photograph(1, 3))
    _, expected = system.call("POST /recognize", photograph(1, 3))
    assert system.invoke(photo=QUERY, **type_id) == expected


def test_a_match_joins_the_type_unless_it_is_not_to(system: System) -> None:
    put(system, QUERY, photograph(1, 4))
    assert system.invoke(type_id=TYPE, photo=QUERY, append=False)["appended"] is None
    assert system.invoke(type_id=TYPE, photo=QUERY)["appended"].startswith(f"types/{TYPE}/images/")


def test_the_threshold_and_the_look_are_heeded(system: System) -> None:
    put(system, QUERY, photograph(1, 5))
    answer = system.invoke(type_id=TYPE, photo=QUERY, threshold=1, look="anywhere")
    assert (answer["match"], answer["threshold"], answer["look"]) == (False, 1, "anywhere")


def test_pipelines_are_told_of_the_photo(system: System) -> None:
    key = put(system, inbox_key(TYPE, "bench/3.png"), photograph(1, 6))
    answer = system.invoke(type_id=TYPE, photo=key)
    (event,) = system.events()
    assert event["detail-type"] == "Recognition Matched"
    about: dict[str, Any] = {"photo": key, "filename": "3.png", "version": None, "id": None, "context": {}}
    assert event["detail"] == answer | about


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"photo": "types/hex-nut/images/1.png"},
        {"photo": "inbox/no type!/1.png"},
        {"photo": QUERY, "type_id": "no type!"},
        {"photo": QUERY, "threshold": 2},
        {"photo": QUERY, "look": "elsewhere"},
        {"photo": QUERY, "treshold": 0.9},
    ],
)
def test_what_can_not_be_read_is_a_bad_request(system: System, wrong: dict[str, Any]) -> None:
    assert name_of_error(system, **wrong) == "BadRequest"


@pytest.mark.parametrize(
    "asked", [{"photo": "queries/none", "type_id": TYPE}, {"photo": QUERY, "type_id": "no"}]
)
def test_a_photo_or_type_that_is_not_there_is_not_found(system: System, asked: dict[str, str]) -> None:
    put(system, QUERY, photograph(1))
    assert name_of_error(system, **asked) == "NotFound"


def test_a_photo_that_is_none_is_refused(system: System) -> None:
    assert name_of_error(system, type_id=TYPE, photo=put(system, QUERY, b"no image")) == "ImageRefused"


def test_a_type_that_is_being_built_is_not_ready_and_gets_built(system: System, new_type: str) -> None:
    put(system, QUERY, photograph(1))
    system.store.put_image(f"types/{new_type}/images/1.png", photograph(1), "image/png")
    assert name_of_error(system, type_id=new_type, photo=QUERY) == "NotReady"
    system.deliver_all()
    assert system.invoke(type_id=new_type, photo=QUERY)["match"]


def test_storage_that_is_down_has_a_name_too(system: System) -> None:
    system.proxy.break_("GET", "queries/", "503")
    assert name_of_error(system, type_id=TYPE, photo=QUERY) == "StorageFailed"


def test_a_rebuild_that_can_not_be_asked_for_is_storage_that_failed(system: System, new_type: str) -> None:
    put(system, QUERY, photograph(1))
    system.store.put_image(f"types/{new_type}/images/1.png", photograph(1), "image/png")
    system.proxy.break_("POST", "", "503")
    assert name_of_error(system, type_id=new_type, photo=QUERY) == "StorageFailed"
