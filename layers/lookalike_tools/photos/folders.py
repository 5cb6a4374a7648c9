"""A folder of photos for each type, as people keep them."""

from pathlib import Path

from lookalike.errors import ImageError, LookalikeError
from lookalike.keys import is_type_id
from lookalike.vision.images import HEADER_BYTES, sniff_format

TYPE_FOLDER_RULE = "A folder's name is the type: letters, digits, '.', '_' and '-'"


class PhotosError(LookalikeError):
    """The folder does not hold the photos that a command needs."""


def find_photos(folder: Path) -> dict[str, list[Path]]:
    """The photos of each type, sorted by name; hidden files and files of other formats are left out.

    Raises:
        PhotosError: there is no such folder.
    """
    if not folder.is_dir():
        raise PhotosError(f"{folder} is no folder: give one that holds a folder of photos for each type")
    found = {
        path.name: [photo for photo in sorted(path.iterdir()) if _is_photo(photo)]
        for path in sorted(folder.iterdir())
        if path.is_dir() and is_type_id(path.name)
    }
    return {type_id: photos for type_id, photos in found.items() if photos}


def too_few_types(folder: Path, found: int, photos: int) -> PhotosError:
    """The error for a folder that has fewer than two types with more than `photos` photos."""
    return PhotosError(
        f"{folder} holds {found} folders with more than {photos} photos each; two are needed. "
        f"{TYPE_FOLDER_RULE}"
    )


def _is_photo(path: Path) -> bool:
    if path.name.startswith(".") or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            sniff_format(file.read(HEADER_BYTES))
    except ImageError:
        return False
    return True
