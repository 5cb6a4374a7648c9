"""How a photo is taken: pose, light, table and camera, drawn at random."""

from dataclasses import dataclass

import numpy as np

from lookalike_tools.parts.surfaces import SURFACES


@dataclass(frozen=True)
class View:
    """One way to take a photo. Angles in degrees; the frame's height and the pixel are units of length."""

    surface: str
    tones: int
    table_turn: float
    table_x: float  # mm
    table_y: float
    boldness: float  # of the table's colours and pattern, 0 (plain light grey) .. 1
    spin: float  # of the part about the vertical
    elevation: float  # of the camera above the table
    roll: float  # of the camera
    fill: float  # the part's diameter in frame heights
    shift_x: float  # of the part from the middle, in frame heights
    shift_y: float
    light_azimuth: float
    light_elevation: float
    contrast: float  # the lamp's share of the light, 0..1
    softness: float  # the lamp's apparent radius, radians
    exposure: float  # EV
    warmth: float  # -1 bluish .. 1 yellowish
    blur: float  # pixels
    grain: float  # sensor noise at mid grey, 0..1


# Middle, and the spread around it at difficulty 0 and at difficulty 1.
RANGES: dict[str, tuple[float, float, float]] = {
    "spin": (0, 4, 150),
    "elevation": (58, 2, 30),
    "roll": (0, 1, 25),
    "fill": (0.66, 0.02, 0.24),
    "shift_x": (0, 0.02, 0.20),
    "shift_y": (0, 0.01, 0.12),
    "light_azimuth": (40, 6, 180),
    "light_elevation": (54, 2, 26),
    "contrast": (0.55, 0.02, 0.35),
    "softness": (0.16, 0.01, 0.13),
    "exposure": (0, 0.05, 1.0),
    "warmth": (0, 0.05, 1),
    "blur": (0.7, 0.05, 0.6),
    "grain": (0.014, 0.002, 0.013),
}


def draw_view(rng: np.random.Generator, difficulty: float) -> View:
    """Draw a view; for the same draws it changes steadily with `difficulty` (0..1), on the same table."""
    surface = str(rng.choice(list(SURFACES)))
    tones = int(rng.integers(len(SURFACES[surface].tones)))
    table_turn, table_x, table_y = rng.uniform(0, 360), rng.uniform(0, 100), rng.uniform(0, 100)
    draws = {
        name: float(middle + np.sin(rng.uniform(-np.pi, np.pi)) * (easy + difficulty * (hard - easy)))
        for name, (middle, easy, hard) in RANGES.items()
    }
    return View(
        surface=surface,
        tones=tones,
        table_turn=table_turn,
        table_x=table_x,
        table_y=table_y,
        boldness=0.1 + 0.9 * difficulty,
        **draws,
    )
