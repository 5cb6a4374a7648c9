"""Signed distance functions: solids as arithmetic.

Each function takes coordinates in millimetres as float32 arrays of one shape and returns an array of that
shape: negative inside, positive outside, and never more than the true distance to the surface, so that a
ray may advance by it. The forms follow Inigo Quilez, https://iquilezles.org/articles/distfunctions/.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Shape = Callable[[Array, Array, Array], Array]
"""A solid: the signed distance in millimetres at the points (x, y, z)."""


def length(*components: Array) -> Array:
    """Euclidean length of the vectors with these components."""
    squares = components[0] * components[0]
    for component in components[1:]:
        squares = squares + component * component
    return np.sqrt(squares)


def union(*solids: Array) -> Array:
    """What is in any of the solids."""
    return reduce(np.minimum, solids)


def intersection(*solids: Array) -> Array:
    """What is in all of the solids; minus a solid is all that is outside it."""
    return reduce(np.maximum, solids)


def smooth_union(a: Array, b: Array, blend: float) -> Array:
    """The union of two solids with a fillet of about `blend` where they meet."""
    overlap = np.maximum(blend - np.abs(a - b), 0)
    return union(a, b) - overlap * overlap * np.float32(0.25 / blend)


def ring(x: Array, y: Array, inner: float, outer: float) -> Array:
    """The flat region between two circles around the origin."""
    radius = length(x, y)
    return intersection(radius - outer, inner - radius)


def polygon(x: Array, y: Array, sides: int, apothem: float) -> Array:
    """A regular polygon with an even number of sides; `apothem` is half its width across flats."""
    angles = np.arange(sides // 2, dtype=np.float32) * np.float32(2 * np.pi / sides)
    return intersection(*(np.abs(x * np.cos(angle) + y * np.sin(angle)) for angle in angles)) - apothem


def extrude(outline: Array, z: Array, half_height: float, bevel: float = 0.0) -> Array:
    """A flat region raised along z to ±`half_height`, its edges broken at 45°."""
    end = np.abs(z) - half_height
    return intersection(outline, end, (outline + end + bevel) * np.float32(np.sqrt(0.5)))


def extrude_round(outline: Array, z: Array, half_height: float, edge: float) -> Array:
    """A flat region raised along z to ±`half_height`, its edges rounded with the radius `edge`."""
    side, end = outline + edge, np.abs(z) - half_height + edge
    outside = length(np.maximum(side, 0), np.maximum(end, 0))
    inside: Array = np.minimum(np.maximum(side, end), 0)
    return outside + inside - edge


def cone(x: Array, y: Array, z: Array, *, radius: float, slope: float) -> Array:
    """A cone around z: `radius` at z = 0, growing by `slope` for each unit of z."""
    return (length(x, y) - radius - slope * z) / np.float32(np.hypot(1, slope))


def fold(x: Array, y: Array, copies: int) -> tuple[Array, Array]:
    """Fold the plane so that what is drawn around the +x axis appears `copies` times around the origin."""
    sector = np.float32(2 * np.pi / copies)
    angle = np.arctan2(y, x)
    angle -= sector * np.round(angle / sector)
    radius = length(x, y)
    return radius * np.cos(angle), radius * np.sin(angle)


def thread(x: Array, y: Array, z: Array, *, radius: float, pitch: float, depth: float) -> Array:
    """An endless rod with a screw thread; `radius` is that of the crests."""
    turn = z / pitch - np.arctan2(y, x) * np.float32(0.5 / np.pi)
    flank = 2 * np.abs(turn - np.round(turn))
    steepness = np.float32(np.hypot(1, 2 * depth / pitch))
    return (length(x, y) - radius + depth * flank) / steepness


def helix(x: Array, y: Array, z: Array, *, radius: float, pitch: float, wire: float) -> Array:
    """An endless coil: a round wire of radius `wire` wound around z at `radius`."""
    turn = np.arctan2(y, x) * np.float32(0.5 / np.pi)
    rise = pitch * (turn + np.round(z / pitch - turn))
    lead = np.float32(np.cos(np.arctan(pitch / (2 * np.pi * radius))))
    return length(length(x, y) - radius, (z - rise) * lead) - wire
