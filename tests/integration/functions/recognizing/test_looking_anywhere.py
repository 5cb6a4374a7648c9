"""An object that is small or off to the side is found, and the answer says where."""

import json
from typing import Any

import numpy as np
import pytest

from lookalike.keys import content_digest, encodings_key
from lookalike.vision.views import windows
from support.photos.photographs import photograph, scene
from support.system import ROUTE, System

SIZE = (320, 240)
WINDOWS = windows(*SIZE, 8)
CORNER, OTHER_CORNER = WINDOWS[-1], WINDOWS[7]
SUBJECTS = range(1, 6)
SETTINGS = "PUT /types/{type_id}/settings"


@pytest.fixture
def types(shared_system: System, new_type: str) -> list[str]:
    """A type for each subject, three photos each, built."""
    shared_system.clear()
    names = [f"{new_type}-{subject}" for subject in SUBJECTS]
    for name, subject in zip(names, SUBJECTS, strict=True):
        shared_system.build(name, 3, subject)
    return names


@pytest.fixture
def type_id(types: list[str]) -> str:
    return types[0]


def ask(system: System, type_id: str, photo: bytes, **params: str) -> dict[str, Any]:
    status, answer = system.call(ROUTE, photo, type_id=type_id, params=params)
    assert status == 200, answer
    return answer


def configure(system: System, type_id: str, **settings: str) -> None:
    """Set a type's settings."""
    body, media_type = json.dumps(settings).encode(), "application/json"
    status, answer = system.call(SETTINGS, body, type_id=type_id, content_type=media_type)
    assert status == 200, answer


def rows_of(system: System, type_id: str) -> list[tuple[Any, Any]]:
    """Each row and its encoding."""
    encodings, _ = system.store.read_encodings(type_id)
    assert encodings
    return list(zip(encodings.rows, encodings.matrix, strict=True))


@pytest.mark.parametrize("rule", ["similarity", "probability"])
def test_an_object_off_to_the_side_is_found_where_the_centre_misses_it(
    shared_system: System, type_id: str, rule: str
) -> None:
    configure(shared_system, type_id, rule=rule)
    photo = scene((1, CORNER), size=SIZE)
    centre = ask(shared_system, type_id, photo, append="false")
    assert (centre["match"], centre["look"], centre["views"]) == (False, "centre", 1)
    assert centre["box"] == [0.125, 0, 0.875, 1]
    anywhere = ask(shared_system, type_id, photo, append="false", look="anywhere")
    assert (anywhere["match"], anywhere["rule"], anywhere["look"]) == (True, rule, "anywhere")
    assert anywhere["views"] == len(WINDOWS)
    assert anywhere["box"] == [round(corner, 6) for corner in CORNER]
    assert anywhere["similarity"] > 0.95


@pytest.mark.parametrize("rule", ["similarity", "probability"])
def test_a_scene_without_the_object_does_not_match(shared_system: System, type_id: str, rule: str) -> None:
    configure(shared_system, type_id, rule=rule)
    photo = scene((2, CORNER), size=SIZE)
    assert not ask(shared_system, type_id, photo, append="false", look="anywhere")["match"]


def test_a_middle_beyond_doubt_needs_no_further_look(shared_system: System, type_id: str) -> None:
    found = ask(shared_system, type_id, photograph(1, 9), append="false", look="anywhere")
    assert (found["match"], found["views"], found["box"]) == (True, 1, [0, 0, 1, 1])


def test_a_type_has_a_look_of_its_own_and_the_request_one_before_it(
    shared_system: System, type_id: str
) -> None:
    configure(shared_system, type_id, look="anywhere")
    photo = scene((1, CORNER), size=SIZE)
    assert ask(shared_system, type_id, photo, append="false")["look"] == "anywhere"
    assert ask(shared_system, type_id, photo, append="false", look="centre")["look"] == "centre"


