"""A type's page shows what does harm, and each mistake is put right from there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.types_for_tests import drop, put_type
from lookalike_tools.live.bucket.encodings import read_encodings
from support.deployed import Api, eventually
from support.photos.photographs import photograph

OpenConsole = Callable[..., Page]


@pytest.fixture
def built_type(api: Api, new_type: str) -> str:
    """A type of six photos."""
    put_type(api, new_type, subject=21, photos=6)
    return new_type


def names(api: Api, type_id: str) -> list[str]:
    answer = api.call("GET", f"/types/{type_id}/images").json()
    return [image["name"] for image in answer.get("images", [])]


def photos(page: Page) -> Locator:
    return page.get_by_role("option")


def photo(page: Page, name: str) -> Locator:
    return photos(page).filter(has_text=name)


def test_each_photo_has_its_similarity_to_the_nearest_other(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}")
    (encodings,) = read_encodings(api.stack, [built_type])
    assert encodings is not None
    among = encodings.matrix @ encodings.matrix.T
    for index, row in enumerate(encodings.rows):
        nearest = max(among[index][other] for other in range(len(among)) if other != index)
        expect(photo(page, row.image.rpartition("/")[2])).to_contain_text(f"{nearest:.3f}")


def test_a_photo_that_resembles_another_type_more_comes_first_with_a_mark(
    api: Api, open_console: OpenConsole, new_type: str
) -> None:
    other = f"{new_type}-other"
    put_type(api, other, subject=23, photos=5)
    api.upload(new_type, "stray.png", photograph(23, 9))
    for shot in range(5):
        api.upload(new_type, f"{shot}.png", photograph(22, shot))
    api.wait_until_built(new_type, 6)
    page = open_console(f"/types/{new_type}")
    expect(photos(page).first).to_contain_text("stray.png")
    expect(photos(page).first).to_contain_text(f"like {other}")
    page.get_by_role("button", name="Doubtful").click()
    expect(photos(page)).to_have_count(1)


def test_several_photos_are_chosen_with_shift_and_removed_and_come_back(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}")
    photos(page).nth(1).click()
    photos(page).nth(3).click(modifiers=["Shift"])
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("3 photos removed")).to_be_visible()
    expect(photos(page)).to_have_count(3)
    assert len(names(api, built_type)) == 3
    page.get_by_role("button", name="Undo").click()
    expect(photos(page)).to_have_count(6)
    api.wait_until_built(built_type, 6)


def test_photos_move_to_another_type(api: Api, open_console: OpenConsole, built_type: str) -> None:
    other = f"{built_type}-other"
    put_type(api, other, subject=24, photos=1)
    page = open_console(f"/types/{built_type}")
    photo(page, "5.png").click()
    page.get_by_role("button", name="Move", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type").fill(other)
    page.get_by_role("option", name=other, exact=True).click()
    dialog.get_by_role("button", name="Go on").click()
    expect(photos(page)).to_have_count(5)
    assert names(api, other) == ["0.png", "5.png"]


def test_photos_are_marked_as_not_one_by_a_key(api: Api, open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/types/{built_type}")
    photo(page, "5.png").click()
    page.get_by_role("listbox").press("n")
    expect(page.get_by_text("5 uploaded, 1 not one")).to_be_visible()
    expect(photos(page)).to_have_count(5)
    page.get_by_role("button", name="Not one", exact=True).first.click()
    expect(photos(page)).to_have_count(1)
    listed = api.call("GET", f"/types/{built_type}/counterexamples").json()["images"]
    assert [each["name"] for each in listed] == ["5.png"]
    key = f"types/{built_type}/counterexamples/5.png"
    assert api.s3.head_object(Bucket=api.stack.bucket, Key=key)["Metadata"]["verdict"] == "is_not"


def test_a_box_is_drawn_where_the_object_is(api: Api, open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/types/{built_type}")
    photo(page, "0.png").dblclick()
    picture = page.get_by_role("dialog").locator(".drawable img")
    picture.wait_for()
    page.get_by_role("dialog").locator(".drawable svg path").wait_for(state="attached")
    move(page, picture, 0.25, 0.25)
    page.mouse.down()
    move(page, picture, 0.5, 0.6)
    move(page, picture, 0.75, 0.75)
    page.mouse.up()
    expect(page.get_by_label("Left")).to_have_value("25")
    expect(page.get_by_label("Bottom")).to_have_value("75")
    page.get_by_role("button", name="Save", exact=True).click()
    assert eventually(lambda: box_of(api, built_type, "0.png")) == pytest.approx(
        [0.25, 0.25, 0.75, 0.75], abs=0.01
    )


def test_a_box_is_typed_without_a_mouse(api: Api, open_console: OpenConsole, built_type: str) -> None:
    page = open_console(f"/types/{built_type}")
    photos(page).first.wait_for()
    page.get_by_role("listbox").focus()
    first = photos(page).first.inner_text().split()[-1]
    page.keyboard.press("Enter")
    for edge, percent in (("Left", "10"), ("Top", "20"), ("Right", "60"), ("Bottom", "90")):
        page.get_by_label(edge).fill(percent)
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    assert eventually(lambda: box_of(api, built_type, first)) == [0.1, 0.2, 0.6, 0.9]


def move(page: Page, picture: Locator, x: float, y: float) -> None:
    """Move the mouse to a part of a picture's width and height, once the picture rests."""
    picture.hover(trial=True)
    place = picture.bounding_box()
    assert place
    page.mouse.move(place["x"] + x * place["width"], place["y"] + y * place["height"], steps=4)


