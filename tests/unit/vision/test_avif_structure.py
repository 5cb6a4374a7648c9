"""An AVIF file may be laid out in many ways: its pictures are counted alike in each of them."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.vision import iso_boxes
from lookalike.vision.avif import MAX_PICTURES, most_pixels_coded
from lookalike.vision.iso_boxes import boxes, descriptions

SEQUENCE, OTHER = 1, 5
"""Kinds of units of an AV1 stream."""


@dataclass(frozen=True)
class Layout:
    """The versions of a file's tables, and how many bytes its numbers have."""

    iinf: int = 0
    infe: int = 2
    iloc: int = 0
    offset: int = 4
    length: int = 4
    base: int = 0
    index: int = 0


layouts = st.builds(
    Layout,
    iinf=st.sampled_from([0, 1]),
    infe=st.sampled_from([2, 3]),
    iloc=st.sampled_from([0, 1, 2]),
    offset=st.sampled_from([4, 8]),
    length=st.sampled_from([4, 8]),
    base=st.sampled_from([0, 4, 8]),
    index=st.sampled_from([0, 4, 8]),
)


def box(kind: bytes, content: bytes, *, wide: bool = False, last: bool = False) -> bytes:
    """A box; `wide` writes its length in 8 bytes, `last` says that it ends with what it lies in."""
    if wide:
        return (1).to_bytes(4, "big") + kind + (len(content) + 16).to_bytes(8, "big") + content
    return (0 if last else len(content) + 8).to_bytes(4, "big") + kind + content


