"""`lookalike import`."""

from pathlib import Path

from rich.console import Console
from rich.progress import track

from lookalike.errors import InvalidNameError
from lookalike.keys import image_key
from lookalike.vision.boxes import format_box
from lookalike_tools.commands.options import LiveStack, PhotosFolder
from lookalike_tools.live.api import read_type
from lookalike_tools.live.photos import Upload, content_etag, list_etags, read_boxes, upload_photos
from lookalike_tools.live.rebuilding import wait_until_built
from lookalike_tools.live.stack import Stack, find_stack
from lookalike_tools.photos.boxes import BOXES_FILE, PhotoBoxes, read_photo_boxes
from lookalike_tools.photos.folders import TYPE_FOLDER_RULE, PhotosError, find_photos

console = Console()


def import_(photos: PhotosFolder, stack: LiveStack = "lookalike") -> None:
    """Put folders of photos into a stack, and wait until they are built; what is there already is skipped.

    Where the object is only a part of a photo, boxes.json in DIR says which:
    {"type/photo.jpg": [x0, y0, x1, y1], ...}, in parts of the upright photo's width and height. In a type's
    folder, it names the photos alone.
    """
    live = find_stack(stack)
    found = find_photos(photos)
    if not found:
        raise PhotosError(
            f"{photos} holds no photos: give a folder that holds a folder for each type. {TYPE_FOLDER_RULE}"
        )
    boxes = read_photo_boxes(photos, [path for paths in found.values() for path in paths])
    for path, reason in sorted(boxes.refused.items()):
        _print_left_out(path, reason)
    named = _name_uploads(found, boxes)
    uploads = [upload for each in named.values() for upload in each]
    missing = _find_missing(live, list(named), uploads)
    for _ in track(upload_photos(live, missing), "uploading photos", total=len(missing), console=console):
        pass
    for _ in track(wait_until_built(live, named), "building", total=len(named), console=console):
        pass
    _print_other_files(photos, found)
    console.print(
        f"{len(missing)} photos of {len(named)} types put, {len(uploads) - len(missing)} were there already."
    )
    for entry in (entry for type_id in named for entry in read_type(live, type_id)["rejected"]):
        console.print(f"rejected: {entry['image']}: {entry['reason']}", style="yellow", soft_wrap=True)


def _name_uploads(found: dict[str, list[Path]], boxes: PhotoBoxes) -> dict[str, list[Upload]]:
    """Uploads of each type that has any; photos whose names can't be keys are printed and left out."""
    named: dict[str, list[Upload]] = {}
    for type_id, path in ((type_id, path) for type_id, paths in found.items() for path in paths):
        if path in boxes.refused:
            continue
        try:
            upload = Upload(image_key(type_id, path.name), path, boxes.boxes.get(path))
        except InvalidNameError as error:
            _print_left_out(path, str(error))
        else:
            named.setdefault(type_id, []).append(upload)
    return named


def _find_missing(stack: Stack, type_ids: list[str], uploads: list[Upload]) -> list[Upload]:
    """The uploads that the bucket does not hold with the same bytes, and the same box if they have one."""
    etags: dict[str, str] = {}
    listed = list_etags(stack, type_ids)
    for listing in track(listed, "looking what is there", total=len(type_ids), console=console):
        etags |= listing
    same = [upload for upload in uploads if etags.get(upload.key) == content_etag(upload.read())]
    boxes = read_boxes(stack, [upload.key for upload in same if upload.box])
    there = {
        upload.key for upload in same if not upload.box or boxes.get(upload.key) == format_box(upload.box)
    }
    return [upload for upload in uploads if upload.key not in there]


def _print_other_files(folder: Path, found: dict[str, list[Path]]) -> None:
    for type_id, photos in found.items():
        files = (path for path in (folder / type_id).iterdir() if path.is_file())
        for path in sorted({path for path in files if not path.name.startswith(".")} - set(photos)):
            if path.name != BOXES_FILE:
                _print_left_out(path, "not an image in a format we read")


def _print_left_out(path: Path, reason: str) -> None:
    console.print(f"left out: {path}: {reason}", style="yellow", soft_wrap=True)
