"""AVIF photos are read as any other, and a file hides no more pixels than may be decoded."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookalike.errors import UndecodableImageError, UnsupportedImageError
from lookalike.vision import avif, images
from lookalike.vision.encoder import Encoder
from support.photos.photographs import encoded, resized, soft_picture

ORIENTATION_TAG = 0x0112


def stream_start(data: bytes) -> int:
    """Where the picture's AV1 stream begins: a delimiter of two bytes, then the sequence header."""
    return data.index(b"mdat") + 4


def with_stream(data: bytes, stream: bytes) -> bytes:
    """A file with another stream in the place of its picture's, cut or filled up to the same length."""
    start = stream_start(data)
    return data[:start] + stream.ljust(len(data) - start, b"\0")[: len(data) - start]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_an_avif_photo_is_encoded_as_the_same_photo_as_png(encoder: Encoder, mode: str) -> None:
    photo = soft_picture().convert(mode)
    one, other = encoder.encode([encoded(photo, "AVIF"), encoded(photo)])
    assert one @ other > 0.999


def test_colours_stay_but_for_what_its_encoder_rounds() -> None:
    photo = soft_picture()
    same = images.decode(encoded(photo, "AVIF", quality=100, subsampling="4:4:4"))
    assert np.abs(np.asarray(same, int) - np.asarray(photo, int)).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    photo = soft_picture()
    turned = images.decode(encoded(photo, "AVIF", exif=exif.tobytes()))
    expected = images.decode(encoded(photo, exif=exif.tobytes()))
    assert turned.size == expected.size
    difference = np.asarray(turned, int) - np.asarray(expected, int)
    assert np.abs(difference).mean() < 8


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 300), st.integers(1, 300))
def test_its_pixels_are_counted_as_they_are_coded(width: int, height: int) -> None:
    data = encoded(Image.new("RGBA", (width, height)), "AVIF", speed=10)
    assert avif.most_pixels_coded(data) == width * height
    assert avif.most_pixels_coded(resized(data, 8, 8)) == width * height


def test_as_many_pixels_as_are_decoded_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(soft_picture(), "AVIF")
    monkeypatch.setitem(images.MAX_PIXELS_OF, "AVIF", 640 * 480)
    assert images.decode(data).size == (640, 480)
    monkeypatch.setitem(images.MAX_PIXELS_OF, "AVIF", 640 * 480 - 1)
    with pytest.raises(UndecodableImageError, match="too many pixels; at most 307,199"):
        images.decode(data)


@pytest.mark.parametrize("side", [8, 9_000])
def test_neither_a_small_nor_a_large_claim_gets_too_many_pixels_decoded(
    monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    monkeypatch.setitem(images.MAX_PIXELS_OF, "AVIF", 640 * 480 - (side == 8))
    with pytest.raises(UndecodableImageError, match="too many pixels"):
        images.decode(resized(encoded(soft_picture(), "AVIF"), side, side))


def test_the_largest_of_several_sizes_in_a_stream_counts() -> None:
    large, small = encoded(soft_picture(), "AVIF"), encoded(soft_picture(64, 64), "AVIF")
    delimiter, units = large[stream_start(large) :][:2], small[stream_start(small) + 2 :]
    header = large[stream_start(large) + 2 :]
    header = header[: 2 + header[1]]
    assert avif.most_pixels_coded(with_stream(small, delimiter + header + units)) == 640 * 480
    assert avif.most_pixels_coded(with_stream(large, delimiter + header + units)) == 640 * 480


def test_a_film_is_no_photo() -> None:
    frames = [soft_picture(64, 64).rotate(90), soft_picture(64, 64).rotate(180)]
    film = encoded(soft_picture(64, 64), "AVIF", save_all=True, append_images=frames)
    with pytest.raises(UndecodableImageError, match="film: send one of its images"):
        images.decode(film)
    with pytest.raises(UndecodableImageError, match="coded as a film's: save it as a still picture"):
        images.decode(film.replace(b"avis", b"avif"))


def test_an_image_that_is_made_of_several_is_refused() -> None:
    grid = encoded(soft_picture(), "AVIF").replace(b"av01Color", b"gridColor")
    with pytest.raises(UndecodableImageError, match="save it as one"):
        images.decode(grid)


def without_box(data: bytes, kind: bytes) -> bytes:
    """A file in which a box is of a kind that nobody knows."""
    return data.replace(kind, b"free", 1)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data.replace(b"av01Color", b"mimeColor"), id="no picture"),
        pytest.param(lambda data: without_box(data, b"meta"), id="no description"),
        pytest.param(lambda data: without_box(data, b"iloc"), id="no place"),
        pytest.param(lambda data: without_box(data, b"iinf"), id="no kinds"),
        pytest.param(lambda data: data.replace(b"pitm", b"iloc"), id="two tables of places"),
        pytest.param(lambda data: data + data[32 : stream_start(data) - 8], id="two descriptions"),
        pytest.param(lambda data: with_stream(data, b""), id="a stream of nothing"),
        pytest.param(lambda data: with_stream(data, b"\x12" + b"\xff" * 9), id="a length without end"),
    ],
)
def test_a_file_whose_pictures_can_not_be_counted_is_damaged(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UndecodableImageError, match="damaged or incomplete"):
        images.decode(damage(encoded(soft_picture(), "AVIF")))


def test_a_stream_of_endless_units_keeps_nobody_busy() -> None:
    data = with_stream(encoded(soft_picture(2000, 2000), "AVIF"), b"\x7a\x00" * (avif.MAX_UNITS + 1))
    with pytest.raises(ValueError, match="units"):
        avif.most_pixels_coded(data)


@pytest.mark.parametrize("brand", [b"mif1", b"msf1", b"mp42"])
def test_other_files_of_its_family_are_not_taken_for_avif(brand: bytes) -> None:
    data = encoded(soft_picture(), "AVIF")
    with pytest.raises(UnsupportedImageError, match="AVIF"):
        images.sniff_format(data[:8] + brand + data[12:])


def test_its_decoder_is_loaded_with_the_first_avif_image_only() -> None:
    program = (
        "import sys; from lookalike.vision import encoder, images; assert 'PIL._avif' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
