"""Photos to measure with: rendered parts, enlarged to a phone's size, with a sensor's noise."""

import io

import numpy as np
from PIL import Image

from lookalike_tools.parts import PARTS, render

PHONE_SIZE = (4000, 3000)
SMALL_SIZE = (400, 300)
NOISE = 2.5
"""Standard deviation in 8-bit levels: gives the 3 to 4 MB that phones give."""

QUALITY = 88


def phone_photo(seed: int) -> bytes:
    """A JPEG of 12 megapixels."""
    return _photo(PHONE_SIZE, seed, NOISE)


def small_photo(seed: int) -> bytes:
    """A JPEG of 400x300 pixels."""
    return _photo(SMALL_SIZE, seed, 0)


def _photo(size: tuple[int, int], seed: int, noise: float) -> bytes:
    part = list(PARTS)[seed % len(PARTS)]
    image = render(part, seed).resize(size, Image.Resampling.BICUBIC)
    if noise:
        rng = np.random.default_rng(seed)
        grain = rng.standard_normal((size[1], size[0], 1), dtype=np.float32) * noise
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
