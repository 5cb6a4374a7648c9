"""Every page, wide and narrow, light and dark: for those who don't see it, and without a mouse."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.types_for_tests import drop, put_type
from browser.watching import NARROW, WIDE
from support.deployed import Api
from support.photos.photographs import photograph

OpenConsole = Callable[..., Page]
PAGES = {
    "types": ("/", ".tile"),
    "type": ("/types/looks", ".tile img"),
    "threshold": ("/types/looks/threshold", ".figure-number"),
    "try": ("/try?of=looks", ".drop"),
    "review": ("/review", ".pair img, .empty"),
}


@pytest.fixture(scope="module", autouse=True)
def looks(api: Api) -> None:
    put_type(api, "looks", subject=51, photos=6)
    put_type(api, "looks-other", subject=52, photos=2)
    api.upload("looks", "broken.png", photograph(51)[:60])


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_has_nothing_serious_against_it(
    open_console: OpenConsole, name: str, scheme: Literal["light", "dark"], size: tuple[int, int]
) -> None:
    path, sign = PAGES[name]
    page = open_console(path, size=size, scheme=scheme)
    page.locator(sign).first.wait_for()
    if name == "try":
        drop(page, [("bench.png", photograph(51, 9))])
        page.locator("figure img").first.wait_for()
    assert serious(page) == []
    overhang = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overhang <= 0, "the page is wider than the window"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_dialogs_have_nothing_serious_against_them(open_console: OpenConsole, size: tuple[int, int]) -> None:
    page = open_console("/types/looks", size=size)
    page.get_by_role("option").first.dblclick()
    page.get_by_role("dialog").locator("svg path").wait_for(state="attached")
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("listbox").focus()
    page.keyboard.press("Space")
    page.keyboard.press("m")
    page.get_by_role("dialog").get_by_label("Type").wait_for()
    assert serious(page) == []


def serious(page: Page) -> list[str]:
    """What axe finds against a page, of the levels A and AA, and serious or critical."""
    # Colours are compared as they are once nothing moves any more.
    expect(page.locator("[class*=-enter-active]")).to_have_count(0)
    page.evaluate("Promise.all(document.getAnimations().map(each => each.finished.catch(() => null)))")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def test_photos_are_chosen_and_removed_by_keyboard_alone(
    api: Api, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=53, photos=6)
    page = open_console()
    tab_to(page, "document.activeElement.getAttribute('aria-label') === 'Search'")
    page.keyboard.type(new_type)
    page.get_by_role("listitem").filter(has_text=new_type).wait_for()
    tab_to(page, f"document.activeElement.getAttribute('href') === '/types/{new_type}'")
    page.keyboard.press("Enter")
    page.get_by_role("option").first.wait_for()
    tab_to(page, "document.activeElement.getAttribute('role') === 'listbox'")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("3 chosen")).not_to_be_visible()
    page.keyboard.press("End")
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(page.get_by_role("option")).to_have_count(5)
    page.keyboard.press("Control+a")
    expect(page.get_by_text("5 chosen")).to_be_visible()


def tab_to(page: Page, there: str) -> None:
    """Press Tab until an expression of JavaScript says that the focus is there."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(there):
            return
    raise AssertionError("the Tab key doesn't lead there")


def test_it_turns_dark_by_a_button(open_console: OpenConsole) -> None:
    page = open_console()
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("body.body--dark")).to_have_count(1)
