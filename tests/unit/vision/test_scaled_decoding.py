"""Large JPEGs are decoded at part of their size, and their encodings stay what all pixels give."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import UndecodableImageError
from lookalike.vision import images
from lookalike.vision.encoder import Encoder
from lookalike_tools.parts import PARTS, render

SIZE = 224
LEAST = 560
"""The shorter side that is decoded at least: 2.5 times what is needed."""


@pytest.fixture(scope="module")
def stand_in(stand_in_model_dir: Path) -> Encoder:
    return Encoder(stand_in_model_dir)


def photo(part: str, shorter_side: int, **options: object) -> bytes:
    """A JPEG with as fine a grain as a phone's."""
    image = render(part, seed=1, difficulty=0.5)
    image = image.resize((shorter_side * 4 // 3, shorter_side), Image.Resampling.BICUBIC)
    grain = 4 * np.random.default_rng(0).standard_normal((image.height, image.width, 1), np.float32)
    image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88, **options)
    return buffer.getvalue()


def all_pixels(data: bytes) -> np.ndarray:
    return np.asarray(images.resize_and_crop(images.decode(data), SIZE))


@pytest.mark.slow
def test_encodings_stay_what_all_pixels_give(stand_in: Encoder) -> None:
    photos = [photo(part, 4 * LEAST) for part in list(PARTS)[:8]]
    full = stand_in.encode_pixels(np.stack([all_pixels(data) for data in photos]))
    cosines = np.sum(full * stand_in.encode(photos), axis=1)
    assert cosines.min() >= 0.99
    assert np.median(cosines) >= 0.999


@pytest.mark.parametrize(
    ("shorter_side", "decoded"), [(4 * LEAST, LEAST), (4 * LEAST - 2, 2 * LEAST - 1), (2 * LEAST - 1,) * 2]
)
def test_well_more_than_what_is_needed_is_decoded(shorter_side: int, decoded: int) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3000, shorter_side)).save(buffer, "JPEG")
    assert images.decode(buffer.getvalue(), SIZE).height == decoded


def test_a_scaled_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    data = photo("hex-nut-m8", 2 * LEAST, exif=exif)
    difference = images.preprocess(data, SIZE).astype(int) - all_pixels(data)
    assert np.abs(difference).mean() < 3


def test_photos_of_moderate_size_are_decoded_as_they_are() -> None:
    data = photo("hex-nut-m8", 2 * LEAST - 1)
    assert np.array_equal(images.preprocess(data, SIZE), all_pixels(data))


def test_a_truncated_photo_is_refused_when_scaled_too() -> None:
    data = photo("hex-nut-m8", 2 * LEAST)
    with pytest.raises(UndecodableImageError):
        images.preprocess(data[: len(data) // 2], SIZE)


def jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_large_photo_is_prepared_from_part_of_its_pixels() -> None:
    data = photo("hex-nut-m8", 2 * LEAST)
    pixels = images.preprocess(data, SIZE)
    assert np.array_equal(pixels, np.asarray(images.resize_and_crop(images.decode(data, SIZE), SIZE)))
    assert not np.array_equal(pixels, all_pixels(data))


def test_a_photo_of_the_most_pixels_is_decoded_scaled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(images.MAX_PIXELS_OF, "JPEG", 1000 * 1200)
    assert images.decode(jpeg(1000, 1200), 100).size == (250, 300)


def test_more_pixels_than_a_jpeg_may_be_decoded_to_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_DECODED_PIXELS", 500 * 600)
    assert images.decode(jpeg(1000, 1200), 200).size == (500, 600)
    monkeypatch.setattr(images, "MAX_DECODED_PIXELS", 500 * 600 - 1)
    with pytest.raises(UndecodableImageError, match="at most 299,999"):
        images.decode(jpeg(1000, 1200), 200)


@pytest.mark.parametrize(
    ("most", "least", "affordable"),
    [
        (1000 * 1200, 50, 400),
        (1000 * 1200 - 1, 50, 200),
        (500 * 600, 50, 200),
        (500 * 600 - 1, 50, 100),
        (1, 150, 150),
        (1, 400, 400),
    ],
)
def test_a_photo_is_decoded_for_less_where_what_is_wanted_would_take_too_many_pixels(
    monkeypatch: pytest.MonkeyPatch, most: int, least: int, affordable: int
) -> None:
    monkeypatch.setattr(images, "MAX_DECODED_PIXELS", most)
    found = images.affordable(jpeg(1000, 1200), 400, least)
    assert (found, type(found)) == (affordable, int)


def test_whether_two_sizes_have_the_same_pixels() -> None:
    data = jpeg(1000, 1200)
    assert images.decodes_alike(data, 200, 180)
    assert not images.decodes_alike(data, 200, 100)
