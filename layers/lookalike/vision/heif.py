"""HEIF, the format of iPhones' photos (HEIC): told by its bytes, and how many pixels it has. Pure."""

from functools import cache
from importlib import import_module

from lookalike.vision.iso_boxes import descriptions, number

BRANDS = {b"heic", b"heix", b"heim", b"heis"}
"""Still images that are encoded as HEVC: ISO/IEC 23008-12, annex B."""

MAX_DEEP_PIXELS = 12_500_000
"""The most pixels of an image of more than 8 bits a channel: decoding takes twice the memory."""


def is_heif(data: bytes) -> bool:
    """Whether the first bytes of a file, 64 are enough, announce a HEIF image."""
    if data[4:8] != b"ftyp":
        return False
    length = min(number(data[:4]), len(data))
    # The brand that says how to read the file, and behind a version those that it is compatible with.
    brands = {data[start : start + 4] for start in (8, *range(16, length, 4))}
    return data[8:12] in BRANDS | {b"mif1"} and not BRANDS.isdisjoint(brands)


@cache
def load_decoder() -> None:
    """Make Pillow read HEIF. It takes 25 ms, which no cold start should pay: the first HEIF image does."""
    import_module("pi_heif").register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def most_pixels_declared(data: bytes) -> int:
    """Pixels of the largest image in a file: before it is cropped, a tile, or transparency.

    libheif refuses an image that is larger than its `ispe` property says.

    Raises:
        ValueError: the description is larger than is looked through.
    """
    most = 0
    for meta in map(bytes, descriptions(data)):
        start = 0
        while (start := meta.find(b"ispe", start) + 4) > 3:
            # Behind four bytes of version and flags.
            width, height = (number(meta[start + at : start + at + 4]) for at in (4, 8))
            most = max(most, width * height)
    return most
