"""The rendered parts look like photos of solid things, vary as asked, and are the same each time."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageChops

from lookalike_tools.parts import PARTS, render, render_aside, render_series
from lookalike_tools.parts.sdf import Array

every_part = pytest.mark.parametrize("name", PARTS)


def points(extent: Sequence[float], count: int = 20_000) -> Array:
    box = np.array(extent, np.float32)[:, None]
    return box * np.random.default_rng(1).uniform(-1, 1, (3, count)).astype(np.float32)


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of two photos, without their grain."""
    small = [
        np.asarray(image.resize((32, 24), Image.Resampling.BOX), np.float32) for image in (first, second)
    ]
    return float(np.abs(small[0] - small[1]).mean())


@every_part
def test_a_photo_is_rgb_of_640_by_480(name: str) -> None:
    photo = render(name, seed=1)
    assert (photo.mode, photo.size) == ("RGB", (640, 480))


@every_part
def test_the_part_stands_out_from_its_table(name: str) -> None:
    photo = render(name, seed=3, difficulty=0).convert("L")
    middle, table = np.asarray(photo.crop((160, 120, 480, 360))), np.asarray(photo.crop((0, 0, 640, 60)))
    assert middle.std() > 2 * table.std()


@every_part
def test_the_part_fits_its_bounding_box(name: str) -> None:
    part = PARTS[name]
    around = points(part.extent)
    scale = np.max(np.abs(around) / np.array(part.extent, np.float32)[:, None], axis=0)
    surface = around / scale.astype(np.float32)  # each point pushed out to the box's nearest face
    assert part.shape(*surface).min() > 0


@every_part
def test_a_ray_may_advance_by_the_distance_without_entering_the_part(name: str) -> None:
    part = PARTS[name]
    start = points([1.3 * half for half in part.extent])
    heading = np.random.default_rng(2).normal(size=start.shape).astype(np.float32)
    advance = np.maximum(part.shape(*start), 0) * heading / np.linalg.norm(heading, axis=0)
    outside = part.shape(*start) > 0
    assert part.shape(*(start + advance))[outside].min() > -0.01


def test_a_seed_gives_the_same_photo_each_time() -> None:
    assert render("washer-m8", seed=7).tobytes() == render("washer-m8", seed=7).tobytes()


def test_another_seed_gives_another_photo() -> None:
    assert difference(render("washer-m8", seed=7), render("washer-m8", seed=8)) > 3


def test_parts_with_the_same_seed_lie_on_different_tables() -> None:
    corners = [render(name, seed=5, difficulty=1).crop((0, 0, 80, 60)) for name in PARTS]
    assert all(ImageChops.difference(corners[0], corner).getbbox() for corner in corners[1:])


def test_photos_vary_more_when_they_are_more_difficult() -> None:
    easy, hard = (
        [render("hex-nut-m8", seed, difficulty=difficulty) for seed in range(6)] for difficulty in (0, 1)
    )
    spread = [np.mean([difference(a, b) for a, b in pairwise(photos)]) for photos in (easy, hard)]
    assert spread[1] > 2 * spread[0]


def test_a_part_aside_is_small_and_not_in_the_middle() -> None:
    photo = render_aside("star-knob-m8", seed=900).convert("L")
    aside, middle = (np.asarray(photo.crop(box)) for box in ((380, 250, 620, 430), (120, 60, 360, 240)))
    assert aside.std() > 2 * middle.std()


def test_a_series_leads_far_in_small_steps() -> None:
    photos = render_series("wing-nut-m8", seed=102, steps=6)
    steps = [difference(a, b) for a, b in pairwise(photos)]
    assert len(photos) == 6
    assert max(steps) < difference(photos[0], photos[-1])


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (
            lambda: render("left-handed-screwdriver", 1),
            "there is no part 'left-handed-screwdriver'.*hex-nut-m8",
        ),
        (lambda: render("washer-m8", 1, difficulty=1.5), "difficulty is 1.5.*from 0 to 1"),
        (lambda: render_series("washer-m8", 1, steps=1), "at least 2"),
    ],
)
def test_an_impossible_photo_is_explained(call: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        call()
