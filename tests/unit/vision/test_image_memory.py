"""Preparing an image takes bounded memory, whatever the image is: the most that each format may cost."""

import io
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from lookalike.vision import heif, images
from support.photos.photographs import encoded, quick_heif

pytestmark = pytest.mark.slow

# In a process of its own: in this one, memory that earlier tests have given back would be taken again unseen.
PREPARE = """
import sys
from pathlib import Path
from lookalike import errors
from lookalike.vision import images

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024

data = Path(sys.argv[1]).read_bytes()
before = peak()
try:
    images.preprocess(data, 224)
    outcome = "prepared"
except errors.ImageError as error:
    outcome = type(error).__name__
print(outcome, peak() - before)
"""


def blank(image_format: str, mode: str, **options: Any) -> bytes:
    """A square of one colour, with as many pixels as it may have, lying on its side."""
    pixels = images.MAX_PIXELS_OF[image_format]
    side = int((min(pixels, images.MAX_CMYK_PIXELS) if mode == "CMYK" else pixels) ** 0.5)
    return filled(image_format, mode, (side, side), **options)


def strip(mode: str, pixels: int, **options: Any) -> bytes:
    """A JPEG too narrow to be decoded scaled."""
    return filled("JPEG", mode, (pixels // 1000, 1000), **options)


def filled(image_format: str, mode: str, size: tuple[int, int], **options: Any) -> bytes:
    if image_format not in ("BMP", "GIF"):
        options["exif"] = turned().tobytes()
    return encoded(Image.new(mode, size, 77), image_format, **options)


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def frames(image_format: str, mode: str) -> bytes:
    side = int(images.MAX_PIXELS_OF[image_format] ** 0.5)
    rest = [Image.new(mode, (side, side), shade) for shade in (1, 2)]
    return encoded(Image.new(mode, (side, side)), image_format, save_all=True, append_images=rest)


def deep_heif() -> bytes:
    side = int(heif.MAX_DEEP_PIXELS**0.5) // 16 * 16  # else it is cropped out of a larger one
    pixels = np.full((side, side, 4), 777, np.uint16)
    buffer = io.BytesIO()
    image = pillow_heif.from_bytes("RGBA;16", (side, side), pixels.tobytes())
    image.save(buffer, chroma=444, exif=turned().tobytes(), enc_params=quick_heif())
    return buffer.getvalue()


def avif_that_claims_to_be_small() -> bytes:
    data = filled("AVIF", "RGB", (8192, 8192), speed=10, subsampling="4:4:4")
    size = data.index(b"ispe") + 8
    return data[:size] + struct.pack(">II", 8, 8) + data[size + 8 :]


def grey_of_16_bits() -> bytes:
    side = int(images.MAX_PIXELS_OF["PNG"] ** 0.5)
    return encoded(Image.fromarray(np.full((side, side), 777, np.uint16)))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: blank("JPEG", "RGB"), id="JPEG"),
        pytest.param(lambda: blank("JPEG", "CMYK", progressive=True), id="progressive CMYK JPEG"),
        pytest.param(lambda: blank("JPEG", "RGB", progressive=True, subsampling=0), id="progressive JPEG"),
        pytest.param(lambda: strip("CMYK", images.MAX_DECODED_PIXELS), id="JPEG strip"),
        pytest.param(
            lambda: strip("CMYK", images.MAX_DECODED_PIXELS, progressive=True), id="progressive strip"
        ),
        pytest.param(lambda: blank("PNG", "RGBA"), id="PNG"),
        pytest.param(grey_of_16_bits, id="PNG of 16 bits"),
        pytest.param(lambda: blank("TIFF", "RGBA", compression="tiff_lzw"), id="TIFF"),
        pytest.param(lambda: blank("TIFF", "CMYK", compression="tiff_lzw"), id="CMYK TIFF"),
        pytest.param(lambda: frames("GIF", "P"), id="animated GIF"),
        pytest.param(lambda: blank("WEBP", "RGBA"), id="WEBP"),
        pytest.param(lambda: frames("WEBP", "RGBA"), id="animated WEBP"),
        pytest.param(lambda: blank("AVIF", "RGB", speed=10), id="AVIF"),
        pytest.param(
            lambda: blank("AVIF", "RGBA", speed=10, subsampling="4:4:4"), id="AVIF of all colours and alpha"
        ),
        pytest.param(
            lambda: blank("AVIF", "RGB", speed=10, advanced={"film-grain-test": "1"}), id="grainy AVIF"
        ),
        pytest.param(lambda: blank("HEIF", "RGB"), id="HEIF"),
        pytest.param(lambda: blank("HEIF", "RGBA", chroma=444), id="HEIF of all colours and alpha"),
        pytest.param(deep_heif, id="HEIF of 10 bits"),
    ],
)
def test_the_largest_images_are_prepared_in_bounded_memory(tmp_path: Path, make: Callable[[], bytes]) -> None:
    outcome, taken = prepare(tmp_path, make())
    assert outcome == "prepared"
    assert taken < images.MOST_MEMORY


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: strip("RGB", images.MAX_PIXELS, progressive=True), id="JPEG strip"),
        pytest.param(lambda: filled("JPEG", "CMYK", (7000, 7000), progressive=True), id="CMYK JPEG"),
        pytest.param(avif_that_claims_to_be_small, id="AVIF that claims to be small"),
    ],
)
def test_what_would_take_more_is_refused(tmp_path: Path, make: Callable[[], bytes]) -> None:
    outcome, taken = prepare(tmp_path, make())
    assert outcome == "UndecodableImageError"
    assert taken < images.MOST_MEMORY


def prepare(folder: Path, data: bytes) -> tuple[str, int]:
    """Whether an image is prepared, and the bytes of memory that it takes at most."""
    (folder / "image").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, folder / "image"], capture_output=True, text=True, check=True
    )
    outcome, taken = done.stdout.split()
    return outcome, int(taken)
