"""HEIF, the format of iPhones' photos (HEIC): told by its bytes, and how many pixels it has. Pure.

The container is that of ISO/IEC 14496-12: boxes of a length in 4 bytes, a kind in 4, and what they hold.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module

BRANDS = {b"heic", b"heix", b"heim", b"heis"}
"""Still images that are encoded as HEVC: ISO/IEC 23008-12, annex B."""

MAX_DEEP_PIXELS = 12_500_000
"""The most pixels of an image of more than 8 bits a channel: decoding takes twice the memory."""

MAX_META_BYTES = 2**20
"""The largest description of what is in a file that is looked through: phones' have some kilobytes."""


def is_heif(data: bytes) -> bool:
    """Whether the first bytes of a file, 64 are enough, announce a HEIF image."""
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), len(data))
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
        ValueError: the description is larger than `MAX_META_BYTES`.
    """
    most = 0
    for meta in _boxes(data, b"meta"):
        if len(meta) > MAX_META_BYTES:
            raise ValueError(f"{len(meta):,} bytes of description")
        start = 0
        while (start := meta.find(b"ispe", start) + 4) > 3:
            # Behind four bytes of version and flags.
            width, height = (int.from_bytes(meta[start + at : start + at + 4], "big") for at in (4, 8))
            most = max(most, width * height)
    return most


def _boxes(data: bytes, wanted: bytes) -> Iterator[bytes]:
    """What the boxes of a kind hold, of those that lie in no other."""
    start = 0
    while start + 8 <= len(data):
        length, kind, header = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if length == 1:
            length, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        end = start + length if length else len(data)
        if kind == wanted:
            yield data[start + header : end]
        if end < start + header:
            return
        start = end
