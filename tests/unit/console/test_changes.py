"""What people may put to a type."""

from lookalike_tools.console.stack.changes import NamedPhoto, why_no_photo
from support.photos.photographs import photograph


def test_a_file_that_is_no_photo_is_named_with_the_reason() -> None:
    assert why_no_photo(NamedPhoto("nut.png", photograph(1))) is None
    assert (why_no_photo(NamedPhoto("notes.txt", b"hello")) or "").startswith("notes.txt: not an image")