def box_of(api: Api, type_id: str, name: str) -> list[float] | None:
    images = api.call("GET", f"/types/{type_id}/images").json()["images"]
    box: list[float] | None = next(image["box"] for image in images if image["name"] == name)
    return box


def test_a_photo_that_can_not_be_read_is_told_with_its_reason_and_removed(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}")
    api.upload(built_type, "broken.png", photograph(21)[:60])
    expect(page.get_by_role("heading", name="1 photo can't be read")).to_be_visible()
    expect(page.get_by_text("it is damaged or incomplete")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("it is damaged or incomplete")).to_have_count(0)
    assert "broken.png" not in names(api, built_type)


def test_more_photos_are_dropped_on_it_and_none_over_another(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}")
    photos(page).first.wait_for()
    drop(page, [("0.png", photograph(21, 7)), ("7.png", photograph(21, 8))])
    expect(photos(page)).to_have_count(8)
    assert {"0.png", "7.png"} < set(names(api, built_type))
    assert api.s3.get_object(Bucket=api.stack.bucket, Key=f"types/{built_type}/images/0.png")[
        "Body"
    ].read() == (photograph(21, 0))


def test_settings_are_saved_and_a_wrong_one_is_told(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}")
    page.get_by_label("Title").fill("Hex nut, M8")
    page.get_by_label("Threshold, 0 to 1").fill("0.9")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("heading", name="Hex nut, M8")).to_be_visible()
    assert api.type(built_type)["settings"] == {"title": "Hex nut, M8", "threshold": 0.9}


def test_settings_that_others_change_meanwhile_stay(
    api: Api, open_console: OpenConsole, built_type: str
) -> None:
    page = open_console(f"/types/{built_type}")
    page.get_by_label("Title").fill("Hex nut, M8")
    api.call("PUT", f"/types/{built_type}/settings", json={"threshold": 0.5, "look": "anywhere"})
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("heading", name="Hex nut, M8")).to_be_visible()
    expected = {"title": "Hex nut, M8", "threshold": 0.5, "look": "anywhere"}
    assert api.type(built_type)["settings"] == expected


def test_a_second_browser_sees_what_the_first_one_does(open_console: OpenConsole, built_type: str) -> None:
    first, second = (open_console(f"/types/{built_type}") for _ in range(2))
    expect(photos(second)).to_have_count(6)
    photo(first, "0.png").click()
    first.get_by_role("button", name="Remove").click()
    expect(photos(second)).to_have_count(5)
    drop(second, [("new.png", photograph(21, 9))])
    expect(photo(first, "new.png")).to_be_visible()


def test_what_somebody_else_has_removed_is_not_chosen_any_more(
    open_console: OpenConsole, built_type: str
) -> None:
    first, second = (open_console(f"/types/{built_type}") for _ in range(2))
    for page in (first, second):
        photo(page, "0.png").click()
    first.get_by_role("button", name="Remove").click()
    expect(photos(first)).to_have_count(5)
    expect(photos(second)).to_have_count(5)
    expect(second.get_by_role("button", name="Remove")).to_have_count(0)
