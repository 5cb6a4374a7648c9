"""How photos are named and boxed when people change a type."""

import pytest

from lookalike.vision.boxes import Box, square_around
from lookalike_tools.console.changes import NamedPhoto, object_in, why_no_photo
from support.photographs import photograph


def test_what_is_kept_with_a_window_is_encoded_as_it_was_seen() -> None:
    window = Box(0.2, 0.3, 0.5, 0.6)
    assert square_around(object_in(window), 1000, 1000) == pytest.approx(window)


def test_a_file_that_is_no_photo_is_named_with_the_reason() -> None:
    assert why_no_photo(NamedPhoto("nut.png", photograph(1))) is None
    assert (why_no_photo(NamedPhoto("notes.txt", b"hello")) or "").startswith("notes.txt: not an image")
