"""Reference photos are put, listed and removed over HTTP as well."""

from urllib.parse import quote

import pytest

from support.deployed import Api
from support.photographs import photograph


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
    assert state["origins"] == {"uploaded": 3, "recognized": 0}


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


def test_uploaded_images_are_listed_apart(api: Api, built_type: str) -> None:
    api.recognize(built_type, photograph(1, 9))
    answer = api.call("GET", f"/types/{built_type}/images", params={"origin": "uploaded"}).json()
    assert {image["name"] for image in answer["images"]} == {"0.png", "1.png", "2.png"}


def test_settings_bound_what_is_appended(api: Api, built_type: str) -> None:
    settings = {"max_recognized": 1, "vouch": "uploaded"}
    assert api.call("PUT", f"/types/{built_type}/settings", json=settings).status_code == 200
    found = [api.recognize(built_type, photograph(1, shot)).json() for shot in (8, 9)]
    assert [answer["match"] for answer in found] == [True, True]
    assert [answer["appended"] is not None for answer in found] == [True, False]
    assert api.type(built_type)["origins"] == {"uploaded": 3, "recognized": 1}


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [("1.png", b"no image", 415), ("1.png", photograph(1)[:-100], 422), ("%00.png", photograph(1), 400)],
)
def test_what_can_not_be_a_reference_is_refused_and_leaves_no_trace(
    api: Api, new_type: str, name: str, data: bytes, status: int
) -> None:
    before = api.objects()
    answer = api.call(
        "PUT", f"/types/{new_type}/images/{name}", data=data, headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == status
    assert api.objects() == before


def test_types_are_listed(api: Api, shared_type: str) -> None:
    assert {"type_id": shared_type} in api.call("GET", "/types").json()["types"]


def test_lists_come_in_pages(api: Api, shared_type: str) -> None:
    path = f"/types/{shared_type}/images"
    first = api.call("GET", path, params={"limit": 2}).json()
    second = api.call("GET", path, params={"limit": 2, "next_token": first["next_token"]}).json()
    names = [image["name"] for image in (*first["images"], *second["images"])]
    assert names == ["0.png", "1.png", "2.png"]
    assert second["next_token"] is None


def test_types_come_in_pages_each_once(api: Api, built_type: str) -> None:
    for shot, following in enumerate((f"{built_type}-b", f"{built_type}-c")):
        api.upload(following, "1.png", photograph(1, shot))
    whole = api.call("GET", "/types").json()
    walked: list[dict[str, str]] = []
    token = None
    for _ in whole["types"]:
        page = api.call("GET", "/types", params={"limit": 1, "next_token": token}).json()
        assert len(page["types"]) == 1
        walked += page["types"]
        token = page["next_token"]
    assert (whole["next_token"], token) == (None, None)
    assert walked == whole["types"]
    assert len(walked) >= 3


@pytest.mark.parametrize("path", ["/types/no-such-type", "/types/no-such-type/images"])
def test_an_unknown_type_is_not_found(api: Api, path: str) -> None:
    answer = api.call("GET", path)
    assert answer.status_code == 404
    assert "no-such-type" in answer.json()["message"]


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": 2},
        {"threshold": "high"},
        {"treshold": 0.9},
        {"rule": "best"},
        {"vouch": "none"},
        {"max_recognized": -1},
        [],
        "x",
    ],
)
def test_bad_settings_are_refused(api: Api, shared_type: str, settings: object) -> None:
    before = api.objects()
    assert api.call("PUT", f"/types/{shared_type}/settings", json=settings).status_code == 400
    assert api.objects() == before


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
        "/health",
    }
    body = description["paths"]["/types/{type_id}/recognize"]["post"]["requestBody"]["content"]
    assert set(body) == {"image/*", "application/octet-stream", "multipart/form-data", "application/json"}
