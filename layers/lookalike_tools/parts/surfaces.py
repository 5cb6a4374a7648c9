"""The tables that parts lie on: grey-scale tiles made of noise, coloured between two tones."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from lookalike_tools.parts.sdf import Array

SIZE = 1024
"""Width and height of a tile, in texels."""
TEXEL = 0.1
"""Width of a texel, in millimetres."""


@dataclass(frozen=True)
class Surface:
    """A kind of table: its pattern, and pairs of tones (linear RGB) for the pattern's 0 and 1."""

    pattern: Callable[[np.random.Generator], Array]
    tones: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...]


def _cloud(rng: np.random.Generator, columns: int, rows: int | None = None) -> Array:
    """Smooth noise around 0 with about so many bumps across and down the tile."""
    bumps = rng.standard_normal((rows or columns, columns)).astype(np.float32)
    return np.asarray(Image.fromarray(bumps).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def _millimetres() -> tuple[Array, Array]:
    line = np.arange(SIZE, dtype=np.float32) * TEXEL
    x, y = np.meshgrid(line, line)
    return x, y


def _lines(position: Array, spacing: float, width: float) -> Array:
    """1 on lines `spacing` apart, 0 between."""
    offset = np.abs(position / spacing - np.round(position / spacing)) * spacing
    lines: Array = np.clip(1.2 - offset / width, 0, 1)
    return lines


def _wood(rng: np.random.Generator) -> Array:
    _, y = _millimetres()
    bend = 3.5 * _cloud(rng, 2, 3) + 0.5 * _cloud(rng, 3, 14)
    growth = (y + bend) / 7.0
    rings = (growth - np.floor(growth)) ** 2
    fibre = 0.5 * _cloud(rng, 12, 420) + 0.5 * _cloud(rng, 5, 160)
    wood: Array = 0.62 - 0.3 * rings + 0.13 * fibre + 0.1 * _cloud(rng, 3, 6)
    return wood


def _cloth(rng: np.random.Generator) -> Array:
    x, y = _millimetres()
    x, y = x + 0.10 * _cloud(rng, 24), y + 0.10 * _cloud(rng, 24)
    over = np.sin(x * np.float32(2 * np.pi / 1.4)) * np.sin(y * np.float32(2 * np.pi / 1.4))
    threads = 0.22 * over + 0.09 * _cloud(rng, 80, 600) + 0.09 * _cloud(rng, 600, 80)
    cloth: Array = 0.5 + threads + 0.12 * _cloud(rng, 5)
    return cloth


def _paper(rng: np.random.Generator) -> Array:
    paper: Array = 0.75 + 0.06 * _cloud(rng, 400) + 0.05 * _cloud(rng, 60) + 0.08 * _cloud(rng, 3)
    return paper


def _squared_paper(rng: np.random.Generator) -> Array:
    x, y = _millimetres()
    return _paper(rng) - 0.55 * np.maximum(_lines(x, 5.0, 0.16), _lines(y, 5.0, 0.16))


def _cutting_mat(rng: np.random.Generator) -> Array:
    x, y = _millimetres()
    fine = np.maximum(_lines(x, 10.0, 0.14), _lines(y, 10.0, 0.14)) * 0.30
    bold = np.maximum(_lines(x, 50.0, 0.28), _lines(y, 50.0, 0.28)) * 0.50
    scratches = np.clip(_cloud(rng, 3, 500) - 2.3, 0, 1) * 0.25
    wear = 0.03 * _cloud(rng, 500) + 0.04 * _cloud(rng, 4)
    mat: Array = 0.12 + np.maximum(fine, bold) + scratches + wear
    return mat


def _concrete(rng: np.random.Generator) -> Array:
    stains = 0.12 * _cloud(rng, 4) + 0.1 * _cloud(rng, 14) + 0.08 * _cloud(rng, 60)
    pits = 0.9 * np.clip(_cloud(rng, 130) - 1.9, 0, 1)
    concrete: Array = 0.6 + stains + 0.08 * _cloud(rng, 500) - pits
    return concrete


def _brushed_steel(rng: np.random.Generator) -> Array:
    strokes = 0.12 * _cloud(rng, 6, 900) + 0.1 * _cloud(rng, 3, 300)
    return 0.55 + strokes + 0.15 * _cloud(rng, 3)


SURFACES: dict[str, Surface] = {
    "wood": Surface(
        _wood,
        (
            ((0.30, 0.16, 0.07), (0.72, 0.52, 0.32)),
            ((0.10, 0.045, 0.02), (0.34, 0.19, 0.10)),
            ((0.42, 0.30, 0.18), (0.86, 0.74, 0.56)),
        ),
    ),
    "cloth": Surface(
        _cloth,
        (
            ((0.02, 0.035, 0.09), (0.12, 0.17, 0.33)),
            ((0.22, 0.20, 0.17), (0.66, 0.62, 0.55)),
            ((0.20, 0.025, 0.02), (0.52, 0.10, 0.08)),
            ((0.05, 0.05, 0.055), (0.24, 0.24, 0.25)),
        ),
    ),
    "paper": Surface(
        _paper, (((0.52, 0.52, 0.51), (0.94, 0.93, 0.90)), ((0.26, 0.17, 0.09), (0.58, 0.42, 0.27)))
    ),
    "squared paper": Surface(_squared_paper, (((0.22, 0.36, 0.60), (1.06, 1.05, 1.02)),)),
    "cutting mat": Surface(
        _cutting_mat,
        (
            ((0.01, 0.12, 0.075), (0.38, 0.52, 0.32)),
            ((0.02, 0.06, 0.16), (0.42, 0.50, 0.62)),
            ((0.03, 0.03, 0.033), (0.38, 0.38, 0.36)),
        ),
    ),
    "concrete": Surface(
        _concrete, (((0.14, 0.14, 0.135), (0.60, 0.59, 0.57)), ((0.06, 0.06, 0.062), (0.30, 0.30, 0.30)))
    ),
    "brushed steel": Surface(_brushed_steel, (((0.20, 0.21, 0.22), (0.58, 0.59, 0.61)),)),
}


@cache
def tile(name: str) -> Array:
    """The pattern of a surface, (SIZE, SIZE) in 0..1: always the same for a name."""
    rng = np.random.default_rng(list(SURFACES).index(name))
    return np.clip(SURFACES[name].pattern(rng), 0, 1).astype(np.float32)


def sample(pattern: Array, x: Array, y: Array) -> Array:
    """The pattern at these millimetres, bilinear; it repeats as in a mirror beyond its edges."""
    u, v = (_mirror(axis * np.float32(1 / TEXEL)) for axis in (x, y))
    column, row = u.astype(np.int32), v.astype(np.int32)
    u -= column
    v -= row
    flat, corner = pattern.ravel(), row * SIZE + column
    top = flat[corner] * (1 - u) + flat[corner + 1] * u
    bottom = flat[corner + SIZE] * (1 - u) + flat[corner + SIZE + 1] * u
    between: Array = top * (1 - v) + bottom * v
    return between


def _mirror(texels: Array) -> Array:
    last = np.float32(SIZE - 1.001)
    return last - np.abs(np.mod(texels, 2 * last) - last)
