import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import InvalidBoxError
from lookalike.vision.boxes import Box, format_box, make_box, object_in_square, parse_box, square_around

PAIRS = (
    st.tuples(st.floats(0, 1), st.floats(0, 1))
    .map(sorted)
    .filter(lambda pair: round(pair[0], 6) < round(pair[1], 6))
)
BOXES = st.builds(lambda x, y: make_box([x[0], y[0], x[1], y[1]]), PAIRS, PAIRS)


def test_a_box_is_four_parts_of_the_photo() -> None:
    assert parse_box("0.1, 0.25,.5,1") == Box(0.1, 0.25, 0.5, 1)


@given(BOXES)
def test_a_box_is_written_as_it_is_read(box: Box) -> None:
    assert parse_box(format_box(box)) == box
    assert all(len(number.partition(".")[2]) <= 6 for number in format_box(box).split(","))


@given(st.text(max_size=300))
def test_any_text_is_a_box_or_an_error_for_people(text: str) -> None:
    try:
        box = parse_box(text)
    except InvalidBoxError as error:
        assert "x0" in str(error) and len(str(error)) < 300
    else:
        assert 0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not four numbers"),
        ("0.1,0.2,0.3", "not four numbers"),
        ("0.1,0.2,0.3,0.4,0.5", "not four numbers"),
        ("0.1,0.2,0.3,nan", "not four numbers"),
        ("0.1,0.2,0.3,1_0", "not four numbers"),
        ("0.1;0.2;0.3;0.4", "not four numbers"),
        ("0.1,0.2,0.3,1.2", "leaves the photo"),
        ("-0.1,0.2,0.3,0.4", "leaves the photo"),
        ("0,0,1e999,1", "leaves the photo"),
        ("120,80,400,300", "from 0 to 1; these look like pixels: divide x by the width and y by the height$"),
        ("0,0,1,2.5", "look like pixels"),
        ("0,0,1,2", "from 0 to 1$"),
        ("-1,0,1,1", "from 0 to 1$"),
        ("0,0,1e999,3", "from 0 to 1$"),
        ("0.5,0.2,0.3,0.4", "the box 0.5,0.2,0.3,0.4 is empty"),
        ("0.1,0.2,0.3,0.2", "is empty"),
        ("0.2,0.2,0.2000001,0.4", "is empty"),
    ],
)
def test_a_wrong_box_is_explained(text: str, told: str) -> None:
    with pytest.raises(InvalidBoxError, match=told):
        parse_box(text)


@given(BOXES, st.integers(1, 9000), st.integers(1, 9000), st.floats(1, 4))
def test_the_square_around_a_box_is_a_square_within_the_photo(
    box: Box, width: int, height: int, margin: float
) -> None:
    square = square_around(box, width, height, margin)
    left, top, right, bottom = square.pixels(width, height)
    assert right - left == pytest.approx(bottom - top, abs=1e-6)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    longer = max((box.x1 - box.x0) * width, (box.y1 - box.y0) * height)
    assert right - left == pytest.approx(min(margin * longer, width, height), abs=1e-6)


@given(BOXES, st.integers(100, 4000), st.integers(100, 4000))
def test_the_square_holds_the_middle_of_the_box(box: Box, width: int, height: int) -> None:
    x, y = box.middle
    square = square_around(box, width, height)
    assert square.x0 - 1e-9 <= x <= square.x1 + 1e-9
    assert square.y0 - 1e-9 <= y <= square.y1 + 1e-9


def test_a_box_of_more_numbers_is_shown_in_part() -> None:
    with pytest.raises(InvalidBoxError, match=r"the box 0\.1,0\.1,0\.1,0\.1,0\.1 has 7 numbers"):
        make_box([0.1] * 7)


def test_a_long_text_is_no_box() -> None:
    assert parse_box("0,0,1,1".ljust(200)) == Box(0, 0, 1, 1)
    with pytest.raises(InvalidBoxError):
        parse_box("0,0,1,1".ljust(201))


def test_a_text_that_is_no_box_is_shown_as_far_as_it_fits_a_line() -> None:
    for length, shown in ((60, "x" * 60), (61, "x" * 60 + "...")):
        with pytest.raises(InvalidBoxError, match=f"the box '{shown}' is not"):
            parse_box("x" * length)


def test_a_negative_zero_is_written_as_zero() -> None:
    assert format_box(parse_box("-0.0,-0,0.5,1")) == "0,0,0.5,1"


@pytest.mark.parametrize(
    ("point", "held"),
    [((0.2, 0.3), True), ((0.4, 0.5), True), ((0.1, 0.4), False), ((0.3, 0.6), False), ((0.5, 0.4), False)],
)
def test_a_box_holds_what_lies_in_it_or_on_its_border(point: tuple[float, float], held: bool) -> None:
    assert Box(0.2, 0.3, 0.4, 0.5).holds(point) is held


def test_the_object_in_a_square_is_what_the_square_is_around() -> None:
    box = Box(0.3, 0.5, 0.5, 0.8)
    square = square_around(box, 1200, 800)
    found = object_in_square(square)
    assert found.middle == pytest.approx(box.middle, abs=1e-6)
    # Its longer side is the box's: squares don't tell the shorter one.
    assert (found.x1 - found.x0, found.y1 - found.y0) == pytest.approx((0.2, 0.3), abs=1e-5)
