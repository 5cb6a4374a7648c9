"""Whatever is sent instead of a photo, over HTTP or through S3: a clear answer, bounded memory, no harm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lookalike.rebuilding import image_reading
from lookalike.vision import images
from support.deployed import Api
from support.photos.bad_files import damaged_images, no_images, odd_images
from support.photos.photographs import photograph

MOST_GROWTH_MB = (images.MOST_MEMORY + image_reading.READERS * images.MAX_BYTES) // 2**20
"""One image is prepared at a time if it is large; others are read meanwhile."""


def memory_peaks(api: Api) -> dict[int, int]:
    """The most memory, in MB, that each process of a function has had so far."""
    peaks = {}
    for process in psutil.Process(api.emulator.process.pid).children(recursive=True):
        status = Path(f"/proc/{process.pid}/status").read_text()
        peaks[process.pid] = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    return peaks


@pytest.fixture(scope="module")
def peaks_at_rest(api: Api, built_once: str) -> dict[int, int]:
    assert api.recognize(built_once, photograph(1), append=False).status_code == 200
    # Loading the model is no growth: a process that is still starting has a message in flight.
    api.wait_until_quiet()
    return memory_peaks(api)


@pytest.fixture(autouse=True)
def _memory_stays_bounded(api: Api, peaks_at_rest: dict[int, int]) -> Iterator[None]:
    """No process of a function grows by more than it may, over all of these tests so far."""
    yield
    least = min(peaks_at_rest.values())
    growth = {pid: peak - peaks_at_rest.get(pid, least) for pid, peak in memory_peaks(api).items()}
    assert max(growth.values()) < MOST_GROWTH_MB, growth


@pytest.fixture(scope="module")
def built_once(api: Api) -> str:
    """A type with photos of many kinds, for queries that leave no trace."""
    photos = [(name, data) for name, data in odd_images() if "megapixels" not in name]
    for name, data in photos:
        api.upload("odd", name, data)
    api.wait_until_built("odd", len(photos))
    return "odd"


def send(api: Api, type_id: str, data: bytes) -> Any:
    """A query with the wrong content type, as they come."""
    return api.call(
        "POST",
        f"/types/{type_id}/recognize?append=false",
        data=data,
        headers={"Content-Type": "image/svg+xml"},
    )


def cases(files: Iterator[tuple[str, bytes]]) -> list[Any]:
    return [pytest.param(data, id=name) for name, data in files]


@pytest.mark.parametrize("data", cases(no_images()))
def test_what_is_no_image_is_refused(api: Api, built_once: str, data: bytes) -> None:
    answer = send(api, built_once, data)
    assert answer.status_code == 415
    assert "not an image in a format we read" in answer.json()["message"]


@pytest.mark.parametrize("data", cases(damaged_images()))
def test_an_image_that_can_not_be_decoded_is_refused(api: Api, built_once: str, data: bytes) -> None:
    answer = send(api, built_once, data)
    assert answer.status_code == 422
    message = answer.json()["message"]
    assert any(reason in message for reason in ("damaged or incomplete", "too many pixels", "is a film"))
    assert "0x" not in message, "it tells of the decoder's insides"


@pytest.mark.parametrize("data", cases(odd_images()))
def test_an_odd_photo_is_a_photo(api: Api, built_once: str, data: bytes) -> None:
    assert send(api, built_once, data).status_code == 200


def test_of_all_that_is_put_in_the_bucket_good_images_are_built_and_others_listed_with_reasons(
    api: Api, new_type: str
) -> None:
    bad = {api.upload(new_type, name, data) for name, data in [*no_images(), *damaged_images()]}
    bad.add(api.upload(new_type, "empty", b""))
    good = {api.upload(new_type, name, data) for name, data in odd_images()}
    state = api.wait_until_built(new_type, len(good))
    assert {entry["image"] for entry in state["rejected"]} == bad
    assert all(entry["reason"] for entry in state["rejected"])
