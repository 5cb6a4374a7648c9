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
