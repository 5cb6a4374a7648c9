"""What is no image, damaged or too large is refused; what takes much memory waits its turn."""

import threading
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import ImageError, ImageTooLargeError, UndecodableImageError, UnsupportedImageError
from lookalike.vision import heif, images
from support.photos.photographs import encoded, picture

FORMATS = sorted(images.FORMATS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, I am a text",
        b"<html><body>502 Bad Gateway</body></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7\n",
        b"PK\x03\x04 a zip file",
        b"\x80\x04\x95 a pickle",
        b"\x00\x00\x00\x18ftypmp42",
    ],
)
def test_what_is_no_image_is_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedImageError, match="JPEG"):
        images.decode(data)


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_truncated_images_are_undecodable(image_format: str, part: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = encoded(noise, image_format)
    with pytest.raises(UndecodableImageError, match=f"this {image_format} image can't be decoded"):
        images.decode(data[: int(len(data) * part)])


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(
    st.sampled_from([encoded(picture(), image_format) for image_format in FORMATS]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
def test_damage_is_an_image_error_or_an_image(
    data: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    damaged = bytearray(data)
    for position, value in changes:
        damaged[int(position * len(data))] = value
    try:
        assert images.decode(bytes(damaged[: int(len(data) * kept)])).mode == "RGB"
    except ImageError as error:
        assert str(error)
        assert "object at 0x" not in str(error)


def test_one_byte_too_many_is_refused_before_decoding() -> None:
    image = encoded(picture())
    largest = image + bytes(images.MAX_BYTES - len(image))
    assert images.decode(largest).size == (40, 30)
    with pytest.raises(ImageTooLargeError, match="scale it down"):
        images.decode(largest + b"\0")


@pytest.mark.parametrize("side", [7072, 20_000])
def test_a_small_file_with_too_many_pixels_is_refused_undecoded(side: int) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    size = side.to_bytes(4, "big")
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + size + b"\x08\x02\x00\x00\x00") + chunk(b"IDAT", b"")
    with pytest.raises(UndecodableImageError, match="too many pixels"):
        images.decode(bomb)


def test_exactly_as_many_bytes_as_are_read_are_read() -> None:
    images.check_size(images.MAX_BYTES)


def test_cmyk_photos_have_a_limit_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_CMYK_PIXELS", 40 * 30 - 1)
    assert images.decode(encoded(picture(), "JPEG")).size == (40, 30)
    with pytest.raises(UndecodableImageError, match="at most 1,199"):
        images.decode(encoded(picture(mode="CMYK"), "JPEG"))


def test_the_limit_of_deep_colours_is_none_of_images_that_have_no_depth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heif, "MAX_DEEP_PIXELS", 1)
    assert images.decode(encoded(picture())).size == (40, 30)


def test_exactly_as_many_pixels_as_are_decoded_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(picture(40, 30))
    monkeypatch.setitem(images.MAX_PIXELS_OF, "PNG", 40 * 30)
    assert images.decode(data).size == (40, 30)
    monkeypatch.setitem(images.MAX_PIXELS_OF, "PNG", 40 * 30 - 1)
    with pytest.raises(UndecodableImageError, match=r"1,200.*at most 1,199"):
        images.decode(data)


class Gate:
    """Notes who comes through."""

    passed = 0

    def __enter__(self) -> None:
        self.passed += 1

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("image_format", "size", "alone"),
    [
        ("PNG", (8, 8), True),
        ("WEBP", (8, 8), True),
        ("JPEG", (1, 1), False),
        ("JPEG", (8, 8), False),
        ("JPEG", (2000, 1000), False),
        ("JPEG", (2001, 1000), True),
        ("JPEG", (3000, 1200), False),  # decoded at half its size
    ],
)
def test_only_images_that_take_much_memory_are_prepared_alone(
    monkeypatch: pytest.MonkeyPatch, image_format: str, size: tuple[int, int], alone: bool
) -> None:
    gate = Gate()
    monkeypatch.setattr(images, "_alone", gate)
    images.preprocess(encoded(Image.new("RGB", size), image_format), 224)
    assert gate.passed == alone


def test_a_jpeg_that_hides_its_size_is_looked_at_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr(images, "_alone", gate)
    with pytest.raises(UndecodableImageError):
        images.preprocess(encoded(picture(), "JPEG")[:20], 224)
    assert gate.passed == 1


def test_a_damaged_jpeg_holds_up_no_other_image() -> None:
    with pytest.raises(UndecodableImageError):
        images.preprocess(encoded(picture(), "JPEG")[:20], 224)
    other = threading.Thread(target=images.preprocess, args=(encoded(picture()), 224))
    other.start()
    other.join(timeout=60)
    assert not other.is_alive()
