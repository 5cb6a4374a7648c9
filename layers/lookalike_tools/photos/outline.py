"""Boxes drawn on pictures."""

from PIL import Image, ImageDraw

from lookalike.vision.boxes import Box

HALO = "#ffffff"


def draw_box(picture: Image.Image, box: Box, colour: str, width: int = 3) -> None:
    """Draw a box on an upright picture, with a thin halo, to be seen on any ground.

    Args:
        picture: RGB; it is changed.
        box: where.
        colour: of the line.
        width: of the line, in pixels.
    """
    left, top, right, bottom = (round(edge) for edge in box.pixels(*picture.size))
    draw = ImageDraw.Draw(picture)
    # The halo lies within the line as well as outside of it.
    draw.rectangle(
        (left - 1, top - 1, max(right, left + 1), max(bottom, top + 1)), outline=HALO, width=width + 2
    )
    draw.rectangle((left, top, max(right - 1, left), max(bottom - 1, top)), outline=colour, width=width)
