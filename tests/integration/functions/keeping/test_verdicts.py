"""What a person decides about a photo moves it to where it belongs."""

import json
from typing import Any

import pytest

from lookalike.errors import NotFoundError
from lookalike.keys import Folder, content_digest, image_key
from lookalike.verdicts import Verdict, judge
from lookalike.vision.boxes import Box, square_around
from lookalike.vision.views import windows
from support.photos.photographs import photograph, scene
from support.querying import ask as ask_library
from support.system import System
from support.verdicts import AGAINST, LIST, QUERY, ROUTE, ask, decide, listed, rebuild


def test_a_wrong_match_becomes_a_counterexample(shared_system: System, new_type: str, appended: str) -> None:
    status, answer = decide(shared_system, new_type, appended, "is_not")
    moved = appended.replace("/images/", "/counterexamples/")
    assert (status, answer) == (200, {"image": moved, "verdict": "is_not"})
    rebuild(shared_system, appended, moved)
    assert listed(shared_system, new_type) == {"1.png": "uploaded"}
    assert list(listed(shared_system, new_type, AGAINST).values()) == ["counterexample"]
    assert not ask(shared_system, new_type, QUERY)["match"]


def test_a_rejected_photo_is_not_appended_again_before_its_row_is_made(
    shared_system: System, new_type: str, appended: str
) -> None:
    moved = decide(shared_system, new_type, appended, "is_not")[1]["image"]
    shared_system.tell(appended)
    # The rejected photo's own row goes first, and the counterexample's is not there yet.
    encodings, _ = shared_system.store.read_encodings(new_type)
    assert encodings
    kept = {row.image: row.etag for row in encodings.rows if row.image != appended}
    shared_system.store.update_encodings(new_type, lambda current: current.keep_only(kept))
    answer = ask(shared_system, new_type, QUERY)
    assert (answer["match"], answer["appended"]) == (True, None)
    assert listed(shared_system, new_type) == {"1.png": "uploaded"}
    rebuild(shared_system, moved)


def test_the_same_bytes_under_another_name_are_known(shared_system: System, new_type: str) -> None:
    """Told as none in one window, the same file is not appended for what another window shows."""
    uploads = [
        shared_system.upload("1.png", photograph(1), new_type),
        shared_system.upload("wrong.png", QUERY, new_type),
    ]
    rebuild(shared_system, *uploads)
    moved = decide(shared_system, new_type, uploads[1], "is_not", box=[0, 0, 0.2, 0.2])[1]["image"]
    assert moved == image_key(new_type, "wrong.png", Folder.COUNTEREXAMPLES)
    rebuild(shared_system, uploads[1], moved)
    found = ask_library(shared_system.encoder, shared_system.store, new_type, QUERY)
    assert found.appended.image is None
    assert listed(shared_system, new_type) == {"1.png": "uploaded"}


def test_a_rejected_photo_under_a_name_of_its_own_is_known_at_once(
    shared_system: System, new_type: str
) -> None:
    uploads = [
        shared_system.upload("1.png", photograph(1), new_type),
        shared_system.upload("wrong.png", QUERY, new_type),
    ]
    rebuild(shared_system, *uploads)
    moved = decide(shared_system, new_type, uploads[1], "is_not")[1]["image"]
    answer = ask(shared_system, new_type, QUERY)
    assert (answer["match"], answer["counterexample"]["image"]) == (False, moved)
    assert listed(shared_system, new_type) == {"1.png": "uploaded"}
    encodings, _ = shared_system.store.read_encodings(new_type)
    rebuild(shared_system, uploads[1], moved)
    assert shared_system.store.read_encodings(new_type)[0] == encodings


def test_a_match_that_is_right_counts_as_uploaded(
    shared_system: System, new_type: str, appended: str
) -> None:
    assert decide(shared_system, new_type, appended, "is_one") == (
        200,
        {"image": appended, "verdict": "is_one"},
    )
    rebuild(shared_system, appended)
    assert set(listed(shared_system, new_type).values()) == {"uploaded"}


def test_a_counterexample_that_is_one_after_all_joins_the_type(
    shared_system: System, new_type: str, appended: str
) -> None:
    against = decide(shared_system, new_type, appended, "is_not")[1]["image"]
    status, answer = decide(shared_system, new_type, against, "is_one")
    assert (status, answer["image"]) == (200, appended)
    rebuild(shared_system, appended, against)
    assert listed(shared_system, new_type, AGAINST) == {}
    assert set(listed(shared_system, new_type).values()) == {"uploaded"}


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_given_twice_changes_nothing(
    shared_system: System, new_type: str, appended: str, verdict: Verdict
) -> None:
    first = decide(shared_system, new_type, appended, verdict)
    assert decide(shared_system, new_type, appended, verdict) == first
    assert decide(shared_system, new_type, first[1]["image"], verdict) == first


