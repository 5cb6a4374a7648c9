"""`lookalike import`."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from lookalike.errors import InvalidNameError
from lookalike.keys import image_key
from lookalike.vision.boxes import format_box
from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.api import put_json, read_type
from lookalike_tools.live.bucket.copying import copy_objects, find_copies
from lookalike_tools.live.bucket.photos import Upload, content_etag, list_etags, read_boxes, upload_photos
from lookalike_tools.live.rebuilding import wait_until_built
from lookalike_tools.live.stack import Stack, find_stack
from lookalike_tools.photos.boxes import BOXES_FILE, PhotoBoxes, read_photo_boxes
from lookalike_tools.photos.folders import TYPE_FOLDER_RULE, LeftOut, PhotosError, find_photos, print_left_out

console = Console()

S3 = "s3://"

Source = Annotated[
    str,
    typer.Argument(
        metavar="DIR|s3://BUCKET", help="Holds a folder of photos for each type; or another stack's bucket."
    ),
]


def import_(photos: Source, stack: LiveStack = "lookalike") -> None:
    """Put folders of photos into a stack, and wait until they are built; what is there already is skipped.

    From s3://BUCKET, which another stack may have left behind, photos, counterexamples and settings are
    copied within S3, with the boxes and origins that they have there.

    A folder whose name can't be a type's becomes a type of a name that comes near, with its own as the title.
    Where the object is only a part of a photo, boxes.json in DIR says which:
    {"type/photo.jpg": [x0, y0, x1, y1], ...}, in parts of the upright photo's width and height. In a type's
    folder, it names the photos alone.

    At the end stands what was not taken; the exit status is 1 if a folder or photo is among it.
    """
    live = find_stack(stack)
    if photos.startswith(S3):
        _copy_bucket(live, photos.removeprefix(S3).rstrip("/"))
    else:
        _upload_folder(live, Path(photos))


def _copy_bucket(live: Stack, bucket: str) -> None:
    copies = find_copies(live, bucket)
    for _ in track(
        copy_objects(live, bucket, copies.missing), "copying", total=len(copies.missing), console=console
    ):
        pass
    _wait_until_built(live, copies.type_ids)
    console.print(
        f"{len(copies.missing)} photos and settings of {len(copies.type_ids)} types copied, "
        f"{copies.there} were there already."
    )
    if _print_rejected(live, copies.type_ids):
        raise typer.Exit(1)


def _upload_folder(live: Stack, photos: Path) -> None:
    found = find_photos(photos)
    if not found.photos:
        print_left_out(console, found.left_out)
        raise PhotosError(
            f"{photos} holds no photos: give a folder that holds a folder for each type. {TYPE_FOLDER_RULE}"
        )
    boxes = read_photo_boxes(photos, [path for paths in found.photos.values() for path in paths])
    uploads, refused = _name_uploads(found.photos, boxes)
    missing = _find_missing(live, list(found.photos), uploads)
    for _ in track(upload_photos(live, missing), "uploading photos", total=len(missing), console=console):
        pass
    _wait_until_built(live, found.photos)
    for type_id, title in found.titles.items():
        _keep_title(live, type_id, title)
    console.print(
        f"{len(missing)} photos of {len(found.photos)} types put, "
        f"{len(uploads) - len(missing)} were there already."
    )
    others = [each for each in found.left_out if Path(each.what).name != BOXES_FILE]
    asked_for = print_left_out(console, [*others, *refused])
    rejected = _print_rejected(live, found.photos)
    if asked_for or rejected:
        raise typer.Exit(1)


def _wait_until_built(live: Stack, type_ids: Collection[str]) -> None:
    for _ in track(wait_until_built(live, type_ids), "building", total=len(type_ids), console=console):
        pass


def _print_rejected(live: Stack, type_ids: Collection[str]) -> bool:
    """Say which images can't be encoded; whether there are any."""
    rejected = [entry for type_id in type_ids for entry in read_type(live, type_id)["rejected"]]
    for entry in rejected:
        console.print(f"rejected: {entry['image']}: {entry['reason']}", style="yellow", soft_wrap=True)
    return bool(rejected)


def _name_uploads(found: dict[str, list[Path]], boxes: PhotoBoxes) -> tuple[list[Upload], list[LeftOut]]:
    """An upload for each photo; and those whose names can't be keys, or whose boxes can't be theirs."""
    uploads, refused = [], [LeftOut(path, reason) for path, reason in sorted(boxes.refused.items())]
    for type_id, path in ((type_id, path) for type_id, paths in found.items() for path in paths):
        if path in boxes.refused:
            continue
        try:
            uploads.append(Upload(image_key(type_id, path.name), path, boxes.boxes.get(path)))
        except InvalidNameError as error:
            refused.append(LeftOut(path, str(error)))
    return uploads, refused


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


def _keep_title(stack: Stack, type_id: str, title: str) -> None:
    """Write a type's title, unless it has one; its other settings stay."""
    console.print(f"{title!r} is the type {type_id}.", soft_wrap=True, markup=False)
    state = read_type(stack, type_id)
    if state["notice"]:
        # Writing would drop what nobody has put right yet.
        console.print(
            f"Its title is not kept: {state['notice']}", style="yellow", soft_wrap=True, markup=False
        )
    elif "title" not in state["settings"]:
        put_json(stack, f"/types/{type_id}/settings", state["settings"] | {"title": title})
