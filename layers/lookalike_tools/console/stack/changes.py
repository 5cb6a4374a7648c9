"""What people change of a stack's types, over the library that the commands use."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from lookalike.errors import ImageError, InvalidNameError
from lookalike.keys import Folder, ImageKey, content_digest, image_key, parse_image_key
from lookalike.storage.provenance import Provenance, known_by_people, object_box, to_metadata
from lookalike.verdicts import Verdict
from lookalike.vision.boxes import Box
from lookalike.vision.images import HEADER_BYTES, check_size, sniff_format
from lookalike_tools.live.api import delete_image, give_verdict, put_json, read_type
from lookalike_tools.live.bucket.photos import (
    Upload,
    content_etag,
    list_etags,
    read_photo,
    restore_photo,
    upload_photos,
)
from lookalike_tools.live.stack import Stack


class TypeName(NamedTuple):
    """A type, and what people call it."""

    type_id: str
    title: str


class NamedPhoto(NamedTuple):
    """A photo as a browser sends it: what its file is called, and its bytes."""

    name: str
    data: bytes


def why_no_photo(photo: NamedPhoto) -> str | None:
    """Why a file can't be a photo of a type; None if it may be one."""
    try:
        check_size(len(photo.data))
        sniff_format(photo.data[:HEADER_BYTES])
    except ImageError as error:
        return f"{photo.name}: {error}"
    return None


def add_photos(
    stack: Stack,
    type_id: str,
    photos: Sequence[NamedPhoto],
    boxes: Sequence[Box | None] = (),
    folder: Folder = Folder.IMAGES,
) -> list[str]:
    """Put photos to a type, and none over another; returns their keys.

    Args:
        stack: the live stack.
        type_id: the type; it need not be there yet.
        photos: which.
        boxes: where the object is on each, as far as that is known.
        folder: whether they show the type, or look like it and show none.

    Raises:
        StackError: one can't be put.
    """
    (known,) = list_etags(stack, [type_id], folder)
    uploads = []
    for photo, box in zip_longest(photos, boxes):
        key = _free_key(ImageKey(type_id, folder, photo.name), photo, known)
        known[key] = content_etag(photo.data)
        uploads.append(Upload(key, photo.data, box))
    return [upload.key for upload in upload_photos(stack, uploads)]


def set_title(stack: Stack, name: TypeName) -> bool:
    """Keep what people call a type, unless it has a title.

    Raises:
        StackError: the API refuses it.
    """
    settings = read_type(stack, name.type_id)["settings"]
    put_json(stack, f"/types/{name.type_id}/settings", {"title": name.title} | settings)
    return True


def change_settings(stack: Stack, type_id: str, changes: Mapping[str, Any]) -> bool:
    """Change some of a type's settings, None for none; what others changed meanwhile stays.

    Raises:
        StackError: the API refuses them.
    """
    settings = {**read_type(stack, type_id)["settings"], **changes}
    kept = {name: value for name, value in settings.items() if value is not None}
    put_json(stack, f"/types/{type_id}/settings", kept)
    return True


def remove_photos(stack: Stack, photos: Sequence[str]) -> int:
    """Remove photos of types, by their keys; returns how many. `restore_photos` brings them back.

    Raises:
        StackError: one can't be removed.
    """
    for key in photos:
        image = parse_photo(key)
        delete_image(stack, image.type_id, image.name, image.folder)
    return len(photos)


def restore_photos(stack: Stack, photos: Sequence[str]) -> int:
    """Bring removed photos back, by their keys; returns how many.

    Raises:
        StackError: one can't be brought back.
    """
    for key in photos:
        restore_photo(stack, key)
    return len(photos)


def refuse_photos(stack: Stack, photos: Sequence[str]) -> list[str]:
    """Say of a type's photos, by their keys, that they show none of it; returns their keys from now on.

    Raises:
        StackError: one of them can't be moved.
    """
    return [give_verdict(stack, parse_photo(key).type_id, key, Verdict.IS_NOT) for key in photos]


def move_photos(stack: Stack, photos: Sequence[str], type_id: str) -> list[str]:
    """Move photos, by their keys, to a type; returns their keys there. Names and boxes stay.

    Each is there before it is removed here: what is interrupted leaves both, never neither.

    Raises:
        StackError: one can't be moved.
    """
    (there,) = list_etags(stack, [type_id])
    moved = []
    for key in photos:
        stored = read_photo(stack, key)
        photo, known = NamedPhoto(parse_photo(key).name, stored.data), stored.provenance
        target = _free_key(ImageKey(type_id, Folder.IMAGES, photo.name), photo, there)
        there[target] = content_etag(stored.data)
        kept = to_metadata(Provenance(filename=known.filename, digest=content_digest(stored.data)))
        list(upload_photos(stack, [Upload(target, stored.data, object_box(known), kept)]))
        remove_photos(stack, [key])
        moved.append(target)
    return moved


def set_box(stack: Stack, photo: str, box: Box | None) -> str:
    """Say where the object of a photo is, by its key; None for the middle. Returns the key.

    What else is known of the photo stays. One that was recognised counts as uploaded from now on.

    Raises:
        StackError: the photo can't be read or put.
    """
    stored = read_photo(stack, photo)
    (put,) = upload_photos(stack, [Upload(photo, stored.data, box, known_by_people(stored.metadata))])
    return put.key


def _free_key(wanted: ImageKey, photo: NamedPhoto, known: dict[str, str]) -> str:
    """A key that no other photo has; the same photo keeps its own."""
    digest, etag = content_digest(photo.data), content_etag(photo.data)
    try:
        key = image_key(wanted.type_id, wanted.name, wanted.folder)
    except InvalidNameError:
        key = image_key(wanted.type_id, digest, wanted.folder)
    if known.get(key, etag) == etag:
        return key
    name = PurePosixPath(photo.name)
    return image_key(wanted.type_id, str(name.with_stem(f"{name.stem}-{digest[:8]}")), wanted.folder)


def parse_photo(key: str) -> ImageKey:
    """What the key of a type's photo holds."""
    image = parse_image_key(key)
    if image is None:
        raise ValueError(f"{key} is no photo of a type")
    return image
