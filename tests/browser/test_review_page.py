"""What joined a type by itself is decided about by one key each, once and for all."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from browser.types_for_tests import put_type
from lookalike.keys import image_key
from lookalike.matching.encodings import Origin
from lookalike.storage.provenance import Provenance, to_metadata
from support.deployed import Api, eventually
from support.photos.photographs import blended, photograph

OpenConsole = Callable[..., Page]
SUBJECTS = count(810)
"""Types of different tests show different things."""


@pytest.fixture(autouse=True)
def nothing_else_to_review(api: Api) -> None:
    """What other tests left to be reviewed is gone."""
    for entry in api.call("GET", "/types").json()["types"]:
        type_id = entry["type_id"]
        listed = api.call("GET", f"/types/{type_id}/images", params={"origin": "recognized"})
        for image in listed.json().get("images", []):
            api.call("DELETE", f"/types/{type_id}/images/{image['name']}")


@dataclass(frozen=True)
class Reviewed:
    """A type of three photos that two joined, another type, and what they show."""

    type_id: str
    other: str
    subject: int
    other_subject: int


@pytest.fixture
def reviewed(api: Api, new_type: str) -> Reviewed:
    made = Reviewed(new_type, f"{new_type}-other", next(SUBJECTS), next(SUBJECTS))
    put_type(api, made.type_id, subject=made.subject, photos=3)
    put_type(api, made.other, subject=made.other_subject, photos=3)
    for shot in (7, 8):
        answer = api.recognize(new_type, photograph(made.subject, shot), filename=f"{shot}.png").json()
        assert answer["appended"]
    api.wait_until_built(new_type, 5)
    return made


def open_review(open_console: OpenConsole, reviewed: Reviewed, left: int) -> Page:
    """The page of reviews, once it asks about the type."""
    page = open_console("/review")
    expect(page.get_by_role("heading", name=f"Is this {reviewed.type_id}?")).to_be_visible()
    expect(page.get_by_text(f"{left} left")).to_be_visible()
    return page


def origins(api: Api, type_id: str) -> dict[str, int]:
    """How many photos of each origin a type has."""
    counted: dict[str, int] = api.type(type_id)["origins"]
    return {origin: count for origin, count in counted.items() if count}


def becomes(api: Api, type_id: str, wanted: dict[str, int]) -> None:
    eventually(lambda: origins(api, type_id) == wanted)


def test_yes_no_undo_and_skip_by_their_keys(api: Api, open_console: OpenConsole, reviewed: Reviewed) -> None:
    page = open_review(open_console, reviewed, left=2)
    page.keyboard.press("y")
    expect(page.get_by_text("1 left")).to_be_visible()
    becomes(api, reviewed.type_id, {"uploaded": 4, "recognized": 1})
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
    becomes(api, reviewed.type_id, {"uploaded": 4, "counterexample": 1})
    page.keyboard.press("u")
    expect(page.get_by_text("1 left")).to_be_visible()
    becomes(api, reviewed.type_id, {"uploaded": 4, "recognized": 1})
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="1 photo skipped")).to_be_visible()
    becomes(api, reviewed.type_id, {"uploaded": 4, "recognized": 1})


def test_what_was_decided_stays_decided_in_another_browser(
    api: Api, open_console: OpenConsole, reviewed: Reviewed
) -> None:
    first = open_review(open_console, reviewed, left=2)
    first.get_by_role("button", name="Yes, it is").click()
    expect(first.get_by_text("1 left")).to_be_visible()
    becomes(api, reviewed.type_id, {"uploaded": 4, "recognized": 1})
    second = open_review(open_console, reviewed, left=1)
    second.get_by_role("button", name="No", exact=True).click()
    expect(first.get_by_role("heading", name="Nothing to review")).to_be_visible()


def test_another_type_takes_the_photo(api: Api, open_console: OpenConsole, reviewed: Reviewed) -> None:
    other = reviewed.other
    page = open_review(open_console, reviewed, left=2)
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_label("Type").fill(other)
    page.get_by_role("option", name=other, exact=True).click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("1 left")).to_be_visible()
    becomes(api, other, {"uploaded": 4})
    page.keyboard.press("u")
    becomes(api, other, {"uploaded": 3})
    becomes(api, reviewed.type_id, {"uploaded": 3, "recognized": 2})


def test_the_photo_that_resembles_another_type_more_comes_first(
    api: Api, open_console: OpenConsole, reviewed: Reviewed
) -> None:
    nearest = image_key(reviewed.type_id, "0.png")
    api.s3.put_object(
        Bucket=api.stack.bucket,
        Key=image_key(reviewed.type_id, "wrong.png"),
        Body=photograph(reviewed.other_subject, 9),
        Metadata=to_metadata(Provenance(Origin.RECOGNIZED, 0.93, nearest)),
    )
    api.wait_until_built(reviewed.type_id, 6)
    page = open_review(open_console, reviewed, left=3)
    expect(page.get_by_text("appended, wrong.png")).to_be_visible()
    # Which other type that is hangs on which of them all types are known to have yet.
    expect(page.get_by_text(re.compile("It resembles .* more"))).to_be_visible()


def test_a_near_miss_is_one_by_a_person_and_waits_again_when_that_is_undone(
    api: Api, open_console: OpenConsole, new_type: str
) -> None:
    subject, other = next(SUBJECTS), next(SUBJECTS)
    put_type(api, new_type, subject=subject, photos=3)
    near = blended(subject, other, 0.35)
    asked = api.recognize(new_type, near, threshold=0, append="false").json()
    missed = api.recognize(new_type, near, threshold=asked["similarity"] + 0.01, filename="near.png").json()
    assert not missed["match"]
    page = open_console("/review")
    expect(page.get_by_role("heading", name=f"Is this {new_type}?")).to_be_visible()
    expect(page.get_by_text("nearly matched, near.png")).to_be_visible()
    expect(page.get_by_text("its score is 0.010 short")).to_be_visible()
    page.keyboard.press("y")
    becomes(api, new_type, {"uploaded": 4})
    assert api.call("GET", "/missed").json()["missed"] == []
    page.keyboard.press("u")
    becomes(api, new_type, {"uploaded": 3})
    expect(page.get_by_text("nearly matched, near.png")).to_be_visible()
