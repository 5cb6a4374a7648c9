"""Photos that look like a type and show none of it: put, listed, encoded, heeded and deleted."""

from typing import Any

import pytest

from lookalike.keys import Folder, image_key, settings_key
from lookalike.matching.encodings import Origin
from support.photos.photographs import blended, photograph
from support.system import System

PUT = "PUT /types/{type_id}/counterexamples/{name}"
LIST = "GET /types/{type_id}/counterexamples"
DELETE = "DELETE /types/{type_id}/counterexamples/{name}"
TYPE = "GET /types/{type_id}"
SIMILAR = blended(1, 2, 0.15)
"""It matches subject 1, and is none."""


@pytest.fixture
def corrected(shared_system: System, new_type: str) -> str:
    """A type with a photo of subject 1, and a counterexample that resembles it."""
    shared_system.upload("1.png", photograph(1), new_type)
    put(shared_system, new_type)
    return new_type


def put(system: System, type_id: str, name: str = "no.png", photo: bytes = SIMILAR) -> str:
    status, answer = system.call(PUT, photo, type_id=type_id, name=name)
    assert status == 201
    system.tell(answer["image"])
    system.deliver_all()
    key: str = answer["image"]
    return key


def ask(system: System, type_id: str, photo: bytes, **params: str) -> dict[str, Any]:
    status, answer = system.call(
        "POST /types/{type_id}/recognize", photo, type_id=type_id, params={"append": "false"} | params
    )
    assert status == 200
    return answer


def test_what_resembles_it_more_no_longer_matches(shared_system: System, new_type: str) -> None:
    shared_system.upload("1.png", photograph(1), new_type)
    shared_system.deliver_all()
    before = ask(shared_system, new_type, SIMILAR)
    assert (before["match"], before["counterexample"]) == (True, None)
    key = put(shared_system, new_type)
    after = ask(shared_system, new_type, SIMILAR)
    assert not after["match"]
    assert after["counterexample"] == {"image": key, "similarity": pytest.approx(1)}
    assert after["score"] == before["score"]
    assert key not in [each["image"] for each in after["nearest"]]


def test_what_it_does_not_resemble_matches_still(shared_system: System, corrected: str) -> None:
    answer = ask(shared_system, corrected, photograph(1, 9))
    assert (answer["match"], answer["counterexample"], answer["encodings"]) == (True, None, 1)


def test_it_vouches_for_nothing(shared_system: System, new_type: str) -> None:
    """Without a reference there is no type to recognise, however many counterexamples there are."""
    put(shared_system, new_type)
    status, answer = shared_system.call(
        "POST /types/{type_id}/recognize", SIMILAR, type_id=new_type, params={"append": "true"}
    )
    assert status == 404
    assert "put reference photos" in answer["message"]


def test_a_match_that_only_uploads_may_vouch_for_is_held_against_it(
    shared_system: System, corrected: str
) -> None:
    shared_system.store.bucket.put(settings_key(corrected), b'{"vouch": "uploaded"}', "application/json")
    assert ask(shared_system, corrected, SIMILAR, append="true")["appended"] is None
    joined = ask(shared_system, corrected, photograph(1, 9), append="true")
    assert joined["appended"]
    assert joined["encodings"] == 2


def test_it_is_listed_apart(shared_system: System, corrected: str) -> None:
    key = image_key(corrected, "no.png", Folder.COUNTEREXAMPLES)
    _, answer = shared_system.call(LIST, type_id=corrected)
    (entry,) = answer["images"]
    assert (entry["name"], entry["image"]) == ("no.png", key)
    assert (entry["state"], entry["origin"]) == ("encoded", "counterexample")
    _, images = shared_system.call("GET /types/{type_id}/images", type_id=corrected)
    assert [entry["name"] for entry in images["images"]] == ["1.png"]


def test_a_type_counts_it_apart(shared_system: System, corrected: str) -> None:
    _, answer = shared_system.call(TYPE, type_id=corrected)
    assert (answer["images"], answer["encodings"], answer["counterexamples"]) == (1, 1, 1)
    assert answer["origins"] == {"uploaded": 1, "recognized": 0, "counterexample": 1}
    assert answer["up_to_date"]


def test_the_gallery_knows_references_only(shared_system: System, corrected: str) -> None:
    gallery = shared_system.store.read_gallery()
    encodings, _ = shared_system.store.read_encodings(corrected)
    assert gallery
    assert encodings
    prototype = gallery.prototypes()[corrected]
    assert prototype.rows == 1
    assert prototype.mean == pytest.approx(encodings.of_origin(Origin.UPLOADED).matrix[0], abs=1e-2)


def test_deleted_it_no_longer_counts(shared_system: System, corrected: str) -> None:
    response = shared_system.request(DELETE, type_id=corrected, name="no.png")
    assert response["statusCode"] == 204
    shared_system.tell(image_key(corrected, "no.png", Folder.COUNTEREXAMPLES))
    shared_system.deliver_all()
    assert ask(shared_system, corrected, SIMILAR)["match"]
    assert shared_system.call(LIST, type_id=corrected)[1]["images"] == []


def test_one_that_is_not_there_can_not_be_deleted(shared_system: System, corrected: str) -> None:
    status, answer = shared_system.call(DELETE, type_id=corrected, name="1.png")
    assert status == 404
    assert "counterexamples/1.png" in answer["message"]


def test_a_type_that_does_not_exist_has_no_list_of_them(shared_system: System, new_type: str) -> None:
    assert shared_system.call(LIST, type_id=new_type)[0] == 404


def test_what_can_not_be_decoded_is_refused(shared_system: System, corrected: str) -> None:
    assert shared_system.call(PUT, b"no image", type_id=corrected, name="bad.png")[0] == 415


def test_its_box_says_what_of_it_counts(shared_system: System, new_type: str) -> None:
    status, answer = shared_system.call(
        PUT, photograph(2), type_id=new_type, name="no.png", params={"box": "0.1,0.1,0.5,0.5"}
    )
    assert status == 201
    shared_system.tell(answer["image"])
    shared_system.deliver_all()
    (entry,) = shared_system.call(LIST, type_id=new_type)[1]["images"]
    assert entry["box"] == [0.1, 0.1, 0.5, 0.5]