@pytest.mark.parametrize("caller", [{"iam": {"userArn": "max"}}, {"jwt": {"claims": {"sub": "max"}}}])
def test_who_decided_what_and_when_is_kept_with_the_photo(
    shared_system: System, new_type: str, appended: str, caller: dict[str, Any]
) -> None:
    moved = decide(shared_system, new_type, appended, "is_not", caller)[1]["image"]
    head = shared_system.store.bucket.head(moved)
    assert head
    assert (head.metadata["verdict"], head.metadata["verdict-by"]) == ("is_not", "max")
    assert head.metadata["verdict-at"].startswith("20")
    assert head.metadata["digest"] == content_digest(QUERY)


def test_the_window_that_matched_stays_what_counts(shared_system: System, new_type: str) -> None:
    """As a box of an object, around which the same window is encoded."""
    place = windows(320, 240, shared_system.encoder.description.image_size)[-1]
    rebuild(shared_system, shared_system.upload("1.png", photograph(2, 9), new_type))
    photo = scene((2, place))
    _, answer = shared_system.call(
        "POST /types/{type_id}/recognize", photo, type_id=new_type, params={"look": "anywhere"}
    )
    assert answer["appended"]
    moved = decide(shared_system, new_type, answer["appended"], "is_one")[1]["image"]
    rebuild(shared_system, moved)
    entries = shared_system.call(LIST, type_id=new_type)[1]["images"]
    (box,) = (entry["box"] for entry in entries if entry["image"] == moved)
    assert square_around(Box(*box), 320, 240) == pytest.approx(answer["box"], abs=1e-5)


def test_a_box_that_is_given_counts(shared_system: System, new_type: str, appended: str) -> None:
    moved = decide(shared_system, new_type, appended, "is_one", box=[0.1, 0.1, 0.5, 0.5])[1]["image"]
    rebuild(shared_system, moved)
    entries = shared_system.call(LIST, type_id=new_type)[1]["images"]
    assert [entry["box"] for entry in entries if entry["image"] == moved] == [[0.1, 0.1, 0.5, 0.5]]


def test_a_box_that_is_given_takes_the_place_of_a_wrong_one(shared_system: System, new_type: str) -> None:
    key = image_key(new_type, "1.png")
    shared_system.store.bucket.put(key, photograph(1), "image/png", {"box": "10,10,90,90"})
    assert decide(shared_system, new_type, key, "is_one")[0] == 400
    assert decide(shared_system, new_type, key, "is_one", box=[0.1, 0.1, 0.9, 0.9])[0] == 200
    rebuild(shared_system, key)
    assert listed(shared_system, new_type) == {"1.png": "uploaded"}


def test_a_name_that_is_taken_is_left_to_its_photo(
    shared_system: System, new_type: str, appended: str
) -> None:
    name = appended.rpartition("/")[2]
    taken = image_key(new_type, name, Folder.COUNTEREXAMPLES)
    shared_system.store.put_image(taken, photograph(3), "image/png")
    upload = shared_system.upload(name + ".png", photograph(4), new_type)
    shared_system.store.put_image(
        image_key(new_type, name + ".png", Folder.COUNTEREXAMPLES), photograph(5), "image/png"
    )
    moved = decide(shared_system, new_type, upload, "is_not")[1]["image"]
    assert content_digest(photograph(4)) in moved
    assert shared_system.store.get_image(taken).data == photograph(3)
    assert shared_system.store.get_image(moved).data == photograph(4)


@pytest.mark.parametrize(
    ("photo", "status", "told"),
    [
        ("types/{type_id}/images/none.png", 404, "there is no types/"),
        ("types/another/images/1.png", 400, "no photo to decide about"),
        ("types/{type_id}/settings.json", 400, "no photo to decide about"),
        ("queries/1", 400, "no photo to decide about"),
        ("missed/../1.png", 400, "no photo to decide about"),
        ("missed/{type_id}/none.png", 404, "there is no missed/"),
        ("", 400, "photo"),
    ],
)
def test_what_is_no_photo_of_the_type_is_refused(
    shared_system: System, new_type: str, photo: str, status: int, told: str
) -> None:
    answered, answer = decide(shared_system, new_type, photo.format(type_id=new_type), "is_one")
    assert answered == status
    assert told in answer["message"]


@pytest.mark.parametrize(
    "body", [{}, {"photo": "missed/a/b.png"}, {"photo": "missed/a/b.png", "verdict": "maybe"}, []]
)
def test_a_body_that_is_no_verdict_is_refused(shared_system: System, new_type: str, body: Any) -> None:
    status, answer = shared_system.call(
        ROUTE, json.dumps(body).encode(), content_type="application/json", type_id=new_type
    )
    assert status == 400
    assert "this body is not a verdict" in answer["message"]


def test_a_box_that_leaves_the_photo_is_refused(shared_system: System, new_type: str, appended: str) -> None:
    status, answer = decide(shared_system, new_type, appended, "is_one", box=[0, 0, 2, 2])
    assert status == 400
    assert "leaves the photo" in answer["message"]


def test_without_the_photo_there_is_no_verdict(shared_system: System, new_type: str, appended: str) -> None:
    shared_system.store.delete_image(appended)
    with pytest.raises(NotFoundError, match="there is no types/"):
        judge(shared_system.store, new_type, appended, Verdict.IS_ONE)
