"""Image files for tests that need no real photos."""

import io
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image


def blended(subject: int, other: int, share: float) -> bytes:
    """An image file with a share, 0 to 1, of another subject in it."""
    ours, theirs = (Image.open(io.BytesIO(photograph(each))) for each in (subject, other))
    buffer = io.BytesIO()
    Image.blend(ours, theirs, share).save(buffer, "PNG")
    return buffer.getvalue()


def photograph(subject: int, shot: int = 0, image_format: str = "PNG") -> bytes:
    """An image file: the same subject gives similar images, and each shot of it a file of its own."""
    scene = np.random.default_rng(subject).integers(0, 256, (8, 8, 3))
    noise = np.random.default_rng([subject, shot]).integers(-6, 7, (8, 8, 3))
    image = Image.fromarray(np.clip(scene + noise, 0, 255).astype(np.uint8))
    return encoded(image.resize((32, 32), Image.Resampling.NEAREST), image_format)


def encoded(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    """An image as a file."""
    buffer = io.BytesIO()
    if image_format == "HEIF":
        # Not as a plugin of Pillow's: it would decode, too, in place of what the functions decode with.
        pillow_heif.from_pillow(image).save(buffer, **{"quality": 90} | options)
    else:
        image.save(buffer, image_format, **options)
    return buffer.getvalue()
