"""A threshold is a matter of dragging, and says what it means."""

import json
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import COMMAND
from browser.types_for_tests import put_type
from browser.watching import ConsoleProcess
from support.deployed import Api, eventually

OpenConsole = Callable[..., Page]


@pytest.fixture
def built_type(api: Api, new_type: str) -> str:
    put_type(api, new_type, subject=31, photos=6)
    put_type(api, f"{new_type}-other", subject=32, photos=6)
    return new_type


def test_a_higher_threshold_misses_more_and_is_used(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}/threshold")
    expect(page.get_by_text("missed in 100 photos of it (0 to")).to_be_visible()
    slider = page.get_by_role("slider", name="Threshold")
    before = slider.get_attribute("aria-valuenow")
    drag_to_the_end(page, slider)
    expect(slider).not_to_have_attribute("aria-valuenow", before or "")
    page.get_by_role("spinbutton", name="Threshold").fill("1")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    expect(page.locator(".figure-number").nth(0)).to_have_text("0")
    expect(page.locator(".figure-number").nth(1)).to_have_text("100")
    page.get_by_role("button", name="Use this threshold").click()
    expect(page.get_by_text("1.000 is its threshold now, by similarity")).to_be_visible()
    settings = api.type(built_type)["settings"]
    assert settings == {"vouch": "uploaded", "rule": "similarity", "threshold": 1}


def drag_to_the_end(page: Page, slider: Locator) -> None:
    place = slider.bounding_box()
    assert place
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"], place["y"] + place["height"] / 2, steps=5)
    page.mouse.up()


def test_at_most_one_in_a_hundred_is_what_calibrate_says(
    open_console: OpenConsole, console: ConsoleProcess, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}/threshold")

    def says_the_same() -> bool:
        page.reload()
        page.get_by_role("button", name="Probability").click()
        page.get_by_role("spinbutton", name="Threshold").fill("0.3")
        page.get_by_role("button", name="At most 1 wrong in 100").click()
        said = subprocess.run(
            [COMMAND, "calibrate", built_type, "--json", "--stack", "ready.json"],
            cwd=console.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        calibrated = json.loads(said.stdout)
        page.get_by_role("button", name=calibrated["rule"].capitalize()).click()
        (expected,) = calibrated["types"]
        threshold, missed = f"{expected['threshold']:g}", f"{(1 - expected['tar']) * 100:.0f}"
        slider = page.get_by_role("slider", name="Threshold")
        shown = slider.get_attribute("aria-valuenow"), page.locator(".figure-number").nth(1).inner_text()
        return shown == (threshold, missed)

    # Something may be learnt between the page and the command, for some seconds after types were put.
    eventually(says_the_same)


def test_a_type_that_is_not_there_is_told(open_console: OpenConsole) -> None:
    page = open_console("/types/nothing/threshold")
    expect(page.get_by_text("There is no such type")).to_be_visible()
