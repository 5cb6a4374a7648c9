"""Folders of photos become types, and nothing in them is skipped in silence."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lookalike.keys import is_type_id
from lookalike_tools.photos.folders import PhotosError, find_photos, offer_type_id, print_left_out
from support.photos.photographs import photograph


def put_photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(photograph(1))
    return path


def reasons(folder: Path) -> dict[str, str]:
    return {str(Path(each.what).relative_to(folder)): each.reason for each in find_photos(folder).left_out}


@pytest.mark.parametrize(
    ("name", "type_id"),
    [
        ("hard hats", "hard-hats"),
        ("Écrous à six pans", "Ecrous-a-six-pans"),
        ("M8 (steel)", "M8-steel"),
        ("_drafts", "drafts"),
        ("x" * 80, "x" * 64),
        ("螺丝", None),
        ("...", None),
    ],
)
def test_a_name_that_no_type_can_have_is_offered_the_nearest_one(name: str, type_id: str | None) -> None:
    assert offer_type_id(name) == type_id


@given(st.text())
def test_whatever_is_offered_is_a_types_name(name: str) -> None:
    offered = offer_type_id(name)
    assert offered is None or is_type_id(offered)


@given(st.from_regex(r"[A-Za-z0-9]{1,20}([._-][A-Za-z0-9]{1,20}){0,2}", fullmatch=True))
def test_a_types_name_is_offered_itself(name: str) -> None:
    assert offer_type_id(name) == name


def test_a_folder_with_a_space_is_taken_and_keeps_its_name_as_title(tmp_path: Path) -> None:
    photo = put_photo(tmp_path / "hard hats" / "1.png")
    found = find_photos(tmp_path)
    assert found.photos == {"hard-hats": [photo]}
    assert found.titles == {"hard-hats": "hard hats"}
    assert found.left_out == []


def test_two_folders_for_one_type_are_not_mixed_and_the_types_own_comes_first(tmp_path: Path) -> None:
    own = put_photo(tmp_path / "hard-hats" / "1.png")
    put_photo(tmp_path / "hard hats" / "2.png")
    found = find_photos(tmp_path)
    assert (found.photos, found.titles) == ({"hard-hats": [own]}, {})
    assert reasons(tmp_path)["hard hats"].startswith("it would be the type hard-hats")


def test_all_that_is_not_taken_is_told_with_its_reason(tmp_path: Path) -> None:
    put_photo(tmp_path / "nuts" / "1.png")
    put_photo(tmp_path / "nuts" / "more" / "2.png")
    put_photo(tmp_path / "螺丝" / "1.png")
    put_photo(tmp_path / "loose.png")
    (tmp_path / "nuts" / "raw.jpg").write_bytes(b"no photo")
    (tmp_path / "nuts" / ".hidden").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    told = reasons(tmp_path)
    assert told.keys() == {"nuts/more", "nuts/raw.jpg", "螺丝", "loose.png", "empty"}
    assert "move its photos up" in told["nuts/more"]
    assert "not an image in a format we read" in told["nuts/raw.jpg"]
    assert "rename the folder" in told["螺丝"]
    assert "no type's folder" in told["loose.png"]
    assert told["empty"] == "no photos in it"


def test_a_text_beside_the_photos_is_told_of_but_was_not_asked_for(tmp_path: Path) -> None:
    put_photo(tmp_path / "nuts" / "1.png")
    (tmp_path / "nuts" / "notes.txt").write_text("no photo")
    told = io.StringIO()
    console = Console(file=told, width=20)
    left_out = find_photos(tmp_path).left_out
    assert print_left_out(console, left_out) is False
    assert "notes.txt: not an image" in told.getvalue()
    (tmp_path / "nuts" / "raw.jpg").write_text("no photo")
    assert print_left_out(console, find_photos(tmp_path).left_out) is True


def test_what_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PhotosError, match="is no folder"):
        find_photos(tmp_path / "missing")
