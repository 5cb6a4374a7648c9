"""Import folders of photos into a live stack."""

import hashlib
import mimetypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import track

from lookalike.errors import InvalidNameError
from lookalike.keys import image_key, images_prefix
from lookalike_tools.live.stack import Stack, StackError
from lookalike_tools.live.upkeep import get_json, wait_until_built
from lookalike_tools.photos.folders import PhotosError, find_photos

UPLOADS = 8
"""Photos put at once; a boto3 client keeps 10 connections."""

console = Console()


class Upload(NamedTuple):
    """A photo, and the key that it gets."""

    path: Path
    key: str


def import_photos(stack: Stack, folder: Path) -> None:
    """Put the photos of a folder that holds a folder for each type, and wait until they are built.

    Photos that are there already, with the same name and bytes, are passed over. Prints what was put, and
    which photos were rejected.

    Raises:
        PhotosError: there are no photos.
        StackError: the stack can't be reached, or does not build.
    """
    found = find_photos(folder)
    if not found:
        raise PhotosError(
            f"{folder} holds no photos: give a folder that holds a folder for each type. A folder's name is "
            "the type: letters, digits, '.', '_' and '-'"
        )
    s3 = stack.client("s3")
    there = _of_each(lambda type_id: _etags(stack, s3, type_id), list(found), "looking what is there")
    photos = [_name(type_id, path) for type_id, paths in found.items() for path in paths]
    etags = {key: etag for listed in there for key, etag in listed.items()}
    missing = [upload for upload in photos if upload and etags.get(upload.key) != _etag(upload.path)]
    _of_each(lambda upload: _put(stack, s3, upload), missing, "uploading photos")
    for _ in track(wait_until_built(stack, found), "building", total=len(found), console=console):
        pass
    _tell_what_is_no_photo(folder, found)
    named = [upload for upload in photos if upload]
    console.print(
        f"{len(missing)} photos of {len(found)} types put, {len(named) - len(missing)} were there already."
    )
    rejected = [entry for type_id in found for entry in get_json(stack, f"/types/{type_id}", {})["rejected"]]
    for entry in rejected:
        console.print(f"rejected: {entry['image']}: {entry['reason']}", style="yellow", soft_wrap=True)


def _tell_what_is_no_photo(folder: Path, found: dict[str, list[Path]]) -> None:
    for type_id, photos in found.items():
        files = (path for path in (folder / type_id).iterdir() if path.is_file())
        for path in sorted({path for path in files if not path.name.startswith(".")} - set(photos)):
            console.print(f"left out: {path}: no image in a format we read", style="yellow", soft_wrap=True)


def _of_each(work: Callable[[Any], Any], items: list[Any], told: str) -> list[Any]:
    with ThreadPoolExecutor(UPLOADS) as threads:
        return list(track(threads.map(work, items), told, total=len(items), console=console))


def _name(type_id: str, path: Path) -> Upload | None:
    try:
        return Upload(path, image_key(type_id, path.name))
    except InvalidNameError as error:
        console.print(f"left out: {path}: {error}", style="yellow", soft_wrap=True)
        return None


def _etags(stack: Stack, s3: Any, type_id: str) -> dict[str, str]:
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=stack.bucket, Prefix=images_prefix(type_id)
        )
        return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the bucket {stack.bucket} can't be listed: {error}") from None


def _etag(path: Path) -> str:
    # What S3 gives an object that was put whole, unless a key of KMS's encrypts it: then it is put again.
    return f'"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}"'


def _put(stack: Stack, s3: Any, upload: Upload) -> None:
    media_type = mimetypes.guess_type(upload.path.name)[0] or "application/octet-stream"
    try:
        s3.put_object(
            Bucket=stack.bucket, Key=upload.key, Body=upload.path.read_bytes(), ContentType=media_type
        )
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{upload.path} can't be put into {stack.bucket}: {error}") from None
