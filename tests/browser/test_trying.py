"""A photo is tried: what is said of it, why, and what is right."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.types_for_tests import drop, put_type
from support.deployed import Api, eventually
from support.photos.photographs import photograph

OpenConsole = Callable[..., Page]

_PASTE = """(data) => {
    const pasted = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    pasted.items.add(new File([bytes], 'pasted.png', {type: 'image/png'}));
    document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: pasted, bubbles: true}));
}"""


@pytest.fixture
def built_type(api: Api, new_type: str) -> str:
    put_type(api, new_type, subject=41, photos=3)
    put_type(api, f"{new_type}-other", subject=42, photos=3)
    return new_type


def test_a_photo_of_a_type_is_one_with_its_nearest_references(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/try?of={built_type}")
    drop(page, [("bench.png", photograph(41, 7))])
    expect(page.get_by_role("heading", name=f"Yes, it is {built_type}")).to_be_visible()
    said = api.recognize(built_type, photograph(41, 7), append="false", threshold=0.92).json()
    expect(page.get_by_role("meter", name="Score")).to_have_attribute("aria-valuenow", f"{said['score']:.4f}")
    expect(
        page.get_by_text(f"Its nearest reference is {said['score']:.3f} alike; more than 0.92 counts")
    ).to_be_visible()
    figures = page.locator("figcaption")
    expect(figures).to_have_text([f"{each['similarity']:.3f}" for each in said["nearest"]])
    eventually(
        lambda: all(page.locator("figure img").evaluate_all("images => images.map(i => i.naturalWidth)"))
    )
    assert api.type(built_type)["images"] == 3


def test_a_photo_of_something_else_is_not_and_joins_what_it_is(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    other = f"{built_type}-other"
    page = open_console(f"/try?of={built_type}")
    drop(page, [("bench.png", photograph(42, 7))])
    expect(page.get_by_role("heading", name=f"No, not {built_type}")).to_be_visible()
    page.get_by_role("button", name="It is another").click()
    page.get_by_role("dialog").get_by_label("Type").fill(other)
    page.get_by_role("option", name=other, exact=True).click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"The photo is one of {other}'s now")).to_be_visible()
    api.wait_until_built(other, 4)


def test_a_photo_is_one_by_a_person(api: Api, open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/try?of={built_type}")
    drop(page, [("bench.png", photograph(43, 7))])
    page.get_by_role("button", name=f"It is {built_type}", exact=True).click()
    expect(page.get_by_text(f"The photo is one of {built_type}'s now")).to_be_visible()
    assert api.wait_until_built(built_type, 4)["origins"]["uploaded"] == 4


def test_a_photo_is_not_one_by_a_person_and_does_not_match_again(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/try?of={built_type}")
    drop(page, [("bench.png", photograph(41, 7))])
    page.get_by_role("button", name=f"It is not {built_type}").click()
    expect(page.get_by_text(f"The photo is counted as not one of {built_type}'s now")).to_be_visible()
    eventually(lambda: api.type(built_type)["counterexamples"] == 1 and api.type(built_type)["up_to_date"])
    drop(page, [("bench.png", photograph(41, 7))])
    expect(page.get_by_role("heading", name=f"No, not {built_type}")).to_be_visible()
    expect(page.get_by_text("It resembles a photo that shows none of it by 1.000.")).to_be_visible()


@pytest.mark.usefixtures("built_type")
def test_a_pasted_photo_is_tried_against_all_types(open_console: OpenConsole) -> None:
    page = open_console("/try")
    page.locator(".drop").wait_for()
    expect(page.get_by_label("Against")).to_have_value("all types")
    page.evaluate(_PASTE, b64encode(photograph(41, 8)).decode())
    expect(page.get_by_role("heading", name="Yes, it is")).to_be_visible()
    expect(page.get_by_role("heading", name="What else was near")).to_be_visible()


def test_a_photo_is_taken_with_the_camera(open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/try?of={built_type}")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_label("What the camera sees")).to_have_js_property("readyState", 4)
    page.get_by_role("button", name="Take the photo").click()
    expect(page.get_by_role("heading", name=f"No, not {built_type}")).to_be_visible()
    expect(page.get_by_label("What the camera sees")).to_have_count(0)


def test_that_there_is_no_camera_is_told(open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/try?of={built_type}")
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException()); }")
    page.get_by_role("button", name="Use the camera").click()
    expect(
        page.get_by_text("There is no camera, or the browser does not let this page use it")
    ).to_be_visible()


def test_why_a_photo_can_not_be_tried_is_told(open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/try?of={built_type}")
    drop(page, [("broken.png", photograph(41)[:80])])
    expect(page.get_by_text("it is damaged or incomplete")).to_be_visible()
