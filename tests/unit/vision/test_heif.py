"""iPhones' photos are read as any other, and a HEIF file hides no more pixels than may be decoded."""

import io
import struct
import subprocess
import sys

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from lookalike.errors import UndecodableImageError, UnsupportedImageError
from lookalike.vision import heif, images
from lookalike.vision.encoder import Encoder
from lookalike_tools.parts import PARTS, render
from support.photos.photographs import encoded, resized, soft_picture

ORIENTATION_TAG = 0x0112


def rebranded(data: bytes, *brands: bytes) -> bytes:
    """A file of other brands, the major one first, and as long: what is in it stays where it was."""
    length = int.from_bytes(data[:4], "big")
    major, *compatible = brands
    box = struct.pack(">I", length) + b"ftyp" + major + bytes(4) + b"".join(compatible)
    assert len(box) <= length
    return box.ljust(length, b"\0") + data[length:]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_heif_photo_is_encoded_as_the_same_photo_as_png(encoder: Encoder, mode: str) -> None:
    photo = soft_picture().convert(mode)
    one, other = encoder.encode([encoded(photo, "HEIF"), encoded(photo)])
    assert one @ other > 0.999


@pytest.mark.slow
@pytest.mark.parametrize("part", list(PARTS)[:3])
def test_a_network_sees_the_same_in_both(stand_in_model_dir: str, part: str) -> None:
    photo = render(part, seed=0)
    one, other = Encoder(stand_in_model_dir).encode([encoded(photo, "HEIF"), encoded(photo)])
    assert one @ other > 0.999


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    photo = soft_picture()
    turned = images.decode(encoded(photo, "HEIF", exif=exif.tobytes()))
    expected = images.decode(encoded(photo, exif=exif))
    assert turned.size == expected.size
    difference = np.asarray(turned, int) - np.asarray(expected, int)
    assert np.abs(difference).mean() < 8


@pytest.mark.parametrize(
    "brands",
    [
        (b"heic", b"mif1", b"heic"),
        (b"heix", b"mif1"),
        (b"mif1", b"miaf", b"heic"),
    ],
)
def test_the_brands_of_phones_are_known(brands: tuple[bytes, ...]) -> None:
    data = rebranded(encoded(soft_picture(), "HEIF"), *brands)
    assert images.sniff_format(data[: images.HEADER_BYTES]) == "HEIF"
    assert images.decode(data).size == (640, 480)


@pytest.mark.parametrize("brands", [(b"mif1", b"miaf"), (b"mp42", b"heic"), (b"qt  ",)])
def test_films_and_images_of_other_codecs_are_not_taken_for_heif(brands: tuple[bytes, ...]) -> None:
    with pytest.raises(UnsupportedImageError, match="HEIF"):
        images.sniff_format(rebranded(encoded(soft_picture(), "HEIF"), *brands))


def test_more_pixels_than_are_decoded_are_refused_undecoded() -> None:
    with pytest.raises(UndecodableImageError, match="too many pixels"):
        images.decode(resized(encoded(soft_picture(), "HEIF"), 30_000, 30_000))


def test_pixels_that_are_cropped_count_too() -> None:
    data = encoded(soft_picture(), "HEIF")
    assert heif.most_pixels_declared(data) == 640 * 480
    small = resized(data, 8, 8)
    hidden = small.replace(b"ispe", b"ispe" + bytes(4) + struct.pack(">II", 640, 480) + b"ispe")
    assert heif.most_pixels_declared(hidden) == 640 * 480


def test_an_image_larger_than_it_says_is_refused() -> None:
    with pytest.raises(UndecodableImageError, match="damaged"):
        images.decode(resized(encoded(soft_picture(), "HEIF"), 16, 16))


def test_a_description_of_megabytes_is_refused_without_a_look_through() -> None:
    good = encoded(soft_picture(), "HEIF")
    length = int.from_bytes(good[:4], "big")
    claims = b"ispe" * 500_000
    stuffed = good[:length] + struct.pack(">I", len(claims) + 8) + b"meta" + claims + good[length:]
    with pytest.raises(UndecodableImageError, match="damaged or incomplete"):
        images.decode(stuffed)


def test_deep_images_may_have_half_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heif, "MAX_DEEP_PIXELS", 640 * 480 - 1)
    assert images.decode(encoded(soft_picture(), "HEIF")).size == (640, 480)
    buffer = io.BytesIO()
    pixels = np.full((480, 640, 3), 777, np.uint16)
    pillow_heif.from_bytes("RGB;16", (640, 480), pixels.tobytes()).save(buffer)
    with pytest.raises(UndecodableImageError, match="at most 307,199"):
        images.decode(buffer.getvalue())


def test_its_decoder_is_loaded_with_the_first_heif_image_only() -> None:
    program = "import sys; from lookalike.vision import encoder, images; assert 'pi_heif' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
