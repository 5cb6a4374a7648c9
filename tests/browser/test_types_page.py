"""The page of all types shows what there is, and takes a new one."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browser.types_for_tests import drop, find_type, put_type
from support.deployed import Api, eventually
from support.photos.photographs import photograph

OpenConsole = Callable[..., Page]


def test_a_type_shows_pictures_counts_and_how_it_is(
    api: Api, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=11, photos=6)
    page = open_console()
    tile = find_type(page, new_type)
    expect(tile).to_contain_text("6 uploaded")
    expect(tile).to_contain_text("ready")
    expect(tile.locator("img")).to_have_count(4)
    eventually(lambda: all(tile.locator("img").evaluate_all("images => images.map(i => i.naturalWidth)")))


def test_few_photos_ask_for_more_angles(api: Api, open_console: OpenConsole, new_type: str) -> None:
    put_type(api, new_type, subject=12, photos=2)
    page = open_console()
    expect(find_type(page, new_type)).to_contain_text("2 photos: add angles")


def test_searching_shows_only_what_has_the_words(api: Api, open_console: OpenConsole, new_type: str) -> None:
    put_type(api, new_type, subject=13, photos=1)
    put_type(api, f"{new_type}-other", subject=14, photos=1)
    page = open_console()
    expect(find_type(page, new_type)).to_have_count(2)
    page.get_by_label("Search").fill(f"{new_type}-o")
    expect(page.get_by_role("listitem")).to_have_count(1)


def test_photos_that_are_dropped_become_a_type(api: Api, open_console: OpenConsole, new_type: str) -> None:
    page = open_console()
    drop(page, [(f"{shot}.png", photograph(15, shot)) for shot in range(5)])
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("5 photos of it are here")
    dialog.get_by_label("What is it called?").fill(f"{new_type} m8")
    expect(dialog).to_contain_text(f"It becomes the type {new_type}-m8")
    dialog.get_by_role("button", name="Add").click()
    expect(page.get_by_text(f"{new_type} m8 is built")).to_be_visible()
    assert api.type(f"{new_type}-m8")["origins"]["uploaded"] == 5
    assert api.type(f"{new_type}-m8")["settings"]["title"] == f"{new_type} m8"
    expect(find_type(page, f"{new_type} m8")).to_contain_text("5 uploaded")


def test_a_file_that_is_no_photo_is_told(open_console: OpenConsole) -> None:
    page = open_console()
    drop(page, [("notes.txt", b"hello")])
    expect(page.get_by_text("notes.txt: not an image in a format we read")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
