"""Boxes: where in a photo an object is. Pure."""

import math
import re
from typing import NamedTuple

from lookalike.errors import InvalidBoxError

REFERENCE_MARGIN = 1.5
"""The square that is encoded of a reference photo with a box is so many times as wide as the box's longer
side: some of what surrounds the object helps to find it where it lies in other photos."""

DECIMALS = 6
"""What boxes are rounded to: a hundredth of a pixel in the largest photo we read."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LONGEST_SHOWN = 60


class Box(NamedTuple):
    """A part of a photo, in parts of the upright photo's width (x) and height (y): 0 is left or top."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its x and y."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point, x and y, lies in it or on its border."""
        x, y = point
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def pixels(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in pixels of a photo of this size, kept within it."""
        return (
            min(max(self.x0 * width, 0), width),
            min(max(self.y0 * height, 0), height),
            min(max(self.x1 * width, 0), width),
            min(max(self.y1 * height, 0), height),
        )


def parse_box(text: str) -> Box:
    """Read a box that is written as `x0,y0,x1,y1`, and round it to `DECIMALS`.

    Raises:
        InvalidBoxError: not four numbers from 0 to 1 with x0 < x1 and y0 < y1.

    Example:
        >>> parse_box("0.1, 0.25, 0.5, 1")
        Box(x0=0.1, y0=0.25, x1=0.5, y1=1.0)
    """
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    parts = [part.strip() for part in text.split(",")] if len(text) <= 200 else []
    if len(parts) != 4 or not all(map(_NUMBER.fullmatch, parts)):
        raise InvalidBoxError(
            f"the box {shown!r} is not four numbers: write x0,y0,x1,y1, such as 0.25,0.1,0.6,0.5"
        )
    return make_box([float(part) for part in parts])


def make_box(corners: list[float]) -> Box:
    """A box from x0, y0, x1 and y1, rounded to `DECIMALS`.

    Raises:
        InvalidBoxError: not four numbers from 0 to 1 with x0 < x1 and y0 < y1.
    """
    shown = ",".join(f"{corner:.10g}" for corner in corners[:5])
    if len(corners) != 4:
        raise InvalidBoxError(f"the box {shown} has {len(corners)} numbers instead of four: x0,y0,x1,y1")
    if not all(math.isfinite(corner) and 0 <= corner <= 1 for corner in corners):
        pixels = all(math.isfinite(corner) for corner in corners) and max(corners) > 2
        hint = "; these look like pixels: divide x by the width and y by the height" if pixels else ""
        raise InvalidBoxError(
            f"the box {shown} leaves the photo: x0,y0,x1,y1 are parts of the upright photo's width and "
            f"height, from 0 to 1{hint}"
        )
    box = round_box(Box(*corners))
    if box.x0 >= box.x1 or box.y0 >= box.y1:
        raise InvalidBoxError(
            f"the box {shown} is empty: x0,y0 is its upper left corner and x1,y1 its lower right one, "
            "so that x0 < x1 and y0 < y1"
        )
    return box


def round_box(box: Box) -> Box:
    """A box rounded to `DECIMALS`."""
    # Adding 0 makes a negative zero a plain one.
    return Box(*(round(corner, DECIMALS) + 0.0 for corner in box))


def format_box(box: Box) -> str:
    """A box as `x0,y0,x1,y1`, as `parse_box` reads it, with no more than `DECIMALS` decimals."""
    return ",".join(f"{corner:.{DECIMALS}f}".rstrip("0").rstrip(".") for corner in box)


def object_in_square(square: Box, margin: float = REFERENCE_MARGIN) -> Box:
    """The box of an object around which a square is encoded: what `square_around` makes that square of."""
    (x, y), part = square.middle, 1 / (2 * margin)
    width, height = (square.x1 - square.x0) * part, (square.y1 - square.y0) * part
    return round_box(Box(x - width, y - height, x + width, y + height))


def square_around(box: Box, width: int, height: int, margin: float = REFERENCE_MARGIN) -> Box:
    """The square that is encoded for an object in a box: a square in pixels, kept within the photo.

    Args:
        box: of the object.
        width: of the upright photo, in pixels; only its ratio to the height matters.
        height: of the upright photo, in pixels.
        margin: how many times as wide as the box's longer side; at most the photo's shorter side.
    """
    left, top, right, bottom = box.pixels(width, height)
    side = min(margin * max(right - left, bottom - top), width, height)
    x = min(max((left + right - side) / 2, 0), width - side)
    y = min(max((top + bottom - side) / 2, 0), height - side)
    return Box(x / width, y / height, (x + side) / width, (y + side) / height)