def sequence_header(width: int, height: int) -> bytes:
    """Profile 0, a still picture with the reduced header, level 0; 16 bits for each side."""
    bits = f"000{1:b}{1:b}{0:05b}{15:04b}{15:04b}{width - 1:016b}{height - 1:016b}"
    padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return int(padded, 2).to_bytes(len(padded) // 8, "big")


def unit(kind: int, content: bytes, *, extended: bool = False, sized: bool = True) -> bytes:
    """A unit of an AV1 stream, with a length of as few bytes as it takes."""
    head = bytes([kind << 3 | extended << 2 | sized << 1]) + (b"\x28" if extended else b"")
    size, length = b"", len(content)
    while sized:
        size += bytes([length & 127 | (128 if length > 127 else 0)])
        length >>= 7
        if not length:
            break
    return head + size + content


def avif_file(streams: list[bytes], layout: Layout, *, kind: bytes = b"av01") -> bytes:
    """A file of pictures, numbered from 7 on, that lie in one box behind the description."""
    numbers = range(7, 7 + len(streams))
    wide = 4 if layout.infe == 3 else 2
    entries = b"".join(
        box(b"infe", bytes([layout.infe, 0, 0, 0]) + item.to_bytes(wide, "big") + b"\0\0" + kind + b"\0")
        for item in numbers
    )
    count = len(streams).to_bytes(4 if layout.iinf else 2, "big")
    iinf = box(b"iinf", bytes([layout.iinf, 0, 0, 0]) + count + entries)

    def with_places(start: int) -> bytes:
        wide = 4 if layout.iloc == 2 else 2
        sizes = (
            layout.offset << 12 | layout.length << 8 | layout.base << 4 | (layout.index if layout.iloc else 0)
        )
        places = sizes.to_bytes(2, "big") + len(streams).to_bytes(wide, "big")
        at = 0
        for item, stream in zip(numbers, streams, strict=True):
            base = min(start, 10) if layout.base else 0
            places += item.to_bytes(wide, "big") + (b"\0\0" if layout.iloc else b"") + b"\0\0"
            places += base.to_bytes(layout.base, "big") + (1).to_bytes(2, "big")
            places += bytes(layout.index if layout.iloc else 0)
            places += (start + at - base).to_bytes(layout.offset, "big")
            places += len(stream).to_bytes(layout.length, "big")
            at += len(stream)
        iloc = box(b"iloc", bytes([layout.iloc, 0, 0, 0]) + places)
        return box(b"ftyp", b"avif\0\0\0\0avif") + box(b"meta", bytes(4) + iinf + iloc)

    start = len(with_places(0)) + 8
    return with_places(start) + box(b"mdat", b"".join(streams))


@given(layouts, st.integers(1, 2**16), st.integers(1, 2**16), st.integers(0, 400), st.booleans())
def test_pixels_are_counted_in_each_layout(
    layout: Layout, width: int, height: int, before: int, extended: bool
) -> None:
    header = sequence_header(width, height)
    stream = unit(OTHER, bytes(before), extended=extended) + unit(SEQUENCE, header, extended=extended)
    assert most_pixels_coded(avif_file([stream], layout)) == width * height


@given(layouts, st.lists(st.integers(1, 2**16), min_size=1, max_size=4))
def test_the_largest_of_several_pictures_counts(layout: Layout, widths: list[int]) -> None:
    streams = [unit(SEQUENCE, sequence_header(width, 3)) for width in widths]
    assert most_pixels_coded(avif_file(streams, layout)) == 3 * max(widths)


def test_a_last_unit_needs_no_length() -> None:
    stream = unit(OTHER, b"12345") + unit(SEQUENCE, sequence_header(40, 30), sized=False)
    assert most_pixels_coded(avif_file([stream], Layout())) == 1200


def test_a_header_that_is_cut_off_reads_as_followed_by_zeros() -> None:
    stream = unit(SEQUENCE, sequence_header(2**15 + 1, 1)[:4])
    assert most_pixels_coded(avif_file([stream], Layout())) == 2**15 + 1


def test_a_picture_without_a_header_is_damaged() -> None:
    with pytest.raises(ValueError, match="no picture"):
        most_pixels_coded(avif_file([unit(OTHER, b"12345")], Layout()))


def test_only_pictures_count() -> None:
    with pytest.raises(ValueError):
        most_pixels_coded(avif_file([unit(SEQUENCE, sequence_header(40, 30))], Layout(), kind=b"Exif"))


@pytest.mark.parametrize(("pictures", "damaged"), [(MAX_PICTURES, False), (MAX_PICTURES + 1, True)])
def test_a_file_has_so_many_pictures_at_most(pictures: int, damaged: bool) -> None:
    data = avif_file([unit(SEQUENCE, sequence_header(40, 30))] * pictures, Layout())
    if damaged:
        with pytest.raises(ValueError, match="101 pictures"):
            most_pixels_coded(data)
    else:
        assert most_pixels_coded(data) == 1200


@pytest.mark.parametrize("method", [1, 2])
def test_a_picture_that_lies_elsewhere_is_damaged(method: int) -> None:
    data = avif_file([unit(SEQUENCE, sequence_header(40, 30))], Layout(iloc=1))
    place = data.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 1
    with pytest.raises(ValueError, match=f"by the method {method}"):
        most_pixels_coded(data[:place] + bytes([method]) + data[place + 1 :])


def test_a_length_without_end_is_damaged() -> None:
    stream = bytes([SEQUENCE << 3 | 2]) + b"\xff" * 8 + bytes(20)
    with pytest.raises(ValueError, match="a length without end"):
        most_pixels_coded(avif_file([stream], Layout()))


@pytest.mark.parametrize("wide", [True, False])
def test_boxes_follow_each_other(wide: bool) -> None:
    data = box(b"aaaa", b"1", wide=wide) + box(b"bbbb", b"", wide=wide) + box(b"cccc", b"23", last=True)
    found = [(kind, bytes(content)) for kind, content in boxes(memoryview(data))]
    assert found == [(b"aaaa", b"1"), (b"bbbb", b""), (b"cccc", b"23")]


@pytest.mark.parametrize("length", [2, 7])
def test_nothing_is_read_behind_a_box_that_is_shorter_than_its_head(length: int) -> None:
    data = length.to_bytes(4, "big") + b"aaaa" + box(b"bbbb", b"1")
    assert [kind for kind, _ in boxes(memoryview(data))] == [b"aaaa"]


def test_a_description_has_so_many_bytes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iso_boxes, "MAX_META_BYTES", 100)
    assert len(descriptions(box(b"meta", bytes(100)))) == 1
    with pytest.raises(ValueError, match="101 bytes of description"):
        descriptions(box(b"meta", bytes(101)))
