"""What a request says is what is done, and kept."""

import json
from typing import Any

import pytest

from lookalike.keys import gallery_key, image_key, recognized_name, settings_key
from recognize.body import MAX_BODY_BYTES
from support.photos.photographs import photograph
from support.system import ROUTE, Context, System


@pytest.fixture
def one_photo(shared_system: System, new_type: str) -> str:
    """A type with one photo of subject 1, built."""
    shared_system.upload("1.png", photograph(1), new_type)
    shared_system.deliver_all()
    return new_type


def media_type(system: System, key: str) -> str:
    store = system.store
    told: str = store.bucket.client.head_object(Bucket=store.bucket.name, Key=key)["ContentType"]
    return told


def test_a_photo_is_kept_with_the_media_type_of_its_bytes(shared_system: System, one_photo: str) -> None:
    put = "PUT /types/{type_id}/images/{name}"
    photo = photograph(1, 1, "JPEG")
    status, answer = shared_system.call(put, photo, type_id=one_photo, name="2.png", content_type="image/png")
    assert status == 201
    assert media_type(shared_system, answer["image"]) == "image/jpeg"
    _, found = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo)
    assert media_type(shared_system, found["appended"]) == "image/png"


def test_an_upload_takes_the_media_type_that_was_asked_for(shared_system: System) -> None:
    _, asked = shared_system.call("POST /uploads", params={"content_type": "image/webp"})
    _, default = shared_system.call("POST /uploads")
    assert asked["fields"]["Content-Type"] == "image/webp"
    assert default["fields"]["Content-Type"] == "application/octet-stream"
    assert asked["query_key"] != default["query_key"]


def test_a_row_whose_image_is_gone_is_asked_to_be_removed(shared_system: System, one_photo: str) -> None:
    _, first = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo)
    shared_system.store.delete_image(first["appended"])
    assert not shared_system.waiting(shared_system.queue_url)
    _, again = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo)
    assert (again["match"], again["appended"]) == (True, None)
    shared_system.deliver_all()
    assert first["appended"] not in shared_system.rows(one_photo)


def test_what_is_wrong_with_the_type_is_told_before_what_is_wrong_with_the_photo(
    shared_system: System, new_type: str
) -> None:
    status, answer = shared_system.call(ROUTE, b"no image", type_id=new_type)
    assert status == 404
    assert new_type in answer["message"]


def test_an_answer_says_that_similarity_decided_before_all_types_were_learnt(
    shared_system: System, one_photo: str
) -> None:
    body = b'{"rule": "probability"}'
    put = "PUT /types/{type_id}/settings"
    shared_system.call(put, body, type_id=one_photo, content_type="application/json")
    params = {"append": "false"}
    _, learnt = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params=params)
    assert (learnt["rule"], learnt["notice"]) == ("probability", None)
    store = shared_system.store
    store.work.delete(gallery_key(store.model_id))
    _, answer = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params=params)
    assert answer["rule"] == "similarity"
    assert "still being learnt" in answer["notice"]


def test_the_rule_that_is_gone_gives_way_and_the_answer_says_so(
    shared_system: System, one_photo: str
) -> None:
    put_settings_by_hand(shared_system, one_photo, b'{"rule": "relative", "threshold": 0.1}')
    _, answer = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params={"append": "false"})
    assert "the rule relative is gone" in answer["notice"]


def put_settings_by_hand(system: System, type_id: str, text: bytes) -> None:
    """As people put them into the bucket, past the API, which checks them."""
    bucket = system.store.bucket
    bucket.client.put_object(Bucket=bucket.name, Key=settings_key(type_id), Body=text)


@pytest.mark.parametrize("text", [b"no JSON", b'{"threshold": 7}', b"[]", b""])
def test_settings_that_can_not_be_read_append_nothing(
    shared_system: System, one_photo: str, text: bytes
) -> None:
    put_settings_by_hand(shared_system, one_photo, text)
    params = {"threshold": "0.5"}
    _, bounded = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params=params)
    assert (bounded["match"], bounded["appended"], bounded["pending"]) == (True, None, False)
    assert "nothing is appended" in bounded["notice"]
    assert len(shared_system.rows(one_photo)) == 1
    put_settings_by_hand(shared_system, one_photo, b"{}")
    _, mended = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params=params)
    assert mended["appended"]
    assert mended["notice"] is None


