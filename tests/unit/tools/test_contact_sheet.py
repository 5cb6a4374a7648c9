"""A contact sheet shows each query beside what it was found nearest to, whatever their shapes and names."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from lookalike.vision.boxes import Box
from lookalike_tools.photos.contact_sheet import Row, contact_sheet

Sheet = Callable[..., Image.Image]

RED, BLUE = (200, 30, 40), (20, 50, 210)
ROW = Row(
    query=Image.new("RGB", (64, 48), RED),
    asked="washer-m8",
    nearest=Image.new("RGB", (64, 48), BLUE),
    similarity=0.93,
    threshold=0.92,
    match=True,
    appended=True,
)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    path = tmp_path_factory.mktemp("sheet") / "sheet.png"

    def draw(rows: Sequence[Row], **options: str) -> Image.Image:
        contact_sheet(rows, path, **options)
        with Image.open(path) as image:
            assert image.format == "PNG"
            return image.copy()

    return draw


def changed(first: Image.Image, second: Image.Image) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) outside of which two sheets are equal."""
    box = ImageChops.difference(first, second).getbbox()
    assert box
    return box


def area(image: Image.Image, colour: tuple[int, int, int]) -> int:
    return image.tobytes().count(bytes(colour))


def test_a_query_lies_beside_its_nearest_reference(sheet: Sheet) -> None:
    image = sheet([ROW])
    plain = sheet([replace(ROW, query=Image.new("RGB", (64, 48), BLUE))])
    left, _, right, _ = changed(image, plain)
    other = changed(image, sheet([replace(ROW, nearest=Image.new("RGB", (64, 48), RED))]))
    assert right <= other[0]
    assert right - left == other[2] - other[0]


def test_thirty_rows_fill_three_columns(sheet: Sheet) -> None:
    few, many = sheet([ROW] * 3), sheet([ROW] * 30)
    assert many.width == few.width
    assert 5 * few.height < many.height < 10 * few.height


def test_rows_are_grouped_under_their_headings(sheet: Sheet) -> None:
    rows = [replace(ROW, heading="Easy"), replace(ROW, heading="Hard"), replace(ROW, heading="Hard")]
    one, two = sheet([replace(row, heading="Easy") for row in rows]), sheet(rows)
    assert two.height > one.height


@settings(max_examples=15, deadline=None)
@given(name=st.text("abmwAMW018-._", min_size=1, max_size=64))
def test_a_name_of_any_length_stays_clear_of_the_similarity(sheet: Sheet, name: str) -> None:
    row = replace(ROW, asked=name)
    of_name = changed(sheet([row]), sheet([replace(row, asked="")]))
    of_similarity = changed(sheet([row]), sheet([replace(row, similarity=0.1)]))
    assert of_name[2] < of_similarity[0]


def test_a_long_title_stays_in_the_margins(sheet: Sheet) -> None:
    image = sheet([ROW], title="long " * 100)
    assert changed(image, sheet([ROW], title=""))[2] <= image.width - 40


@pytest.mark.parametrize("size", [(2000, 1), (1, 2000), (1, 1), (300, 900)])
def test_a_photo_of_any_shape_keeps_its_proportions_and_its_place(
    sheet: Sheet, size: tuple[int, int]
) -> None:
    blank = replace(ROW, query=Image.new("RGB", (64, 48), "white"), nearest=None)
    image = sheet([replace(blank, query=Image.new("RGB", size, RED))])
    left, top, right, bottom = changed(image, sheet([blank]))
    assert (right - left, bottom - top) == (224, 168)
    assert area(image, RED) > 0


def test_match_and_miss_differ_without_colour(sheet: Sheet) -> None:
    hit, miss = (sheet([replace(ROW, match=match, appended=False)]).convert("L") for match in (True, False))
    assert changed(
        hit.point(lambda level: 255 * (level > 160)), miss.point(lambda level: 255 * (level > 160))
    )


def test_a_box_is_drawn_where_it_is_in_the_query(sheet: Sheet) -> None:
    plain = sheet([ROW])
    left, top, right, bottom = changed(plain, sheet([replace(ROW, query=Image.new("RGB", (64, 48), BLUE))]))
    boxed = changed(plain, sheet([replace(ROW, box=Box(0.25, 0.5, 0.75, 1))]))
    quarter, half = (right - left) / 4, (bottom - top) / 2
    assert boxed == pytest.approx((left + quarter, top + half, right - quarter, bottom), abs=4)
    assert boxed[3] <= bottom


def test_where_the_probability_decides_it_stands_beside_the_similarity(sheet: Sheet) -> None:
    by_similarity = replace(ROW, threshold=None)
    likely, unlikely = (replace(by_similarity, probability=each) for each in (0.987, 0.123))
    told = changed(sheet([by_similarity]), sheet([likely]))
    of_similarity = changed(sheet([by_similarity]), sheet([replace(by_similarity, similarity=0.1)]))
    assert told[0] > of_similarity[0]
    assert changed(sheet([likely]), sheet([unlikely]))[0] >= told[0]


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(0.5, 0.5, 0.5001, 0.5001)])
def test_a_box_of_any_size_stays_within_its_photo(sheet: Sheet, box: Box) -> None:
    plain = sheet([ROW])
    photo = changed(plain, sheet([replace(ROW, query=Image.new("RGB", (64, 48), BLUE))]))
    boxed = changed(plain, sheet([replace(ROW, box=box)]))
    assert boxed[0] >= photo[0]
    assert boxed[1] >= photo[1]
    assert boxed[2] <= photo[2]
    assert boxed[3] <= photo[3]


def test_a_type_without_references_says_so(sheet: Sheet) -> None:
    image = sheet([replace(ROW, nearest=None)])
    assert area(image, BLUE) == 0


def test_a_sheet_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        contact_sheet([], tmp_path / "sheet.png")
