"""The names of things in the buckets. Pure."""

import hashlib
import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from lookalike.errors import InvalidNameError

TYPES_PREFIX = "types/"
QUERIES_PREFIX = "queries/"
INBOX_PREFIX = "inbox/"
MISSED_PREFIX = "missed/"
ANY_TYPE = "_any"
"""What stands for all types in an inbox's key; its underscore keeps it apart from every type."""

GALLERY = "_gallery"
"""Takes the place of a type's name; its underscore keeps it apart from every type's."""
TYPE_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
QUERY_KEY_PATTERN = r"^queries/[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
MAX_KEY_BYTES = 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

_IMAGE_KEY = re.compile(
    r"types/(?P<type_id>[^/]+)/(?P<folder>images|counterexamples)/(?P<name>.*[^/])", re.DOTALL
)
_INBOX_KEY = re.compile(r"inbox/(?P<folder>[^/]+)/(?P<name>.*[^/])", re.DOTALL)
_MISSED_KEY = re.compile(r"missed/(?P<type_id>[^/]+)/(?P<name>[^/]+)", re.DOTALL)
_SETTINGS_KEY = re.compile(r"types/(?P<type_id>[^/]+)/settings\.json")


class Folder(StrEnum):
    """Where a type's photos lie: those that show it, and those that look like it and show none."""

    IMAGES = "images"
    COUNTEREXAMPLES = "counterexamples"


class ImageKey(NamedTuple):
    """Where an image lies: its type, its folder and its name there."""

    type_id: str
    folder: Folder
    name: str


class InboxKey(NamedTuple):
    """Where a photo of the inbox lies: the type that is asked for, None for all types; and its name."""

    type_id: str | None
    name: str


class MissedKey(NamedTuple):
    """Where a photo lies that did not match: the type it came closest to, and its name."""

    type_id: str
    name: str


def is_type_id(text: str) -> bool:
    """Whether a text may name a type."""
    return re.fullmatch(TYPE_ID_PATTERN, text) is not None


def type_prefix(type_id: str) -> str:
    """Prefix of all that people put for a type."""
    return f"{TYPES_PREFIX}{type_id}/"


def images_prefix(type_id: str, folder: Folder = Folder.IMAGES) -> str:
    """Prefix of a type's images, or of its counterexamples."""
    return f"{type_prefix(type_id)}{folder}/"


def image_key(type_id: str, name: str, folder: Folder = Folder.IMAGES) -> str:
    """Key of an image, or of a counterexample.

    Raises:
        InvalidNameError: the name is none that an image can have.
    """
    key = images_prefix(type_id, folder) + name
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise InvalidNameError(f"{name!r} can't name an image: give a file name without control characters")
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise InvalidNameError(f"{name!r} can't name an image: empty, '.' and '..' are no parts of a name")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidNameError(f"the image's name is too long: its key may have {MAX_KEY_BYTES} bytes")
    return key


def parse_image_key(key: str) -> ImageKey | None:
    """What the key of an image or counterexample holds; None for the key of anything else."""
    match = _IMAGE_KEY.fullmatch(key)
    if match is None or not is_type_id(match["type_id"]):
        return None
    return ImageKey(match["type_id"], Folder(match["folder"]), match["name"])


def is_counterexample(key: str) -> bool:
    """Whether a key is that of a counterexample."""
    image = parse_image_key(key)
    return image is not None and image.folder is Folder.COUNTEREXAMPLES


def parse_type_id(key: str) -> str | None:
    """The type that an image or settings key belongs to; None for the key of anything else."""
    if image := parse_image_key(key):
        return image.type_id
    match = _SETTINGS_KEY.fullmatch(key)
    return match["type_id"] if match and is_type_id(match["type_id"]) else None


def inbox_key(type_id: str | None, name: str) -> str:
    """Key of a photo of the inbox: to be recognised as a type, or with None as any of them."""
    return f"{INBOX_PREFIX}{type_id or ANY_TYPE}/{name}"


def parse_inbox_key(key: str) -> InboxKey | None:
    """What the key of a photo of the inbox asks for; None for the key of anything else."""
    match = _INBOX_KEY.fullmatch(key)
    if not match:
        return None
    if match["folder"] == ANY_TYPE:
        return InboxKey(None, match["name"])
    return InboxKey(match["folder"], match["name"]) if is_type_id(match["folder"]) else None


def missed_prefix(type_id: str | None = None) -> str:
    """Prefix of the photos that came close to a type and did not match; of all of them without a type."""
    return f"{MISSED_PREFIX}{type_id}/" if type_id else MISSED_PREFIX


def missed_key(type_id: str, image: bytes, image_format: str) -> str:
    """Key of a photo that did not match; the same bytes have the same key."""
    return missed_prefix(type_id) + recognized_name(image, image_format)


def parse_missed_key(key: str) -> MissedKey | None:
    """What the key of a missed photo holds; None for the key of anything else."""
    match = _MISSED_KEY.fullmatch(key)
    return MissedKey(**match.groupdict()) if match and is_type_id(match["type_id"]) else None


def file_name(key: str) -> str:
    """The last part of a key: what a photo is called."""
    return key.rpartition("/")[2]


def settings_key(type_id: str) -> str:
    """Key of a type's decision settings."""
    return f"{type_prefix(type_id)}settings.json"


def encodings_prefix(model_id: str) -> str:
    """Prefix of all encodings by a model; encodings of different models never meet."""
    return f"encodings/{model_id}/"


def encodings_key(model_id: str, type_id: str) -> str:
    """Key of a type's encodings."""
    return f"{encodings_prefix(model_id)}{type_id}.safetensors"


def gallery_key(model_id: str) -> str:
    """Key of the gallery."""
    return encodings_key(model_id, GALLERY)


def claim_key(model_id: str, name: str) -> str:
    """Key of the claim of who looks at all images of a type, or refreshes the gallery."""
    return f"claims/{model_id}/{name}"


def verdict_claim_key(type_id: str, name: str) -> str:
    """Key of the claim of who moves the photos of a name between a type's folders, whatever the model."""
    return claim_key("_verdicts", f"{type_id}/{content_digest(name.encode())}")


def recognized_name(image: bytes, image_format: str) -> str:
    """Name of an appended image: a digest of its bytes, so that the same bytes are appended once.

    Args:
        image: the image file.
        image_format: as `lookalike.vision.images.sniff_format` says; gives the suffix.
    """
    return f"{content_digest(image)}.{image_format.lower()}"


def content_digest(image: bytes) -> str:
    """A digest that tells images apart by their bytes: the first 128 bits of SHA-256 in hex."""
    return hashlib.sha256(image).hexdigest()[:32]
