"""Images to compare encoders on: rendered, always the same, in many shapes."""

from functools import cache

import numpy as np
from PIL import Image

SIZES = [(224, 224), (640, 480), (480, 640), (900, 300), (300, 900), (1280, 720), (96, 64), (31, 47)]
"""Widths and heights in pixels, around and on both sides of an encoder's input."""


@cache
def sample_images() -> tuple[Image.Image, ...]:
    """RGB images: colour gradients, noise, and shapes on a background, in each of the sizes."""
    rng = np.random.default_rng(0)
    return tuple(draw(width, height, rng) for width, height in SIZES for draw in (_gradient, _noise, _shapes))


def _gradient(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    corners = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    return Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR)


def _noise(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def _shapes(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    pixels = np.array(_gradient(width, height, rng))
    y, x = np.mgrid[:height, :width]
    for _ in range(6):
        center_x, center_y, radius = rng.random(3) * (width, height, min(width, height) / 2)
        power = rng.choice([1, 2, 8])  # a diamond, a disc, nearly a square
        inside = abs(x - center_x) ** power + abs(y - center_y) ** power < radius**power
        pixels[inside] = rng.integers(0, 256, 3)
    return Image.fromarray(pixels)
