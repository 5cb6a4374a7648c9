"""People import photos with `boxes.json`, which says where in them the objects are."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from end_to_end.commands.command_line import lookalike, write_ready_file
from lookalike.keys import image_key
from support.deployed import Api, eventually
from support.photos.photographs import photograph

SHOTS = 3


@pytest.fixture
def stack(api: Api, tmp_path: Path) -> str:
    return str(write_ready_file(api, tmp_path / "ready.json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of a new type."""
    type_folder = tmp_path / "photos" / f"type-{uuid4().hex[:12]}"
    type_folder.mkdir(parents=True)
    for shot in range(SHOTS):
        (type_folder / f"{shot}.png").write_bytes(photograph(1, shot))
    return type_folder


def write_boxes(folder: Path, boxes: dict[str, list[float]]) -> None:
    (folder / "boxes.json").write_text(json.dumps(boxes))


def boxes_in_bucket(api: Api, type_id: str) -> dict[str, str | None]:
    """The box of each image, by its name; None for an image without."""
    keys = {name: image_key(type_id, name) for name in (f"{shot}.png" for shot in range(SHOTS))}
    there = api.objects()
    return {
        name: api.s3.head_object(Bucket=api.stack.bucket, Key=key)["Metadata"].get("box")
        for name, key in keys.items()
        if key in there
    }


def built_boxes(api: Api, type_id: str) -> list[list[float] | None]:
    """The boxes that the type's images were built with, in the order of their names."""
    images = api.call("GET", f"/types/{type_id}/images").json()["images"]
    return [image["box"] for image in sorted(images, key=lambda image: image["image"])]


def test_boxes_become_metadata_of_the_photos(api: Api, stack: str, folder: Path) -> None:
    write_boxes(folder.parent, {f"{folder.name}/0.png": [0.25, 0, 0.75, 0.5]})
    write_boxes(folder, {"1.png": [0.1, 0.2, 1, 1]})
    done = lookalike("import", str(folder.parent), "--stack", stack)
    assert done.returncode == 0, done.stderr
    assert "3 photos of 1 types put, 0 were there already" in done.stdout
    assert "left out" not in done.stdout
    assert boxes_in_bucket(api, folder.name) == {
        "0.png": "0.25,0,0.75,0.5",
        "1.png": "0.1,0.2,1,1",
        "2.png": None,
    }


def test_a_type_is_built_with_the_boxes(api: Api, stack: str, folder: Path) -> None:
    write_boxes(folder, {"0.png": [0, 0, 0.5, 1], "1.png": [0, 0, 1, 1]})
    lookalike("import", str(folder.parent), "--stack", stack)
    assert built_boxes(api, folder.name) == [[0, 0, 0.5, 1], [0, 0, 1, 1], None]
    write_boxes(folder, {"0.png": [0.5, 0, 1, 1]})
    lookalike("import", str(folder.parent), "--stack", stack)
    moved = [[0.5, 0, 1, 1], [0, 0, 1, 1], None]
    assert eventually(lambda: built_boxes(api, folder.name) == moved)


def test_importing_again_puts_the_photos_whose_box_has_changed(api: Api, stack: str, folder: Path) -> None:
    write_boxes(folder, {"0.png": [0, 0, 1, 1], "1.png": [0, 0, 1, 1]})
    lookalike("import", str(folder.parent), "--stack", stack)
    write_boxes(folder, {"0.png": [0, 0, 1, 1], "1.png": [0, 0, 0.5, 1], "2.png": [0.5, 0, 1, 1]})
    done = lookalike("import", str(folder.parent), "--stack", stack)
    assert "2 photos of 1 types put, 1 were there already" in done.stdout
    assert boxes_in_bucket(api, folder.name) == {
        "0.png": "0,0,1,1",
        "1.png": "0,0,0.5,1",
        "2.png": "0.5,0,1,1",
    }


def test_a_box_stays_if_the_file_says_nothing_of_its_photo(api: Api, stack: str, folder: Path) -> None:
    write_boxes(folder, {"0.png": [0, 0, 0.5, 0.5]})
    lookalike("import", str(folder.parent), "--stack", stack)
    (folder / "boxes.json").unlink()
    done = lookalike("import", str(folder.parent), "--stack", stack)
    assert "0 photos of 1 types put, 3 were there already" in done.stdout
    assert boxes_in_bucket(api, folder.name)["0.png"] == "0,0,0.5,0.5"


def test_a_photo_with_a_wrong_box_is_left_out_and_the_others_are_put(
    api: Api, stack: str, folder: Path
) -> None:
    write_boxes(folder, {"0.png": [10, 10, 20, 20], "1.png": [0, 0, 1, 1], "9.png": [0, 0, 1, 1]})
    done = lookalike("import", str(folder.parent), "--stack", stack)
    assert done.returncode == 1, done.stderr
    assert "2 photos of 1 types put" in done.stdout
    assert "0.png: the box 10,10,20,20 leaves the photo" in done.stdout
    assert "9.png: boxes.json has a box for it, but there is no such photo" in done.stdout
    assert boxes_in_bucket(api, folder.name) == {"1.png": "0,0,1,1", "2.png": None}


def test_a_file_that_cannot_be_read_stops_all_in_one_line(api: Api, stack: str, folder: Path) -> None:
    (folder / "boxes.json").write_text("{")
    done = lookalike("import", str(folder.parent), "--stack", stack)
    assert done.returncode == 2
    assert "boxes.json is not of the form" in done.stderr
    assert "Traceback" not in done.stderr
    assert not boxes_in_bucket(api, folder.name)
