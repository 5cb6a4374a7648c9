"""`lookalike import`."""

from pathlib import Path

from rich.console import Console
from rich.progress import track

from lookalike.errors import InvalidNameError
from lookalike.keys import image_key
from lookalike_tools.commands.options import LiveStack, PhotosFolder
from lookalike_tools.live.api import read_type
from lookalike_tools.live.photos import Upload, content_etag, list_etags, upload_photos
from lookalike_tools.live.rebuilding import wait_until_built
from lookalike_tools.live.stack import Stack, find_stack
from lookalike_tools.photos.folders import TYPE_FOLDER_RULE, PhotosError, find_photos

console = Console()


def import_(photos: PhotosFolder, stack: LiveStack = "lookalike") -> None:
    """Put folders of photos into a stack, and wait until they are built; what is there already is skipped."""
    live = find_stack(stack)
    found = find_photos(photos)
    if not found:
        raise PhotosError(
            f"{photos} holds no photos: give a folder that holds a folder for each type. {TYPE_FOLDER_RULE}"
        )
    uploads = _name_uploads(found)
    missing = _find_missing(live, list(found), uploads)
    for _ in track(upload_photos(live, missing), "uploading photos", total=len(missing), console=console):
        pass
    for _ in track(wait_until_built(live, found), "building", total=len(found), console=console):
        pass
    _print_other_files(photos, found)
    console.print(
        f"{len(missing)} photos of {len(found)} types put, {len(uploads) - len(missing)} were there already."
    )
    for entry in (entry for type_id in found for entry in read_type(live, type_id)["rejected"]):
        console.print(f"rejected: {entry['image']}: {entry['reason']}", style="yellow", soft_wrap=True)


def _name_uploads(found: dict[str, list[Path]]) -> list[Upload]:
    """An upload for each photo; those whose names can't be keys are printed and left out."""
    uploads = []
    for type_id, path in ((type_id, path) for type_id, paths in found.items() for path in paths):
        try:
            uploads.append(Upload(image_key(type_id, path.name), path))
        except InvalidNameError as error:
            _print_left_out(path, str(error))
    return uploads


def _find_missing(stack: Stack, type_ids: list[str], uploads: list[Upload]) -> list[Upload]:
    """The uploads that the bucket does not hold with the same bytes."""
    etags: dict[str, str] = {}
    listed = list_etags(stack, type_ids)
    for listing in track(listed, "looking what is there", total=len(type_ids), console=console):
        etags |= listing
    return [upload for upload in uploads if etags.get(upload.key) != content_etag(upload.read())]


def _print_other_files(folder: Path, found: dict[str, list[Path]]) -> None:
    for type_id, photos in found.items():
        files = (path for path in (folder / type_id).iterdir() if path.is_file())
        for path in sorted({path for path in files if not path.name.startswith(".")} - set(photos)):
            _print_left_out(path, "not an image in a format we read")


def _print_left_out(path: Path, reason: str) -> None:
    console.print(f"left out: {path}: {reason}", style="yellow", soft_wrap=True)
