"""Where pages and pictures are on the console. Pure."""

from urllib.parse import quote

from lookalike.vision.boxes import format_box
from lookalike_tools.console.stack.survey import Picture


def type_address(type_id: str) -> str:
    """A type's page."""
    return f"/types/{quote(type_id)}"


def threshold_address(type_id: str) -> str:
    """The page of a type's threshold."""
    return f"{type_address(type_id)}/threshold"


def try_address(type_id: str) -> str:
    """The page where a photo is tried against a type."""
    return f"/try?of={quote(type_id)}"


def picture_address(picture: Picture, size: str = "small", again: int = 0) -> str:
    """A picture of a photo.

    Args:
        picture: of which photo.
        size: `small`, the square that is encoded, or `large`, the whole photo.
        again: another number loads it again.
    """
    box = f"&box={format_box(picture.box)}" if picture.box and size == "small" else ""
    version = quote(f"{picture.etag.strip(chr(34))}-{again}", safe="")
    return f"/pictures/{size}?key={quote(picture.key, safe='')}&v={version}{box}"
