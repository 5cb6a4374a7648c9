"""Folders of scenes for tests: rendered parts, small and off the middle, on a plain bench."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from lookalike.vision.boxes import Box
from lookalike_tools.parts import render

TYPES = ("hex-nut-m8", "ball-bearing-608", "star-knob-m8")
WIDTH, HEIGHT = 160, 120
SIDE = 24
PLACES = [(left, top) for left in (6, 47, 89, 130) for top in (6, 48, 90)]
"""Left and top of objects whose square, half as large again, is one of the small windows."""


def write_scenes(folder: Path, scenes: int = 24, seed: int = 0) -> Path:
    """Write `scenes/` and `boxes.json`: each scene shows one type or two, each type in turn."""
    draws = np.random.default_rng(seed)
    (folder / "scenes").mkdir(parents=True)
    boxes = {}
    for number in range(scenes):
        shown = [TYPES[number % len(TYPES)]]
        if number % 4 == 0:
            shown.append(TYPES[(number + 1) % len(TYPES)])
        places = [PLACES[place] for place in draws.choice(len(PLACES), len(shown), replace=False)]
        name = f"{number:02}.png"
        compose(shown, places, draws).save(folder / "scenes" / name)
        boxes[name] = [
            {"type": part, "box": list(box_at(place))} for part, place in zip(shown, places, strict=True)
        ]
    (folder / "boxes.json").write_text(json.dumps(boxes))
    return folder


def compose(
    shown: Sequence[str], places: Sequence[tuple[int, int]], draws: np.random.Generator
) -> Image.Image:
    """A bench with parts at some places."""
    bench = np.full((HEIGHT, WIDTH, 3), (96, 104, 112)) + draws.integers(-6, 7, (HEIGHT, WIDTH, 3))
    scene = Image.fromarray(bench.astype(np.uint8))
    for part, place in zip(shown, places, strict=True):
        scene.paste(_patch(part), place)
    return scene


def box_at(place: tuple[int, int]) -> Box:
    """The box of an object at a place."""
    left, top = place
    return Box(left / WIDTH, top / HEIGHT, (left + SIDE) / WIDTH, (top + SIDE) / HEIGHT)


@cache
def _patch(part: str) -> Image.Image:
    photo = render(part, 0, difficulty=0)
    left = (photo.width - photo.height) // 2
    return photo.crop((left, 0, left + photo.height, photo.height)).resize((SIDE, SIDE))
