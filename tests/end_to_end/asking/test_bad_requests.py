"""Requests that are wrong in every way there is: each is told what is wrong, none is a 5xx."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from recognize.body import MAX_BODY_BYTES
from support.deployed import Api
from support.photos.photographs import photograph

GOOD = photograph(1)
PNG = {"Content-Type": "image/png"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture(scope="module")
def type_id(api: Api) -> str:
    api.upload("bad-requests", "1.png", GOOD)
    api.wait_until_built("bad-requests", 1)
    return "bad-requests"


def refused(api: Api, told: str, status: int, *args: Any, **options: Any) -> None:
    before = api.objects()
    answer = api.call(*args, **options)
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["statusCode"] == status
    assert told in body["message"]
    assert api.objects() == before


@pytest.mark.parametrize(
    "name",
    [
        "-x",
        ".x",
        "a" * 65,
        "a b",
        "ä",
        "a%00",
        "a%0A",
        "a%27%22",
        "%E0%A4%A",
        "$(id)",
        "a?b",
    ],
)
def test_a_name_that_no_type_can_have(api: Api, name: str) -> None:
    path = f"/types/{name if '%' in name else quote(name, safe='')}/recognize"
    refused(api, "type_id", 400, "POST", path, data=GOOD, headers=PNG)


@pytest.mark.parametrize(
    "name",
    ["a//b.png", "%00", "%2E%2E%2Fsettings.json", "a%2F..%2F..%2Fb.png", "a/", "x" * 1010],
)
def test_a_name_that_no_image_can_have(api: Api, type_id: str, name: str) -> None:
    path = f"/types/{type_id}/images/{name}"
    refused(api, "name", 400, "PUT", path, data=GOOD, headers=PNG)
    refused(api, "name", 400, "DELETE", path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/types/a%2Fb/recognize"),
        ("POST", "/types/..%2Fx/recognize"),
        ("PUT", "/types/bad-requests/images/a%0Ab.png"),
        ("GET", "/../../etc/passwd"),
        ("GET", "/types/bad-requests/../../health/x"),
        ("DELETE", "/types/bad-requests"),
        ("PATCH", "/types"),
    ],
)
def test_a_path_that_leads_nowhere(api: Api, method: str, path: str) -> None:
    before = api.objects()
    assert api.call(method, path, data=GOOD, headers=PNG).status_code in (400, 404, 405)
    assert api.objects() == before


@pytest.mark.parametrize(
    "key",
    [
        "",
        "queries/",
        "queries/../types/bad-requests/images/1.png",
        "queries/a/b",
        "/queries/a",
        "types/bad-requests/images/1.png",
        "encodings/x",
        "queries/a\n",
        "queries/" + "a" * 5000,
        "QUERIES/a",
        "s3://bucket/queries/a",
        "queries/%2e%2e/types",
        None,
        7,
        ["queries/a"],
        {"$ne": 1},
    ],
)
def test_a_query_key_that_was_never_given(api: Api, type_id: str, key: object) -> None:
    refused(api, "query_key", 400, "POST", f"/types/{type_id}/recognize", json={"query_key": key})


def test_a_type_that_is_not_there(api: Api) -> None:
    path = "/types/no-such-type/recognize"
    refused(api, "no-such-type", 404, "POST", path, data=GOOD, headers=PNG)


def test_an_upload_that_is_not_there(api: Api, type_id: str) -> None:
    path = f"/types/{type_id}/recognize"
    refused(api, "queries/none", 404, "POST", path, json={"query_key": "queries/none"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param({"data": b"", "headers": PNG}, "no image", id="nothing"),
        pytest.param({"json": {"key": "x"}}, "query_key", id="JSON without a key"),
        pytest.param({"files": {"photo": GOOD}}, "'image'", id="form without an image"),
    ],
)
def test_a_body_without_a_photo(api: Api, type_id: str, body: dict[str, Any], told: str) -> None:
    refused(api, told, 400, "POST", f"/types/{type_id}/recognize", **body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe{\x00", b"[" * 20_000, b"nan"])
def test_json_that_is_broken(api: Api, type_id: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused(api, "JSON", 400, "POST", f"/types/{type_id}/recognize", data=body, headers=headers)


@pytest.mark.parametrize(
    "query",
    [
        "threshold=nan",
        "threshold=inf",
        "threshold=1e999",
        "threshold=-0.1",
        "threshold=1.01",
        "threshold=",
        "threshold=0x1",
        "threshold=0,5",
        "threshold=%00",
        "look=left",
        "look=",
        "append=maybe",
        "append=2",
        "append=",
        "filename=",
        "filename=" + "a" * 256,
        "threshold=0.5&threshold=high",
        "threshold=0.5&threshold=0.6",
    ],
)
def test_a_parameter_that_is_wrong(api: Api, type_id: str, query: str) -> None:
    name = query.partition("=")[0]
    path = f"/types/{type_id}/recognize?{query}"
    refused(api, name, 400, "POST", path, data=GOOD, headers=PNG)


@pytest.mark.parametrize("box", ["", "1", "0,0,1", "0,0,0,0", "0.5,0,0.1,1", "0,0,9,9", "a,b,c,d", "%00"])
def test_a_box_that_is_none(api: Api, type_id: str, box: str) -> None:
    path = f"/types/{type_id}/images/boxed.png?box={box}"
    refused(api, "x0,y0", 400, "PUT", path, data=GOOD, headers=PNG)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=1001", "limit=1e2", "limit=x", "next_token=", "next_token=%08"]
)
@pytest.mark.parametrize("path", ["/types", "/types/{}/images"])
def test_a_page_that_is_none(api: Api, type_id: str, path: str, query: str) -> None:
    path = path.format(type_id)
    refused(api, query.partition("=")[0], 400, "GET", f"{path}?{query}")


def part(headers: bytes, data: bytes = GOOD, boundary: bytes = b"b") -> bytes:
    return b"--" + boundary + b"\r\n" + headers + b"\r\n\r\n" + data + b"\r\n--" + boundary + b"--\r\n"


IMAGE_PART = b'Content-Disposition: form-data; name="image"; filename="a.png"'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(part(IMAGE_PART), {"Content-Type": "multipart/form-data"}, id="no boundary"),
        pytest.param(part(IMAGE_PART, boundary=b"c"), FORM, id="another boundary"),
        pytest.param(part(IMAGE_PART)[:-20], FORM, id="cut"),
        pytest.param(b"", FORM, id="empty"),
        pytest.param(b"--b--\r\n", FORM, id="no part"),
        pytest.param(part(b"Content-Disposition: form-data"), FORM, id="part without a name"),
        pytest.param(part(b"Content-Type: image/png"), FORM, id="part without a disposition"),
        pytest.param(part(b"no header at all"), FORM, id="no header"),
        pytest.param(part(b'Content-Disposition: form-data; name="photo"'), FORM, id="another name"),
        pytest.param(part(IMAGE_PART, b""), FORM, id="empty image"),
        pytest.param(part(IMAGE_PART + b"\r\nX: " + b"x" * 50_000), FORM, id="long header"),
        pytest.param(part(IMAGE_PART + b"\r\nX: x" * 2_000), FORM, id="many headers"),
        pytest.param(b"".join(b"--b\r\n" + b"X: x\r\n\r\n\r\n" for _ in range(5_000)), FORM, id="many parts"),
        pytest.param(b"\xff" * 1_000, FORM, id="rubbish"),
        pytest.param(
            part(IMAGE_PART),
            {"Content-Type": "multipart/form-data; boundary=" + "b" * 5_000},
            id="long boundary",
        ),
    ],
)
def test_a_form_that_is_broken(api: Api, type_id: str, body: bytes, headers: dict[str, str]) -> None:
    refused(api, "", 400, "POST", f"/types/{type_id}/recognize", data=body, headers=headers)


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/x-pickle", "multipart/mixed", "x", "a/b;="]
)
def test_a_content_type_that_is_not_taken(api: Api, type_id: str, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    refused(api, "content type", 415, "POST", f"/types/{type_id}/recognize", data=GOOD, headers=headers)


def test_a_body_that_is_too_large(api: Api, type_id: str) -> None:
    body = GOOD + bytes(MAX_BODY_BYTES)
    refused(api, "POST /uploads", 413, "POST", f"/types/{type_id}/recognize", data=body, headers=PNG)


def test_oversized_headers_do_no_harm(api: Api, type_id: str) -> None:
    headers = PNG | {"X-Long": "x" * 20_000}
    path = f"/types/{type_id}/recognize?append=false"
    assert api.call("POST", path, data=GOOD, headers=headers).status_code in (200, 400, 413, 431)


@pytest.mark.parametrize(
    "settings",
    [
        '{"threshold": NaN}',
        '{"threshold": 1e999}',
        '{"threshold": -1}',
        '{"threshold": "0.5; drop"}',
        '{"max_recognized": -1}',
        '{"max_recognized": 1e99}',
        '{"max_recognized": 0.5}',
        '{"vouch": "nobody"}',
        '{"rule": "best"}',
        '{"treshold": 0.9}',
        '{"__class__": "x"}',
        "[]",
        '"',
        "",
        json.dumps({"a": "x" * 100_000}),
    ],
)
def test_settings_that_are_wrong(api: Api, type_id: str, settings: str) -> None:
    headers = {"Content-Type": "application/json"}
    path = f"/types/{type_id}/settings"
    refused(api, "", 400, "PUT", path, data=settings.encode(), headers=headers)
