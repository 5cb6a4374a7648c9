"""Everybody at once: all are answered, every image gets its row, and nobody tries without end."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lookalike.appending import APPEND_ATTEMPTS
from support.deployed import Api, eventually, logged
from support.photos.photographs import photograph

CALLERS = 100


@pytest.fixture
def threads() -> Any:
    with ThreadPoolExecutor(2 * CALLERS) as threads:
        yield threads


def attempts(api: Api, types: set[str]) -> list[int]:
    """How often each recognition of these types tried to append its row."""
    lines = [line for line in logged(api, "RecognizeLogs") if line.get("type_id") in types]
    return [line["attempts"] for line in lines if line["message"] == "recognised"]


@pytest.mark.parametrize("types", [1, 20])
def test_a_hundred_recognitions_and_uploads_at_once_lose_nothing(
    api: Api, new_type: str, threads: ThreadPoolExecutor, types: int, record_property: Any
) -> None:
    names = [f"{new_type}-{index}" for index in range(types)]
    for name in names:
        api.upload(name, "0.png", photograph(1, 0))
    for name in names:
        api.call("PUT", f"/types/{name}/settings", json={"threshold": 0.5})
        api.wait_until_built(name, 1)
    uploads = [
        threads.submit(api.upload, names[shot % types], f"{shot}.png", photograph(1, shot))
        for shot in range(1, CALLERS + 1)
    ]
    queries = [
        threads.submit(api.recognize, names[shot % types], photograph(1, 1000 + shot), threshold=0.5)
        for shot in range(CALLERS)
    ]
    answers = [query.result() for query in queries]
    keys = {upload.result() for upload in uploads}
    assert [answer.status_code for answer in answers] == [200] * CALLERS
    appended = {answer.json()["appended"] for answer in answers}
    assert len(appended - {None}) == CALLERS
    for name in names:
        api.wait_until_built(name, 1 + 2 * CALLERS // types)
    listed = {
        image["image"]
        for name in names
        for image in api.call("GET", f"/types/{name}/images").json()["images"]
        if image["state"] == "encoded"
    }
    assert listed == appended | keys | {f"types/{name}/images/0.png" for name in names}
    tried = eventually(lambda: found if len(found := attempts(api, {*names})) == CALLERS else None)
    assert max(tried) <= APPEND_ATTEMPTS
    record_property("retries", sum(tried) - CALLERS)
    record_property("left to the image's event", sum(answer.json()["pending"] for answer in answers))
