"""A photo and a type come in over HTTP, an answer goes out, and a match is kept."""

import io
from typing import Any, Literal

import numpy as np
import requests
from PIL import Image
from pydantic import BaseModel

from lookalike.keys import image_key, recognized_name
from lookalike.vision.boxes import round_box
from lookalike.vision.views import windows
from recognize.body import MAX_BODY_BYTES
from support.deployed import Api
from support.photos.photographs import photograph, scene


class Nearest(BaseModel, extra="forbid", strict=True):
    image: str
    similarity: float


class OtherType(BaseModel, extra="forbid", strict=True):
    type_id: str
    similarity: float


class Answer(BaseModel, extra="forbid", strict=True):
    """All fields of an answer, written down here once more: who changes one breaks a promise to callers."""

    type_id: str
    match: bool
    similarity: float
    rule: Literal["similarity", "probability"]
    score: float
    threshold: float
    threshold_source: Literal["request", "type", "stack", "default"]
    look: Literal["centre", "anywhere"]
    box: list[float]
    views: int
    notice: str | None
    nearest_other: OtherType | None
    counterexample: Nearest | None
    nearest: list[Nearest]
    appended: str | None
    pending: bool
    encodings: int
    model: str


def test_a_reference_photo_is_recognised_in_an_answer_of_the_contract(api: Api, shared_type: str) -> None:
    found = api.recognize(shared_type, photograph(1, 2), append=False).json()
    Answer.model_validate(found)
    assert found["match"]
    assert found["similarity"] > 0.999
    assert found["nearest"][0]["image"] == f"types/{shared_type}/images/2.png"
    assert (found["type_id"], found["rule"], found["pending"]) == (shared_type, "similarity", False)
    assert (found["notice"], found["nearest_other"], found["counterexample"]) == (None, None, None)
    assert (found["look"], found["box"], found["views"]) == ("centre", [0, 0, 1, 1], 1)
    assert found["score"] == found["similarity"] == found["nearest"][0]["similarity"]
    assert len(found["nearest"]) == 3
    assert found["encodings"] == 3
    assert (found["threshold"], found["threshold_source"]) == (0.9, "request")
    assert found["model"] == api.call("GET", "/health").json()["model"]


def test_an_object_in_a_corner_is_found_where_the_photo_is_looked_at_anywhere(
    api: Api, shared_type: str
) -> None:
    size = (640, 480)
    corner = windows(*size, 32)[-1]
    photo = scene((1, corner), size=size)
    centre = api.recognize(shared_type, photo, append=False).json()
    anywhere = api.recognize(shared_type, photo, append=False, look="anywhere").json()
    Answer.model_validate(anywhere)
    assert anywhere["similarity"] > centre["similarity"]
    assert anywhere["box"] == list(round_box(corner))
    assert anywhere["views"] > 30


def test_a_photo_of_another_type_is_not_recognised_at_a_high_threshold(api: Api, shared_type: str) -> None:
    before = api.objects()
    found = api.recognize(shared_type, photograph(2), threshold=0.99).json()
    assert not found["match"]
    assert found["appended"] is None
    assert api.objects() == before


def test_a_match_appends_one_image_and_one_row_that_the_next_query_sees(api: Api, built_type: str) -> None:
    query = photograph(1, 9)
    before = api.objects()
    first = api.recognize(built_type, query, filename="bench 3.png").json()
    assert first["appended"] == image_key(built_type, recognized_name(query, "PNG"))
    assert set(api.objects()) - set(before) == {first["appended"]}
    assert first["encodings"] == 4
    second = api.recognize(built_type, query, append=False).json()
    assert second["nearest"][0]["image"] == first["appended"]
    assert second["similarity"] > 0.999


def test_an_appended_images_own_event_adds_nothing(api: Api, built_type: str) -> None:
    api.wait_until_quiet()
    api.recognize(built_type, photograph(1, 9))
    after_match = api.objects()
    api.wait_until_quiet()
    assert api.objects() == after_match
    assert api.type(built_type)["origins"] == {"uploaded": 3, "recognized": 1, "counterexample": 0}


def test_append_can_be_declined(api: Api, shared_type: str) -> None:
    before = api.objects()
    found = api.recognize(shared_type, photograph(1, 9), append="false").json()
    assert found["match"]
    assert found["appended"] is None
    assert api.objects() == before


def uploaded(api: Api, image: bytes) -> str:
    upload = api.call("POST", "/uploads").json()
    answer = requests.post(upload["url"], upload["fields"], files={"file": image}, timeout=60)
    assert answer.status_code == 204
    query_key: str = upload["query_key"]
    return query_key


def test_raw_form_and_upload_give_the_same_answer(api: Api, shared_type: str) -> None:
    image = photograph(1, 9)
    path, params = f"/types/{shared_type}/recognize", {"append": "false"}
    ways: list[dict[str, Any]] = [
        {"data": image, "headers": {"Content-Type": "image/png"}},
        {"data": image, "headers": {"Content-Type": "application/octet-stream"}},
        {"files": {"image": ("Größe +1.png", image)}},
        {"json": {"query_key": uploaded(api, image)}},
    ]
    answers = [api.call("POST", path, params=params, **way) for way in ways]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json() == answers[1].json() == answers[2].json() == answers[3].json()


def test_a_photo_too_large_for_the_api_goes_through_an_upload(api: Api, built_type: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1300, 1300, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=0)
    large = buffer.getvalue()
    assert len(large) > MAX_BODY_BYTES
    refused = api.recognize(built_type, large)
    assert refused.status_code == 413
    assert "POST /uploads" in refused.json()["message"]
    answer = api.call("POST", f"/types/{built_type}/recognize", json={"query_key": uploaded(api, large)})
    assert answer.status_code == 200


def test_a_types_own_threshold_counts_and_the_requests_before_it(api: Api, built_type: str) -> None:
    path = f"/types/{built_type}/recognize"
    image: dict[str, Any] = {"data": photograph(1), "headers": {"Content-Type": "image/png"}}
    assert api.call("POST", path, **image).json()["threshold"] == 0.92
    api.call("PUT", f"/types/{built_type}/settings", json={"threshold": 0.5})
    assert api.type(built_type)["settings"] == {"threshold": 0.5}
    assert api.call("POST", path, **image).json()["threshold"] == 0.5
    assert api.call("POST", path, params={"threshold": 0.7}, **image).json()["threshold"] == 0.7
