"""Reference photos are put, listed and removed over HTTP as well."""

from urllib.parse import quote

import pytest

from support.deployed import Api, eventually
from support.photos.photographs import photograph


@pytest.mark.parametrize("name", ["1.png", "two words.png", "Größe+1.png", "ナット #5.png", "a/b.png"])
def test_a_photo_is_put_and_removed(api: Api, new_type: str, name: str) -> None:
    path = f"/types/{new_type}/images/{quote(name)}"
    put = api.call("PUT", path, data=photograph(1), headers={"Content-Type": "image/png"})
    assert put.status_code == 201
    assert put.json()["image"] == f"types/{new_type}/images/{name}"
    api.wait_until_built(new_type, 1)
    assert api.call("DELETE", path).status_code == 204
    assert api.call("DELETE", path).status_code == 404
    api.wait_until_quiet()
    assert api.call("GET", f"/types/{new_type}").status_code == 404


def test_removing_an_appended_image_undoes_the_match(api: Api, built_type: str) -> None:
    appended = api.recognize(built_type, photograph(1, 9)).json()["appended"]
    (listed,) = (
        image
        for image in api.call("GET", f"/types/{built_type}/images").json()["images"]
        if image["origin"] == "recognized"
    )
    assert listed["image"] == appended
    assert api.call("DELETE", f"/types/{built_type}/images/{quote(listed['name'])}").status_code == 204
    state = api.wait_until_built(built_type, 3)
    assert state["origins"] == {"uploaded": 3, "recognized": 0, "counterexample": 0}


def test_what_resembles_a_counterexample_more_is_no_match_until_it_is_removed(
    api: Api, built_type: str
) -> None:
    query = photograph(1, 9)
    path = f"/types/{built_type}/counterexamples/no.png"
    assert api.call("PUT", path, data=query, headers={"Content-Type": "image/png"}).status_code == 201
    eventually(lambda: api.type(built_type)["origins"]["counterexample"] == 1)
    refused = api.recognize(built_type, query).json()
    assert (refused["match"], refused["appended"]) == (False, None)
    assert refused["counterexample"]["image"] == f"types/{built_type}/counterexamples/no.png"
    assert api.call("DELETE", path).status_code == 204
    eventually(lambda: api.type(built_type)["origins"]["counterexample"] == 0)
    assert api.recognize(built_type, query).json()["match"]


def test_a_person_who_says_that_a_match_is_none_moves_it_and_is_named(api: Api, built_type: str) -> None:
    appended = api.recognize(built_type, photograph(1, 9)).json()["appended"]
    verdict = {"photo": appended, "verdict": "is_not"}
    answer = api.call("POST", f"/types/{built_type}/verdicts", json=verdict)
    assert answer.status_code == 200, answer.text
    moved = answer.json()["image"]
    assert moved == appended.replace("/images/", "/counterexamples/")
    eventually(
        lambda: api.type(built_type)["origins"] == {"uploaded": 3, "recognized": 0, "counterexample": 1}
    )
    assert not api.recognize(built_type, photograph(1, 9)).json()["match"]
    metadata = api.s3.head_object(Bucket=api.stack.bucket, Key=moved)["Metadata"]
    assert metadata["verdict"] == "is_not"
    assert metadata["verdict-by"].startswith("arn:aws:")


def test_missed_photos_are_listed(api: Api) -> None:
    assert api.call("GET", "/missed").json() == {"missed": [], "more": False}


def test_recognised_images_are_listed_for_review_the_newest_first(api: Api, built_type: str) -> None:
    appended = [api.recognize(built_type, photograph(1, shot)).json() for shot in (7, 8, 9)]
    path, params = f"/types/{built_type}/images", {"origin": "recognized", "limit": 2}
    first = api.call("GET", path, params=params).json()
    second = api.call("GET", path, params=params | {"next_token": first["next_token"]}).json()
    listed = [*first["images"], *second["images"]]
    assert second["next_token"] is None
    assert {image["image"] for image in listed} == {answer["appended"] for answer in appended}
    assert [image["modified"] for image in listed] == sorted(
        (image["modified"] for image in listed), reverse=True
    )
    by_image = {answer["appended"]: answer for answer in appended}
    for image in listed:
        nearest = by_image[image["image"]]["nearest"][0]
        assert image["nearest"] == nearest["image"]
        assert image["similarity"] == pytest.approx(nearest["similarity"], abs=1e-6)


@pytest.mark.parametrize(("data", "status"), [(b"no image", 415), (photograph(1)[:-100], 422)])
def test_what_can_not_be_a_reference_is_refused_and_leaves_no_trace(
    api: Api, new_type: str, data: bytes, status: int
) -> None:
    before = api.objects()
    answer = api.call(
        "PUT", f"/types/{new_type}/images/1.png", data=data, headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == status
    assert api.objects() == before


def test_types_are_listed(api: Api, shared_type: str) -> None:
    assert {"type_id": shared_type} in api.call("GET", "/types").json()["types"]


@pytest.mark.parametrize("path", ["/types/no-such-type", "/types/no-such-type/images"])
def test_an_unknown_type_is_not_found(api: Api, path: str) -> None:
    answer = api.call("GET", path)
    assert answer.status_code == 404
    assert "no-such-type" in answer.json()["message"]


def test_health_tells_the_model_and_the_version(api: Api) -> None:
    health = api.call("GET", "/health").json()
    assert health["status"] == "ok"
    assert health["model"].startswith("clip-")
    assert not health["stand_in"]
    assert health["version"]


def test_the_api_describes_itself(api: Api) -> None:
    description = api.call("GET", "/openapi.json").json()
    assert description["openapi"].startswith("3.")
    assert set(description["paths"]) == {
        "/types/{type_id}/recognize",
        "/recognize",
        "/uploads",
        "/types",
        "/types/{type_id}",
        "/types/{type_id}/settings",
        "/types/{type_id}/images",
        "/types/{type_id}/images/{name}",
        "/types/{type_id}/counterexamples",
        "/types/{type_id}/verdicts",
        "/missed",
        "/types/{type_id}/counterexamples/{name}",
        "/health",
    }
    body = description["paths"]["/types/{type_id}/recognize"]["post"]["requestBody"]["content"]
    assert set(body) == {"image/*", "application/octet-stream", "multipart/form-data", "application/json"}
