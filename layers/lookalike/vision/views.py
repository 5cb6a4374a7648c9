"""Views: the parts of a photo that are looked at where an object may be anywhere in it. Pure."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.vision.boxes import REFERENCE_MARGIN, Box, square_around
from lookalike.vision.images import (
    SCALED_DECODING,
    affordable,
    decode,
    decodes_alike,
    memory_bounded,
    resize_and_crop,
)

SIZES = (0.6, 0.3)
"""The sides of the windows beside the middle square, in parts of the photo's shorter side. Another size
between them makes a third more views and finds no more."""

MAX_VIEWS = 64
"""The most views of a photo: bounds time and memory. Photos of 4:3 have 42, of 16:9 59."""

STRIDES = (0.5, 0.6, 0.75, 1.0)
"""How far windows are apart at most, in parts of their side: the first with which `MAX_VIEWS` suffice."""

SMALLEST = 0.5
"""Windows narrower than this part of the encoder's input are left out: enlarging blurs them, and blurs look
alike."""


class Views(NamedTuple):
    """The views of a photo.

    Attributes:
        boxes: where each is; the first is the middle square.
        pixels: (views, size, size, 3), RGB.
    """

    boxes: tuple[Box, ...]
    pixels: NDArray[np.uint8]


def windows(width: int, height: int, size: int) -> list[Box]:
    """The parts of a photo to look at: the middle square, then smaller and smaller squares in rows.

    Neighbours overlap by half; less where a long photo would need more than `MAX_VIEWS`, and of an extreme
    aspect ratio the smallest are left out.

    Args:
        width: of the upright photo, in pixels.
        height: of the upright photo, in pixels.
        size: the side that the encoder takes, in pixels.
    """
    shorter = min(width, height)
    sides = [round(part * shorter) for part in SIZES if round(part * shorter) >= SMALLEST * size]
    while sides:
        for stride in STRIDES:
            if 1 + sum(math.prod(_counts(width, height, side, stride)) for side in sides) <= MAX_VIEWS:
                grids = [_grid(width, height, side, stride) for side in sides]
                return [_middle(width, height), *(box for grid in grids for box in grid)]
        sides.pop()
    return [_middle(width, height)]


def cut_middle(data: bytes, size: int) -> Views:
    """The middle square alone, as `preprocess` gives it.

    Raises:
        ImageError: as `decode`.
    """
    with memory_bounded(data, size):
        image = decode(data, size)
        return Views((_middle(*image.size),), np.asarray(resize_and_crop(image, size))[np.newaxis])


def cut_views(data: bytes, size: int) -> Views:
    """Decode a photo once, at the scale that its smallest windows need, and cut its views.

    The first view is what `preprocess` makes of the photo, to the pixel. For the few large JPEGs that it
    decodes smaller than windows need, that takes a second decoding.

    Raises:
        ImageError: as `decode`.
    """
    needed = _scale_of_windows(data, size)
    with memory_bounded(data, needed):
        image = decode(data, needed)
        boxes = windows(*image.size, size)
        pixels = np.empty((len(boxes), size, size, 3), np.uint8)
        if decodes_alike(data, size, needed):
            pixels[0] = np.asarray(resize_and_crop(image, size))
        else:
            pixels[0] = np.asarray(resize_and_crop(decode(data, size), size))
        image = _reduce(image, needed)
        for row, box in zip(pixels[1:], boxes[1:], strict=True):
            row[:] = np.asarray(_cut(image, box, size))
    return Views(tuple(boxes), pixels)


def preprocess_window(data: bytes, size: int, box: Box) -> NDArray[np.uint8]:
    """One window of a photo, (size, size, 3), as `cut_views` cuts it.

    Raises:
        ImageError: as `decode`.
    """
    needed = _scale_of_windows(data, size)
    with memory_bounded(data, needed):
        image = _reduce(decode(data, needed), needed)
        # A window is a square already, but for rounding and for what people may write.
        return np.asarray(_cut(image, square_around(box, *image.size, margin=1), size))


def preprocess_box(data: bytes, size: int, box: Box, margin: float = REFERENCE_MARGIN) -> NDArray[np.uint8]:
    """The square around a box of a photo, (size, size, 3): what is encoded of a reference with a box.

    Raises:
        ImageError: as `decode`.
    """
    # The square's side in parts of the shorter side is at least this, however the photo is turned.
    part = min(1.0, margin * max(box.x1 - box.x0, box.y1 - box.y0))
    shorter = affordable(data, math.ceil(size / part), size)
    with memory_bounded(data, shorter):
        image = decode(data, shorter)
        return np.asarray(_cut(image, square_around(box, *image.size, margin), size))


def _scale_of_windows(data: bytes, size: int) -> int:
    return affordable(data, math.ceil(size / SIZES[-1] / SCALED_DECODING), size)


def _reduce(image: Image.Image, needed: int) -> Image.Image:
    """JPEGs are decoded about this small; of other formats, windows are then cut as fast."""
    factor = min(image.size) // math.ceil(SCALED_DECODING * needed)
    return image.reduce(factor) if factor > 1 else image


def _middle(width: int, height: int) -> Box:
    side = min(width, height)
    return _box((width - side) // 2, (height - side) // 2, side, width, height)


def _counts(width: int, height: int, side: int, stride: float) -> tuple[int, int]:
    """How many windows stand beside and below each other."""
    step = stride * side
    # What is a whole number of steps but for rounding is one.
    return int((width - side) / step + 1e-9) + 1, int((height - side) / step + 1e-9) + 1


def _grid(width: int, height: int, side: int, stride: float) -> list[Box]:
    columns, rows = _counts(width, height, side, stride)
    lefts, tops = _spread(columns, width - side), _spread(rows, height - side)
    return [_box(left, top, side, width, height) for top in tops for left in lefts]


def _spread(count: int, room: int) -> list[int]:
    """Places from 0 to `room` at even distances; the middle if there is one only."""
    return [round(i * room / (count - 1)) for i in range(count)] if count > 1 else [room // 2]


def _box(left: int, top: int, side: int, width: int, height: int) -> Box:
    return Box(left / width, top / height, (left + side) / width, (top + side) / height)


def _cut(image: Image.Image, box: Box, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box.pixels(*image.size))