def test_all_types_in_a_scene_are_named_with_their_places(shared_system: System, types: list[str]) -> None:
    photo = scene((1, CORNER), (2, OTHER_CORNER), size=SIZE)
    status, answer = shared_system.call("POST /recognize", photo, params={"look": "anywhere"})
    assert status == 200, answer
    first, second, *others = answer["candidates"]
    found = {each["type_id"]: each for each in (first, second)}
    assert found.keys() == set(types[:2])
    for type_id, place in ((types[0], CORNER), (types[1], OTHER_CORNER)):
        assert found[type_id]["match"]
        assert found[type_id]["box"] == [round(corner, 6) for corner in place]
        assert found[type_id]["probability"] > 0.5
    assert not any(other["match"] for other in others)
    assert answer["match"] == first["type_id"]


def test_the_window_that_matched_joins_the_type_and_is_rebuilt_as_it_is(
    shared_system: System, type_id: str
) -> None:
    photo = scene((1, CORNER), size=SIZE)
    found = ask(shared_system, type_id, photo, look="anywhere")
    assert content_digest(photo) in found["appended"]
    saved = shared_system.store.get_image(found["appended"])
    assert saved.data == photo
    assert saved.metadata["box"] == ",".join(f"{corner:g}" for corner in found["box"])
    (appended,) = [pair for pair in rows_of(shared_system, type_id) if pair[0].image == found["appended"]]
    assert list(appended[0].box) == found["box"]
    store = shared_system.store
    store.work.delete(encodings_key(store.model_id, type_id))
    shared_system.tell(found["appended"])
    shared_system.deliver_all()
    (rebuilt,) = [pair for pair in rows_of(shared_system, type_id) if pair[0].image == found["appended"]]
    assert rebuilt[0].box == appended[0].box
    assert float(np.dot(rebuilt[1], appended[1])) > 0.9999


def test_a_scene_joins_once_and_its_event_changes_nothing(shared_system: System, type_id: str) -> None:
    photo = scene((1, CORNER), size=SIZE)
    first = ask(shared_system, type_id, photo, look="anywhere")
    version = shared_system.store.read_encodings(type_id)[1]
    shared_system.tell(first["appended"])
    shared_system.deliver_all()
    assert shared_system.store.read_encodings(type_id)[1] == version
    again = ask(shared_system, type_id, photo, look="anywhere")
    assert (again["match"], again["appended"], again["encodings"]) == (True, None, 4)


def test_a_match_of_the_middle_joins_as_the_photo_does(shared_system: System, type_id: str) -> None:
    found = ask(shared_system, type_id, photograph(1, 9), look="anywhere")
    assert "box" not in shared_system.store.get_image(found["appended"]).metadata


def test_only_uploaded_photos_vouch_for_a_window_where_the_type_asks_for_that(
    shared_system: System, type_id: str
) -> None:
    configure(shared_system, type_id, vouch="uploaded")
    found = ask(shared_system, type_id, scene((1, CORNER), size=SIZE), look="anywhere")
    assert found["appended"]


def test_the_event_says_where(shared_system: System, type_id: str) -> None:
    shared_system.events()
    found = ask(shared_system, type_id, scene((1, CORNER), size=SIZE), append="false", look="anywhere")
    (event,) = shared_system.events()
    assert (event["detail"]["look"], event["detail"]["box"]) == ("anywhere", found["box"])


def test_a_look_that_there_is_not_is_refused(shared_system: System, type_id: str) -> None:
    status, answer = shared_system.call(ROUTE, photograph(1), type_id=type_id, params={"look": "left"})
    assert status == 400
    assert "centre" in answer["message"] and "anywhere" in answer["message"]


def test_the_description_tells_of_looks_and_boxes(shared_system: System) -> None:
    _, api = shared_system.call("GET /openapi.json")
    paths = api["paths"]
    for path in ("/types/{type_id}/recognize", "/recognize"):
        assert "look" in [each["name"] for each in paths[path]["post"]["parameters"]]
    put = paths["/types/{type_id}/images/{name}"]["put"]
    assert "box" in [each["name"] for each in put["parameters"]]
