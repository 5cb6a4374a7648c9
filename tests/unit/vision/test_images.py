"""Any photo that people have becomes the pixels CLIP expects; anything else is refused with a reason."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from lookalike.vision import images
from support.photos.photographs import encoded, picture

FORMATS = sorted(images.FORMATS)
ORIENTATION_TAG = 0x0112
reference_processor = CLIPImageProcessorPil(do_rescale=False, do_normalize=False)


@pytest.mark.parametrize("image_format", FORMATS)
def test_each_format_is_told_by_its_bytes(image_format: str) -> None:
    assert images.sniff_format(encoded(picture(), image_format)) == image_format


@pytest.mark.parametrize("image_format", FORMATS)
def test_each_format_is_decoded(image_format: str) -> None:
    original = picture()
    decoded = images.decode(encoded(original, image_format))
    difference = np.asarray(decoded, int) - np.asarray(original, int)
    assert decoded.size == original.size
    assert np.abs(difference).mean() < 8  # lossy formats and palettes come close


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_modes_become_rgb(mode: str) -> None:
    original = picture(mode=mode)
    decoded = images.decode(encoded(original))
    assert np.array_equal(np.asarray(decoded), np.asarray(original.convert("RGB")))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_becomes_white(mode: str) -> None:
    original = picture(mode=mode)
    original.putalpha(Image.linear_gradient("L").resize(original.size))
    alpha = original.getchannel("A")
    alpha.putpixel((0, 0), 0)
    original.putalpha(alpha)
    decoded = images.decode(encoded(original))
    assert decoded.mode == "RGB"
    assert decoded.getpixel((0, 0)) == (255, 255, 255)


def test_an_extreme_aspect_ratio_costs_no_more_memory_than_the_pixels_allow() -> None:
    assert images.preprocess(encoded(Image.new("RGB", (300_000, 1), "red")), 224)[0, 0].tolist() == [
        255,
        0,
        0,
    ]


@pytest.mark.parametrize("tall", [False, True])
def test_of_an_extreme_aspect_ratio_the_middle_stays(tall: bool) -> None:
    line = Image.new("RGB", (300_000, 1), "white")
    line.paste("red", (149_990, 0, 150_000, 1))
    line.paste("blue", (150_000, 0, 150_010, 1))
    photo = line.transpose(Image.Transpose.TRANSPOSE) if tall else line
    pixels = images.preprocess(encoded(photo), 224)
    first, last = (pixels[0, 0], pixels[-1, 0]) if tall else (pixels[0, 0], pixels[0, -1])
    # Bicubic looks at both colours near their border.
    assert first[0] > 200 and first[2] < 100
    assert last[2] > 200 and last[0] < 100


def test_cmyk_photos_become_rgb() -> None:
    assert images.decode(encoded(picture(mode="CMYK"), "JPEG")).mode == "RGB"


def test_16_bit_grey_keeps_its_tones() -> None:
    grey = np.linspace(0, 65535, 32 * 32).reshape(32, 32)
    decoded = images.decode(encoded(Image.fromarray(grey.astype(np.uint16))))
    assert np.array_equal(np.asarray(decoded)[..., 0], grey.astype(np.uint16) >> 8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright_as_their_exif_says(orientation: int) -> None:
    upright = picture(16, 12)
    # What a camera stores is the inverse of what the orientation tells viewers to do.
    inverses: dict[int, Callable[[Image.Image], Image.Image]] = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    }
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    decoded = images.decode(encoded(inverses[orientation](upright), exif=exif))
    assert np.array_equal(np.asarray(decoded), np.asarray(upright))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_photo_with_broken_exif_is_still_a_photo() -> None:
    data = encoded(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff broken")
    assert images.decode(data).size == (40, 30)


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert images.decode(data).getpixel((0, 0)) == (255, 0, 0)


@settings(deadline=None, max_examples=settings().max_examples // 2)
@given(st.integers(1, 700), st.integers(1, 700))
@example(1, 1)
@example(1, 700)
@example(224, 224)
@example(4000, 300)
def test_pixels_are_those_of_clips_own_processor(width: int, height: int) -> None:
    image = picture(width, height)
    expected = np.asarray(reference_processor(image)["pixel_values"][0]).transpose(1, 2, 0)
    pixels = images.preprocess(encoded(image), 224)
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, expected)


def test_whatever_exif_raises_a_photo_is_still_a_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("PIL.ImageOps.exif_transpose", fail)
    assert images.decode(encoded(picture())).size == (40, 30)


@pytest.mark.parametrize("band", [1, 40 * 7, 40 * 30, 10**6])
def test_pixels_are_the_same_however_many_are_converted_at_once(
    monkeypatch: pytest.MonkeyPatch, band: int
) -> None:
    monkeypatch.setattr(images, "BAND_PIXELS", band)
    original = picture(40, 30, "P")
    assert np.array_equal(np.asarray(images.decode(encoded(original))), np.asarray(original.convert("RGB")))


def test_half_transparent_is_half_white() -> None:
    half = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
    assert images.decode(encoded(half)).getpixel((4, 4)) == pytest.approx((255, 127, 127), abs=1)


def test_a_transparent_colour_becomes_white() -> None:
    striped = Image.new("RGB", (8, 8), "red")
    striped.paste("blue", (0, 0, 8, 4))
    decoded = images.decode(encoded(striped, transparency=(255, 0, 0)))
    assert decoded.getpixel((0, 7)) == (255, 255, 255)
    assert decoded.getpixel((0, 0)) == (0, 0, 255)
