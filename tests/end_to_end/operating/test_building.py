"""Photos that come to the bucket, or go, are all it takes to build a type's encodings."""

import json
from urllib.parse import quote_plus

import pytest

from support.deployed import Api, eventually
from support.photos.photographs import photograph


def test_uploads_alone_build_the_encodings_of_each_type(api: Api, new_type: str) -> None:
    types = [f"{new_type}-{subject}" for subject in range(5)]
    for shot in range(5):
        for subject, type_id in enumerate(types):
            api.upload(type_id, f"{shot}.png", photograph(subject, shot))
    for type_id in types:
        state = api.wait_until_built(type_id, 5)
        assert state["origins"] == {"uploaded": 5, "recognized": 0, "counterexample": 0}


def test_a_photo_deleted_in_the_bucket_takes_its_row_along(api: Api, built_type: str) -> None:
    api.s3.delete_object(Bucket=api.stack.bucket, Key=f"types/{built_type}/images/1.png")
    api.wait_until_built(built_type, 2)


def test_an_overwritten_photo_is_encoded_anew(api: Api, built_type: str) -> None:
    api.upload(built_type, "1.png", photograph(7))
    eventually(
        lambda: api.recognize(built_type, photograph(7), threshold=0.999, append=False).json()["match"]
    )
    assert api.type(built_type)["encodings"] == 3


@pytest.mark.parametrize("name", ["two words.png", "Größe+1.png", "ナット #5.png", "50%.png", "a/b/c.png"])
def test_photos_of_any_name_are_built(api: Api, new_type: str, name: str) -> None:
    key = api.upload(new_type, name, photograph(1))
    api.wait_until_built(new_type, 1)
    (image,) = api.call("GET", f"/types/{new_type}/images").json()["images"]
    assert (image["image"], image["name"], image["state"]) == (key, name, "encoded")


def test_a_bad_photo_is_listed_with_its_reason_and_stops_no_other(api: Api, new_type: str) -> None:
    bad = api.upload(new_type, "bad.png", b"no image")
    api.upload(new_type, "good.png", photograph(1))
    state = api.wait_until_built(new_type, 1)
    (rejected,) = state["rejected"]
    assert rejected["image"] == bad
    assert "not an image" in rejected["reason"]
    states = {
        image["name"]: image["state"]
        for image in api.call("GET", f"/types/{new_type}/images").json()["images"]
    }
    assert states == {"bad.png": "rejected", "good.png": "encoded"}


def test_events_repeated_late_and_out_of_order_change_nothing(api: Api, built_type: str) -> None:
    api.wait_until_quiet()
    before = api.objects()
    sqs = api.stack.client("sqs")
    for event in ["ObjectRemoved:Delete", "ObjectCreated:Put", "ObjectRemoved:Delete"] * 3:
        for name in ("2.png", "1.png", "never was.png"):
            key = quote_plus(f"types/{built_type}/images/{name}", safe="/")
            record = {"eventSource": "aws:s3", "eventName": event, "s3": {"object": {"key": key}}}
            sqs.send_message(QueueUrl=api.stack.queue_url, MessageBody=json.dumps({"Records": [record]}))
    api.wait_until_quiet()
    assert api.objects() == before


def test_encodings_that_are_lost_are_built_again_by_the_next_query(api: Api, built_type: str) -> None:
    (encodings,) = (key for key in api.objects() if key.startswith("encodings/") and built_type in key)
    api.s3.delete_object(Bucket=api.stack.work_bucket, Key=encodings)
    answer = api.recognize(built_type, photograph(1))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "being built" in answer.json()["message"]
    eventually(lambda: api.recognize(built_type, photograph(1), append=False).status_code == 200)
    assert api.type(built_type)["encodings"] == 3
