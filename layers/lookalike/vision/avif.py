"""AVIF: told by its bytes, and how many pixels its decoder will make. Pure.

libavif decodes a picture of any size, then scales it to the size that the file declares. What that takes is
told by the picture's own AV1 header, which is read here; files whose memory it does not tell are refused.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module

from lookalike.errors import UndecodableImageError
from lookalike.vision.iso_boxes import boxes, descriptions, number

SEQUENCE_HEADER = 1
"""The unit of an AV1 stream that says how large its frames may be: AV1 bitstream specification, 6.2.2."""

MADE_OF_OTHERS = {b"grid", b"sato"}
"""Kinds of images that libavif puts together of others."""

MAX_PICTURES = 100
"""The most pictures in a file: an image, its transparency, previews. Bounds time."""

MAX_UNITS = 1000
"""The most units of a picture's stream that are looked through: a still has a handful."""


def is_avif(data: bytes) -> bool:
    """Whether the first bytes of a file, 12 are enough, announce an AVIF image, or a film of such images."""
    return data[4:12] in (b"ftypavif", b"ftypavis")


@cache
def load_decoder() -> None:
    """Make Pillow read AVIF: the first AVIF image pays for it, and no cold start."""
    import_module("PIL.AvifImagePlugin")


def most_pixels_coded(data: bytes) -> int:
    """Pixels of the largest picture in a file, as it is coded: the image, or its transparency.

    Raises:
        UndecodableImageError: it is a film, or made of several pictures: their memory isn't bounded.
        ValueError, LookupError: the file is damaged.
    """
    if data[8:12] == b"avis":
        raise UndecodableImageError("this AVIF file is a film: send one of its images")
    (meta,) = descriptions(data)
    inside = list(boxes(meta[4:]))
    parts = dict(inside)
    if len(parts) < len(inside):
        raise ValueError("two parts of a kind")
    kinds = _kinds(parts[b"iinf"])
    if not MADE_OF_OTHERS.isdisjoint(kinds.values()):
        raise UndecodableImageError("this AVIF image is made of several pictures: save it as one")
    pictures = [
        memoryview(data)[start : start + length]
        for item, start, length in _places(parts[b"iloc"])
        if kinds.get(item) == b"av01"
    ]
    if len(pictures) > MAX_PICTURES:
        raise ValueError(f"{len(pictures):,} pictures")
    return max(map(_most_pixels, pictures))


def _kinds(iinf: memoryview) -> dict[int, bytes]:
    """The kind of each item of a file, by its number."""
    kinds = {}
    for _, entry in boxes(iinf[6 if iinf[0] == 0 else 8 :]):
        end = 6 if entry[0] == 2 else 8
        kinds[number(entry[4:end])] = bytes(entry[end + 2 : end + 6])
    return kinds


def _places(iloc: memoryview) -> Iterator[tuple[int, int, int]]:
    """The number of each item, where it starts in the file, and its length.

    Raises:
        ValueError: an item lies elsewhere, or in several parts.
    """
    version, at = iloc[0], 4

    def take(size: int) -> int:
        nonlocal at
        at += size
        if at > len(iloc):
            raise ValueError("cut short")
        return number(iloc[at - size : at])

    sizes = take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(take(wide)):
        item = take(wide)
        elsewhere = take(2) & 15 if version else 0
        take(2)
        base = take(base_size)
        extents = take(2)
        if elsewhere or extents != 1:
            raise ValueError(f"item {item} lies in {extents} parts, by the method {elsewhere}")
        take(index_size if version else 0)
        offset, length = take(offset_size), take(length_size)
        yield item, base + offset, length


def _most_pixels(picture: memoryview) -> int:
    """What the largest frame in an AV1 stream has."""
    start, most = 0, 0
    for _ in range(MAX_UNITS):
        if start >= len(picture):
            break
        unit = picture[start]
        has_extension, has_length = unit & 4, unit & 2
        start += 2 if has_extension else 1
        length = len(picture) - start
        if has_length:
            length, start = _variable_length(picture, start)
        if unit >> 3 & 15 == SEQUENCE_HEADER:
            most = max(most, _frame_pixels(picture[start : start + length]))
        start += length
    if start < len(picture) or not most:
        raise ValueError("no picture, or more units than a still has")
    return most


def _variable_length(data: memoryview, start: int) -> tuple[int, int]:
    """A number in groups of 7 bits, the least significant first, and where it ends."""
    value = 0
    for position in range(8):
        byte = data[start + position]
        value |= (byte & 127) << 7 * position
        if byte < 128:
            return value, start + position + 1
    raise ValueError("a length without end")


def _frame_pixels(header: memoryview) -> int:
    """Pixels of the frame that a sequence header announces: AV1 bitstream specification, 5.5.1."""
    bits = number(bytes(header[:8]).ljust(8, b"\0"))
    start = 4

    def take(count: int) -> int:
        nonlocal start
        start += count
        return bits >> 64 - start & (1 << count) - 1

    if not take(1):
        # Frames of a film refer to others, which are kept, and each may have a size of its own.
        raise UndecodableImageError("this AVIF image is coded as a film's: save it as a still picture")
    take(5)
    width_bits, height_bits = take(4) + 1, take(4) + 1
    return (take(width_bits) + 1) * (take(height_bits) + 1)
