"""A folder of photos for each type, as people keep them."""

import mimetypes
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from lookalike.errors import ImageError, LookalikeError
from lookalike.keys import is_type_id
from lookalike.vision.images import HEADER_BYTES, sniff_format

TYPE_FOLDER_RULE = (
    "A folder's name is the type: letters, digits, '.', '_' and '-'; others are replaced, and the name is "
    "kept as the type's title"
)
LONGEST_TYPE_ID = 64


class PhotosError(LookalikeError):
    """The folder does not hold the photos that a command needs."""

    exit_status = 2


@dataclass(frozen=True)
class LeftOut:
    """What a command does not take, and why.

    Attributes:
        what: a file, a folder, or what else people call it.
        reason: why, and what would help.
        asked_for: whether people expect it to be taken: false for a text that lies beside the photos.
    """

    what: Path | str
    reason: str
    asked_for: bool = True


@dataclass(frozen=True)
class PhotoFolders:
    """What a folder of folders holds.

    Attributes:
        photos: each type's photos, sorted by name; every type has one at least.
        titles: folder names that no type can have, by the type that their photos become.
        left_out: all the rest but hidden files.
    """

    photos: dict[str, list[Path]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def find_photos(folder: Path) -> PhotoFolders:
    """The photos of each type.

    Raises:
        PhotosError: there is no such folder.
    """
    if not folder.is_dir():
        raise PhotosError(f"{folder} is no folder: give one that holds a folder of photos for each type")
    found = PhotoFolders()
    visible = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    # A folder that has a type's name comes before those that are offered it.
    for path in sorted(visible, key=lambda path: not is_type_id(path.name)):
        if path.is_dir():
            _add_folder(found, path)
        else:
            found.left_out.append(
                LeftOut(path, "lies in no type's folder", asked_for=_is_named_as_image(path))
            )
    return found


def photos_in(folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """The photos in one folder, sorted by name, and what else is in it but hidden files."""
    photos, left_out = [], []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            left_out.append(LeftOut(entry, "a folder in a folder of photos: move its photos up"))
        elif why := _why_no_photo(entry):
            left_out.append(LeftOut(entry, why, asked_for=_is_named_as_image(entry)))
        else:
            photos.append(entry)
    return photos, left_out


def offer_type_id(name: str) -> str | None:
    """The type's name nearest to a folder's: `hard-hats` for `hard hats`; None if nothing is left of it."""
    # Accents are characters of their own once taken apart, and go; what else can't be used becomes a '-'.
    apart = unicodedata.normalize("NFKD", name)
    plain = "".join(each for each in apart if not unicodedata.combining(each))
    offered = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).lstrip("._-")[:LONGEST_TYPE_ID].rstrip("-")
    return offered or None


def print_left_out(console: Console, left_out: list[LeftOut]) -> bool:
    """Print what a command has not taken; whether people expect any of it to be taken."""
    for each in left_out:
        console.print(f"left out: {each.what}: {each.reason}", style="yellow", soft_wrap=True, markup=False)
    return any(each.asked_for for each in left_out)


def too_few_types(folder: Path, found: int, photos: int, left_out: Sequence[LeftOut]) -> PhotosError:
    """The error for a folder that has fewer than two types with more than `photos` photos."""
    told = "".join(f"\nleft out: {each.what}: {each.reason}" for each in left_out)
    return PhotosError(
        f"{folder} holds {found} folders with more than {photos} photos each; two are needed. "
        f"{TYPE_FOLDER_RULE}{told}"
    )


def _add_folder(found: PhotoFolders, path: Path) -> None:
    type_id = path.name if is_type_id(path.name) else offer_type_id(path.name)
    if type_id is None:
        found.left_out.append(
            LeftOut(path, "a type's name needs a letter from a to z, or a digit: rename the folder")
        )
        return
    if type_id in found.photos:
        other = found.titles.get(type_id, type_id)
        reason = f"it would be the type {type_id}, and so is the folder {other!r}: rename one of them"
        found.left_out.append(LeftOut(path, reason))
        return
    photos, left_out = photos_in(path)
    found.left_out.extend(left_out)
    if not photos:
        found.left_out.append(LeftOut(path, "no photos in it"))
        return
    found.photos[type_id] = photos
    if type_id != path.name:
        found.titles[type_id] = path.name


def _why_no_photo(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            sniff_format(file.read(HEADER_BYTES))
    except ImageError as error:
        return str(error)
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return None


def _is_named_as_image(path: Path) -> bool:
    return (mimetypes.guess_type(path.name)[0] or "").startswith("image/")
