"""A folder of whole scenes, and the boxes of the objects that they show."""

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter
from rich.console import Console

from lookalike.errors import InvalidBoxError
from lookalike.vision.boxes import Box, make_box
from lookalike_tools.photos.boxes import BOXES_FILE, read_boxes_file
from lookalike_tools.photos.folders import PhotosError

SCENES_FOLDER = "scenes"

_FORM = '{"scene.jpg": [{"type": "nut", "box": [x0, y0, x1, y1]}, ...], ...}'


class SceneObject(NamedTuple):
    """An object in a scene."""

    type_id: str
    box: Box


class Scene(NamedTuple):
    """A photo that shows several objects, one, or none."""

    path: Path
    objects: tuple[SceneObject, ...]

    def shows(self, type_id: str) -> bool:
        """Whether an object of the type is in it."""
        return any(each.type_id == type_id for each in self.objects)


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True)

    type: str
    box: list[float]


_entries = TypeAdapter(dict[str, list[_Entry]])


def read_scenes(folder: Path, console: Console) -> list[Scene]:
    """The scenes in `folder/scenes` that `folder/boxes.json` names, sorted by name; others are printed.

    Raises:
        PhotosError: either is missing, or the file has a wrong box or names a scene that is not there.
    """
    boxes_file, place = folder / BOXES_FILE, folder / SCENES_FOLDER
    if not place.is_dir() or not boxes_file.is_file():
        raise PhotosError(
            f"{folder} does not hold a folder {SCENES_FOLDER} and a file {BOXES_FILE} of the form {_FORM}"
        )
    entries = read_boxes_file(boxes_file, _entries, _FORM)
    there = {path.name for path in place.iterdir() if path.is_file() and not path.name.startswith(".")}
    if missing := sorted(entries.keys() - there):
        raise PhotosError(f"{boxes_file} names {missing[0]!r}, but there is no such file in {place}")
    for name in sorted(there - entries.keys()):
        console.print(
            f"{place / name} is left out: {BOXES_FILE} doesn't name it. [] says that a scene shows no object",
            style="yellow",
            soft_wrap=True,
            markup=False,
        )
    return [
        Scene(place / name, tuple(_read_object(boxes_file, name, entry) for entry in entries[name]))
        for name in sorted(entries)
    ]


def _read_object(boxes_file: Path, name: str, entry: _Entry) -> SceneObject:
    try:
        return SceneObject(entry.type, make_box(entry.box))
    except InvalidBoxError as error:
        raise PhotosError(f"{boxes_file}, {name!r}, {entry.type!r}: {error}") from None
