"""The container of HEIF and AVIF, ISO/IEC 14496-12: boxes of a length in 4 bytes, a kind in 4, and what they
hold. Pure."""

from collections.abc import Iterator

MAX_META_BYTES = 2**20
"""The largest description of what is in a file that is looked through: phones' have some kilobytes."""


def boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The kind of each box, and what it holds; of those that lie in no other."""
    start = 0
    while start + 8 <= len(data):
        length, kind, header = number(data[start : start + 4]), bytes(data[start + 4 : start + 8]), 8
        if length == 1:
            length, header = number(data[start + 8 : start + 16]), 16
        end = start + length if length else len(data)
        yield kind, data[start + header : end]
        if end < start + header:
            return
        start = end


def descriptions(data: bytes) -> list[memoryview]:
    """What the `meta` boxes of a file hold: what is in it, and where.

    Raises:
        ValueError: one is larger than `MAX_META_BYTES`.
    """
    found = [content for kind, content in boxes(memoryview(data)) if kind == b"meta"]
    for meta in found:
        if len(meta) > MAX_META_BYTES:
            raise ValueError(f"{len(meta):,} bytes of description")
    return found


def number(data: bytes | memoryview) -> int:
    """An unsigned number, the most significant byte first; 0 of no bytes."""
    return int.from_bytes(data, "big")
