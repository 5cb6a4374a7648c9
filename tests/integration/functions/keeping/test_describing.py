"""What the API tells of a type and its images is what the bucket holds, at any moment."""

from datetime import UTC, datetime, timedelta

import pytest

from support.photos.photographs import photograph
from support.system import System

TYPE = "GET /types/{type_id}"
IMAGES = "GET /types/{type_id}/images"
SETTINGS = "PUT /types/{type_id}/settings"


@pytest.fixture
def three_photos(shared_system: System, new_type: str) -> str:
    """A type with three photos, built."""
    shared_system.build(new_type, shots=3)
    return new_type


def states(system: System, type_id: str) -> dict[str, str]:
    _, answer = system.call(IMAGES, type_id=type_id)
    return {image["name"]: image["state"] for image in answer["images"]}


def test_a_type_is_out_of_date_from_an_upload_to_its_rebuild(shared_system: System, new_type: str) -> None:
    def state() -> tuple[bool, int, int]:
        _, answer = shared_system.call(TYPE, type_id=new_type)
        return answer["up_to_date"], answer["images"], answer["encodings"]

    key = shared_system.upload("1.png", photograph(1), new_type)
    assert state() == (False, 1, 0)
    shared_system.deliver_all()
    assert state() == (True, 1, 1)
    shared_system.upload("1.png", photograph(2), new_type)
    assert state() == (False, 1, 1)
    shared_system.deliver_all()
    assert state() == (True, 1, 1)
    shared_system.upload("2.png", photograph(2, 1), new_type)
    shared_system.deliver_all()
    assert state() == (True, 2, 2)
    shared_system.store.delete_image(key)
    assert state() == (False, 1, 2)


def test_a_type_that_has_only_settings_is_known(shared_system: System, new_type: str) -> None:
    assert shared_system.call(TYPE, type_id=new_type)[0] == 404
    shared_system.call(SETTINGS, b'{"threshold": 0.8}', type_id=new_type, content_type="application/json")
    status, answer = shared_system.call(TYPE, type_id=new_type)
    assert status == 200
    assert answer["settings"] == {"threshold": 0.8}
    assert (answer["images"], answer["encodings"], answer["built_at"]) == (0, 0, None)


def test_a_type_tells_when_it_was_built(shared_system: System, three_photos: str) -> None:
    built = datetime.fromisoformat(shared_system.call(TYPE, type_id=three_photos)[1]["built_at"])
    assert timedelta(0) <= datetime.now(UTC) - built < timedelta(hours=1)


def test_an_image_waits_until_it_is_encoded_or_rejected(shared_system: System, new_type: str) -> None:
    shared_system.upload("good.png", photograph(1), new_type)
    shared_system.upload("bad.png", b"no image", new_type)
    assert states(shared_system, new_type) == {"good.png": "waiting", "bad.png": "waiting"}
    shared_system.deliver_all()
    assert states(shared_system, new_type) == {"good.png": "encoded", "bad.png": "rejected"}
    shared_system.upload("good.png", photograph(2), new_type)
    shared_system.upload("bad.png", photograph(3), new_type)
    assert states(shared_system, new_type) == {"good.png": "waiting", "bad.png": "waiting"}


def test_an_image_is_told_with_its_size_its_time_and_why_it_was_rejected(
    shared_system: System, new_type: str
) -> None:
    shared_system.upload("bad.png", b"no image", new_type)
    shared_system.upload("good.png", photograph(1), new_type)
    shared_system.deliver_all()
    bad, good = shared_system.call(IMAGES, type_id=new_type)[1]["images"]
    assert (bad["size"], good["size"]) == (8, len(photograph(1)))
    assert "not an image" in bad["reason"]
    assert good["reason"] is None
    bucket = shared_system.store.bucket
    for image in (bad, good):
        there = bucket.client.head_object(Bucket=bucket.name, Key=image["image"])
        # A listing tells it more exactly than a header can.
        modified = datetime.fromisoformat(image["modified"])
        assert modified.replace(microsecond=0) == there["LastModified"]


def test_images_of_an_origin_come_in_pages_the_newest_first(shared_system: System, three_photos: str) -> None:
    params = {"origin": "uploaded", "limit": "2"}
    _, first = shared_system.call(IMAGES, type_id=three_photos, params=params)
    params["next_token"] = first["next_token"]
    _, second = shared_system.call(IMAGES, type_id=three_photos, params=params)
    # Those of the same second come in the reverse order of their names.
    listed = [(image["modified"], image["name"]) for image in (*first["images"], *second["images"])]
    assert [len(first["images"]), len(second["images"])] == [2, 1]
    assert listed == sorted(listed, reverse=True)
    assert second["next_token"] is None


def test_a_page_that_ends_with_the_last_image_names_no_other(
    shared_system: System, three_photos: str
) -> None:
    params = {"origin": "uploaded", "limit": "3"}
    _, answer = shared_system.call(IMAGES, type_id=three_photos, params=params)
    assert len(answer["images"]) == 3
    assert answer["next_token"] is None


@pytest.mark.parametrize("token", ["x", "_w==", "YQ"])
def test_a_token_that_is_of_no_page_is_refused(shared_system: System, three_photos: str, token: str) -> None:
    params = {"origin": "uploaded", "next_token": token}
    status, answer = shared_system.call(IMAGES, type_id=three_photos, params=params)
    assert status == 400
    assert "next_token" in answer["message"]


def test_types_come_in_pages(shared_system: System) -> None:
    for type_id in ("0-first", "0-second", "0-third"):
        shared_system.upload("1.png", photograph(1), type_id)
    _, first = shared_system.call("GET /types", params={"limit": "2"})
    _, second = shared_system.call("GET /types", params={"limit": "1000", "next_token": first["next_token"]})
    names = [entry["type_id"] for entry in (*first["types"], *second["types"])]
    assert names[:3] == ["0-first", "0-second", "0-third"]
    assert second["next_token"] is None


def test_a_stand_in_is_not_told_as_clip(shared_system: System) -> None:
    status, answer = shared_system.call("GET /health")
    assert (status, answer["model"], answer["stand_in"]) == (200, "thumbnail-1", True)


def test_a_type_is_diagnosed_where_that_is_asked(shared_system: System, three_photos: str) -> None:
    key = shared_system.upload("same.png", photograph(1, 0), three_photos)
    shared_system.deliver_all()
    assert shared_system.call(TYPE, type_id=three_photos)[1]["diagnosis"] is None
    status, answer = shared_system.call(TYPE, type_id=three_photos, params={"diagnose": "true"})
    assert status == 200
    found = answer["diagnosis"]
    assert found["references"] == 4
    same = {"image": key, "same_as": key.replace("same.png", "0.png"), "similarity": 1.0}
    assert same in found["duplicates"]
    assert [point["references"] for point in found["learning_curve"]] == [1, 2, 3]
    assert shared_system.call(TYPE, type_id=three_photos, params={"diagnose": "perhaps"})[0] == 400
    assert shared_system.call(TYPE, type_id="no-such-type", params={"diagnose": "true"})[0] == 404
