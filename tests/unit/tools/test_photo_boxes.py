"""`boxes.json` beside photos says where their objects are; what can't be taken has a reason."""

import json
from pathlib import Path

import pytest

from lookalike.vision.boxes import Box
from lookalike_tools.photos.boxes import read_photo_boxes
from lookalike_tools.photos.folders import PhotosError

BOX = [0.1, 0.2, 0.5, 1]


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return [tmp_path / "nut" / "1.jpg", tmp_path / "nut" / "2.jpg", tmp_path / "bolt" / "1.jpg"]


def write(folder: Path, content: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "boxes.json").write_text(json.dumps(content))


def test_a_file_beside_the_folders_names_type_and_photo(tmp_path: Path, photos: list[Path]) -> None:
    write(tmp_path, {"nut/1.jpg": BOX, "bolt/1.jpg": [0, 0, 1, 1]})
    found = read_photo_boxes(tmp_path, photos)
    assert found.boxes == {photos[0]: Box(0.1, 0.2, 0.5, 1), photos[2]: Box(0, 0, 1, 1)}
    assert not found.refused


def test_a_file_in_a_types_folder_names_the_photo_alone(tmp_path: Path, photos: list[Path]) -> None:
    write(tmp_path / "nut", {"2.jpg": BOX})
    assert read_photo_boxes(tmp_path, photos).boxes == {photos[1]: Box(0.1, 0.2, 0.5, 1)}


def test_without_a_file_no_photo_has_a_box(tmp_path: Path, photos: list[Path]) -> None:
    assert read_photo_boxes(tmp_path, photos) == ({}, {})


@pytest.mark.parametrize(
    ("name", "box", "reason"),
    [
        ("nut/1.jpg", [0.1, 0.2, 0.5], "3 numbers instead of four"),
        ("nut/1.jpg", [10, 20, 50, 90], "these look like pixels"),
        ("nut/1.jpg", [0.5, 0.2, 0.5, 0.9], "is empty"),
        ("nut/9.jpg", BOX, "there is no such photo"),
        ("../1.jpg", BOX, "there is no such photo"),
    ],
)
def test_what_cannot_be_taken_has_a_reason(
    tmp_path: Path, photos: list[Path], name: str, box: list[float], reason: str
) -> None:
    write(tmp_path, {name: box, "bolt/1.jpg": BOX})
    found = read_photo_boxes(tmp_path, photos)
    assert list(found.boxes) == [photos[2]]
    assert list(found.refused) == [tmp_path / name]
    assert reason in found.refused[tmp_path / name]


@pytest.mark.parametrize(
    "content", [[], {"nut/1.jpg": "0,0,1,1"}, {"nut/1.jpg": ["0", 0, 1, 1]}, {"nut": {"1.jpg": BOX}}]
)
def test_another_form_is_refused_with_the_right_one(
    tmp_path: Path, photos: list[Path], content: object
) -> None:
    write(tmp_path, content)
    with pytest.raises(PhotosError, match=r'boxes.json is not of the form \{"photo.jpg": \[x0, y0, x1, y1\]'):
        read_photo_boxes(tmp_path, photos)


def test_two_boxes_of_a_photo_are_refused(tmp_path: Path, photos: list[Path]) -> None:
    write(tmp_path, {"nut/1.jpg": BOX})
    write(tmp_path / "nut", {"1.jpg": BOX})
    assert photos[0] in read_photo_boxes(tmp_path, photos).boxes
    write(tmp_path / "nut", {"1.jpg": [0, 0, 1, 1]})
    with pytest.raises(PhotosError, match="has two boxes"):
        read_photo_boxes(tmp_path, photos)
