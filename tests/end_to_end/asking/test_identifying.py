"""Other types count: for identifying a photo without naming one, and for its probability."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests

from support.deployed import Api, eventually
from support.photos.photographs import photograph

SUBJECTS = range(100, 106)


@pytest.fixture(scope="module")
def types(api: Api) -> list[str]:
    """A type for each subject, built and in the gallery."""
    names = [f"type-{uuid4().hex[:12]}" for _ in SUBJECTS]
    for name, subject in zip(names, SUBJECTS, strict=True):
        for shot in range(3):
            api.upload(name, f"{shot}.png", photograph(subject, shot))
    for name in names:
        api.wait_until_built(name, 3)
    eventually(lambda: ask(api, SUBJECTS[0]).ok)  # nothing is known of all types until some were built
    eventually(lambda: all(found(api, subject)["candidates"][0]["type_id"] in names for subject in SUBJECTS))
    return names


def ask(api: Api, subject: int, shot: int = 9, **params: Any) -> requests.Response:
    return api.call(
        "POST",
        "/recognize",
        data=photograph(subject, shot),
        headers={"Content-Type": "image/png"},
        params=params,
    )


def found(api: Api, subject: int, shot: int = 9, **params: Any) -> dict[str, Any]:
    answer = ask(api, subject, shot, **params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_photo_is_identified_without_naming_a_type(api: Api, types: list[str]) -> None:
    before = api.objects()
    answer = found(api, SUBJECTS[2], threshold=0.9)
    assert answer["match"] == answer["candidates"][0]["type_id"] == types[2]
    assert answer["candidates"][0]["match"]
    probabilities = [candidate["probability"] for candidate in answer["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) + answer["none"] <= 1.00001
    assert answer["candidates"][0]["nearest"][0]["image"].startswith(f"types/{types[2]}/images/")
    assert answer["types"] >= len(types)
    assert answer["appended"] is None
    assert api.objects() == before


@pytest.mark.usefixtures("types")
def test_a_photo_of_no_type_matches_none(api: Api) -> None:
    answer = found(api, 999, threshold=0.999)
    assert answer["match"] is None
    assert len(answer["candidates"]) == 5
    assert not any(candidate["match"] for candidate in answer["candidates"])
    assert answer["none"] > answer["candidates"][0]["probability"]


@pytest.mark.usefixtures("types")
def test_the_list_of_types_says_when_all_were_last_learnt_from_and_on_what(api: Api) -> None:
    learnt = api.call("GET", "/types").json()["gallery"]
    assert learnt["types"] > 0
    assert learnt["photos"] > 0
    assert datetime.fromisoformat(learnt["fitted_at"]) <= datetime.now(UTC)


def test_an_identified_photo_joins_its_type_if_asked(api: Api, types: list[str]) -> None:
    answer = found(api, SUBJECTS[3], shot=11, threshold=0.9, append="true")
    assert answer["appended"].startswith(f"types/{types[3]}/images/")
    assert api.wait_until_built(types[3], 4)["origins"] == {
        "uploaded": 3,
        "recognized": 1,
        "counterexample": 0,
    }


def test_a_type_is_decided_by_probability_when_its_settings_say_so(api: Api, types: list[str]) -> None:
    settings = {"rule": "probability", "threshold": 0.6}
    assert api.call("PUT", f"/types/{types[0]}/settings", json=settings).json() == settings
    image: dict[str, Any] = {"headers": {"Content-Type": "image/png"}, "params": {"append": "false"}}
    path = f"/types/{types[0]}/recognize"
    own = api.call("POST", path, data=photograph(SUBJECTS[0], 9), **image).json()
    assert own["match"]
    assert [own[name] for name in ("rule", "threshold", "threshold_source")] == ["probability", 0.6, "type"]
    assert own["notice"] is None
    other = api.call("POST", path, data=photograph(SUBJECTS[1], 9), **image).json()
    assert not other["match"]
    assert other["score"] < 0.5 < own["score"] <= 1
    assert other["nearest_other"]["type_id"] == types[1]


@pytest.mark.usefixtures("types")
def test_bad_photos_are_refused_as_for_a_type(api: Api) -> None:
    answer = api.call("POST", "/recognize", data=b"hello", headers={"Content-Type": "image/png"})
    assert answer.status_code == 415
