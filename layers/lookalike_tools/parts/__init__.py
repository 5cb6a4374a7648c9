"""Photo-like renderings of mechanical parts: photos for the demo that need no download.

from lookalike_tools.parts import render
render("hex-nut-m8", seed=1).save("hex-nut.jpg")
"""

import zlib
from dataclasses import replace

import numpy as np
from PIL import Image

from lookalike_tools.parts.catalog import PARTS, Part
from lookalike_tools.parts.photo import develop
from lookalike_tools.parts.scene import shoot
from lookalike_tools.parts.view import draw_view

__all__ = ["PARTS", "render", "render_aside", "render_series"]

_PLAIN_TABLE = 0.2


def render(part: str, seed: int, *, difficulty: float = 0.3) -> Image.Image:
    """Photograph a part: an RGB image of 640x480 pixels, the same each time for the same arguments.

    Pose, light, table and camera are drawn at random. At difficulty 0 they hardly vary; at 1 the part may be
    turned any way, small, off-centre, badly lit, on a table that draws the eye.

    Raises:
        ValueError: there is no such part, or the difficulty is not in 0..1.
    """
    if not 0 <= difficulty <= 1:
        raise ValueError(f"difficulty is {difficulty}: it must be from 0 to 1")
    solid, draws = _find(part), _draws(part, seed)
    view = draw_view(draws, difficulty)
    return develop(shoot(solid, view), view, draws)


def render_aside(part: str, seed: int) -> Image.Image:
    """As `render`, small and off to the side: at the right, below, about a quarter of the frame's height.

    Raises:
        ValueError: there is no such part.
    """
    solid, draws = _find(part), _draws(part, seed)
    view = replace(draw_view(draws, 0.3), fill=0.26, shift_x=0.46, shift_y=-0.2)
    return develop(shoot(solid, view), view, draws)


def render_series(part: str, seed: int, steps: int) -> list[Image.Image]:
    """Photos of a part on a plain table that lead in even steps from an easy view to a hard one.

    As if someone turned the part, moved around it and dimmed the light between shots: each photo is more
    like the one before than like the first.

    Raises:
        ValueError: there is no such part, or there are fewer than two steps.
    """
    if steps < 2:
        raise ValueError(f"a series of {steps} photos leads nowhere: it takes at least 2 steps")
    solid, photos = _find(part), []
    for step in range(steps):
        view = replace(draw_view(_draws(part, seed), step / (steps - 1)), boldness=_PLAIN_TABLE)
        photos.append(develop(shoot(solid, view), view, np.random.default_rng([seed, step])))
    return photos


def _find(part: str) -> Part:
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r}: choose one of {', '.join(PARTS)}")
    return PARTS[part]


def _draws(part: str, seed: int) -> np.random.Generator:
    # The name is mixed in so that parts photographed with the same seeds don't share tables and lights.
    return np.random.default_rng([seed, zlib.crc32(part.encode())])
