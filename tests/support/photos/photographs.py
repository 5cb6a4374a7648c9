"""Image files for tests that need no real photos."""

import io
import struct
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from lookalike.vision.boxes import Box


def blended(subject: int, other: int, share: float) -> bytes:
    """An image file with a share, 0 to 1, of another subject in it."""
    ours, theirs = (Image.open(io.BytesIO(photograph(each))) for each in (subject, other))
    buffer = io.BytesIO()
    Image.blend(ours, theirs, share).save(buffer, "PNG")
    return buffer.getvalue()


def scene(*objects: tuple[int, Box], background: int = 900, size: tuple[int, int] = (320, 240)) -> bytes:
    """An image file of objects on a background: their subjects, and the parts of the photo they fill."""
    image = Image.open(io.BytesIO(photograph(background))).resize(size, Image.Resampling.NEAREST)
    for subject, box in objects:
        left, top, right, bottom = (round(edge) for edge in box.pixels(*size))
        ours = Image.open(io.BytesIO(photograph(subject, 9)))
        image.paste(ours.resize((right - left, bottom - top), Image.Resampling.NEAREST), (left, top))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def photograph(subject: int, shot: int = 0, image_format: str = "PNG") -> bytes:
    """An image file: the same subject gives similar images, and each shot of it a file of its own."""
    scene = np.random.default_rng(subject).integers(0, 256, (8, 8, 3))
    noise = np.random.default_rng([subject, shot]).integers(-6, 7, (8, 8, 3))
    image = Image.fromarray(np.clip(scene + noise, 0, 255).astype(np.uint8))
    return encoded(image.resize((32, 32), Image.Resampling.NEAREST), image_format)


def soft_picture(width: int = 640, height: int = 480) -> Image.Image:
    """A picture of soft colours, as photos have."""
    rng = np.random.default_rng(3)
    return Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize((width, height))


def resized(data: bytes, width: int, height: int) -> bytes:
    """A file that declares its image to have another size, in the boxes of HEIF and AVIF."""
    start = data.index(b"ispe") + 8
    return data[:start] + struct.pack(">II", width, height) + data[start + 8 :]


def quick_heif() -> dict[str, str]:
    """Has the encoder of HEIF take the least time; it writes into what it is given."""
    return {"preset": "ultrafast"}


def encoded(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    """An image as a file."""
    buffer = io.BytesIO()
    if image_format == "HEIF":
        # Not as a plugin of Pillow's: it would decode, too, in place of what the functions decode with.
        pillow_heif.from_pillow(image).save(buffer, **{"quality": 90, "enc_params": quick_heif()} | options)
    else:
        image.save(buffer, image_format, **options)
    return buffer.getvalue()


def picture(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    """Smooth colours, the same for the same size."""
    rng = np.random.default_rng(width * height)
    smooth = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize((width, height))
    return smooth.convert(mode)