def test_unknown_settings_keep_the_threshold_and_are_told(shared_system: System, one_photo: str) -> None:
    put_settings_by_hand(shared_system, one_photo, b'{"threshold": 0.5, "colour": "red"}')
    _, described = shared_system.call("GET /types/{type_id}", type_id=one_photo)
    assert described["settings"] == {"threshold": 0.5}
    assert "colour" in described["notice"]
    _, answer = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo)
    assert (answer["threshold"], answer["threshold_source"]) == (0.5, "type")
    assert "colour" in answer["notice"]
    assert answer["appended"]


def test_score_and_threshold_are_told_as_they_are(shared_system: System, one_photo: str) -> None:
    params = {"append": "false", "threshold": "0.25"}
    _, answer = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params=params)
    assert (answer["threshold"], answer["threshold_source"]) == (0.25, "request")
    assert answer["score"] == answer["similarity"] > 0.9


@pytest.mark.parametrize(("threshold", "match"), [("0", True), ("1", False)])
def test_the_least_and_the_greatest_threshold_are_taken(
    shared_system: System, one_photo: str, threshold: str, match: bool
) -> None:
    params = {"append": "false", "threshold": threshold}
    status, answer = shared_system.call(ROUTE, photograph(1, 9), type_id=one_photo, params=params)
    assert (status, answer["threshold"], answer["match"]) == (200, float(threshold), match)


def appended_as(system: System, type_id: str, key: str) -> str:
    """What an appended photo was called, as the list of images says."""
    _, answer = system.call("GET /types/{type_id}/images", type_id=type_id)
    (name,) = (image["filename"] for image in answer["images"] if image["image"] == key)
    return str(name)


@pytest.mark.parametrize(
    "name", ["a" * 255, "a\nb.png", "\0", "../../settings.json", "a\x85.png", "C:\\1.png"]
)
def test_any_file_name_is_kept_with_the_photo_and_names_no_object(
    shared_system: System, one_photo: str, name: str
) -> None:
    query, params = photograph(1, 9), {"filename": name}
    _, answer = shared_system.call(ROUTE, query, type_id=one_photo, params=params)
    assert answer["appended"] == image_key(one_photo, recognized_name(query, "PNG"))
    assert appended_as(shared_system, one_photo, answer["appended"]) == name


@pytest.mark.parametrize("route", ["GET /types", "GET /types/{type_id}/images"])
def test_the_longest_page_is_given(shared_system: System, one_photo: str, route: str) -> None:
    assert shared_system.call(route, type_id=one_photo, params={"limit": "1000"})[0] == 200


def test_a_body_of_just_the_most_bytes_is_taken(shared_system: System, one_photo: str) -> None:
    photo = photograph(1, 9)
    largest = photo + bytes(MAX_BODY_BYTES - len(photo))
    params = {"append": "false"}
    assert shared_system.call(ROUTE, largest, type_id=one_photo, params=params)[0] == 200
    assert shared_system.call(ROUTE, largest + b"\0", type_id=one_photo, params=params)[0] == 413


def test_a_photo_needs_no_content_type(shared_system: System, one_photo: str) -> None:
    params = {"append": "false"}
    for content_type in ("", "image/svg+xml"):
        status, _ = shared_system.call(
            ROUTE, photograph(1, 9), type_id=one_photo, content_type=content_type, params=params
        )
        assert status == 200


def test_a_body_that_is_no_base64_is_refused(shared_system: System, one_photo: str) -> None:
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": ROUTE,
        "rawPath": "",
        "pathParameters": {"type_id": one_photo},
        "headers": {"content-type": "image/png"},
        "requestContext": {"http": {"method": "POST", "path": ""}, "requestId": "1", "stage": "$default"},
        "body": "~~~~",
        "isBase64Encoded": True,
    }
    response = shared_system.recognize.handler(event, Context.with_seconds(29))
    assert response["statusCode"] == 400
    assert "base64" in json.loads(response["body"])["message"]


def test_a_forms_file_name_is_kept(shared_system: System, one_photo: str) -> None:
    name = "Größe +1.png"
    head = f'--b\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
    form = head.encode() + photograph(1, 9) + b"\r\n--b--\r\n"
    _, answer = shared_system.call(
        ROUTE, form, type_id=one_photo, content_type="multipart/form-data; boundary=b"
    )
    assert appended_as(shared_system, one_photo, answer["appended"]) == name


def test_a_form_of_other_letters_than_utf_8_is_told_in_plain_words(
    shared_system: System, one_photo: str
) -> None:
    form = b"--b\r\nContent-Type: \xff\r\n\r\nx\r\n--b--\r\n"
    status, answer = shared_system.call(
        ROUTE, form, type_id=one_photo, content_type="multipart/form-data; boundary=b"
    )
    assert (status, answer["message"]) == (400, "the form can't be read: Segment header failed to decode")
