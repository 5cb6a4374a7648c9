"""`boxes.json`: where in photos the objects are, as people and labelling tools write it down."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lookalike.errors import InvalidBoxError
from lookalike.vision.boxes import Box, make_box
from lookalike_tools.photos.folders import PhotosError

BOXES_FILE = "boxes.json"

Content = TypeVar("Content")

_CORNERS = TypeAdapter(dict[str, list[float]], config=ConfigDict(strict=True))
_FORM = '{"photo.jpg": [x0, y0, x1, y1], ...}'


class PhotoBoxes(NamedTuple):
    """What `boxes.json` says of photos.

    Attributes:
        boxes: of each photo that has one.
        refused: what can't be taken, and why: photos with a wrong box, and names that no photo has.
    """

    boxes: dict[Path, Box]
    refused: dict[Path, str]


def read_photo_boxes(folder: Path, photos: Collection[Path]) -> PhotoBoxes:
    """The boxes of photos in folders for each type, from `boxes.json`.

    It lies beside the folders and names `type/photo.jpg`, or in a type's folder and names `photo.jpg`. Each
    name has `[x0, y0, x1, y1]`, in parts of the upright photo's width and height.

    Args:
        folder: holds the folders.
        photos: the photos in them.

    Raises:
        PhotosError: a file is not of this form, or two files have different boxes for a photo.
    """
    corners: dict[Path, list[float]] = {}
    for place in (folder, *sorted({photo.parent for photo in photos})):
        if not (place / BOXES_FILE).is_file():
            continue
        for name, box in read_boxes_file(place / BOXES_FILE, _CORNERS, _FORM).items():
            if corners.setdefault(place / name, box) != box:
                raise PhotosError(
                    f"{place / name} has two boxes, in {folder / BOXES_FILE} and in {place / BOXES_FILE}: "
                    "keep the right one"
                )
    boxes: dict[Path, Box] = {}
    refused: dict[Path, str] = {}
    for path, box in corners.items():
        try:
            boxes[path] = make_box(box)
        except InvalidBoxError as error:
            refused[path] = str(error)
    for path in corners.keys() - set(photos):
        refused[path] = f"{BOXES_FILE} has a box for it, but there is no such photo"
        boxes.pop(path, None)
    return PhotoBoxes(boxes, refused)


def read_boxes_file(path: Path, schema: TypeAdapter[Content], form: str) -> Content:
    """Read a `boxes.json`.

    Args:
        path: of the file.
        schema: what it holds.
        form: the same, for people.

    Raises:
        PhotosError: it can't be read, or holds something else.
    """
    try:
        return schema.validate_json(path.read_bytes())
    except OSError as error:
        raise PhotosError(f"{path} can't be read: {error.strerror}") from None
    except ValidationError as error:
        raise PhotosError(f"{path} is not of the form {form}: {_describe(error.errors()[0])}") from None


def _describe(error: Any) -> str:
    place = ", ".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])
