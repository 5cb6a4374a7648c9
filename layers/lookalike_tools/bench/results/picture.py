"""The benchmark as a picture: a bar for each contender."""

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN, LABELS, BAR, GAP = 1000, 24, 200, 26, 8
OURS, OTHERS, INK, PAPER = "#2a6f4e", "#b9c0c7", "#1d2329", "#ffffff"


def draw_picture(report: dict[str, Any], path: Path) -> None:
    """Draw what each contender takes for two photos and a cold start, and its memory."""
    cold = report["cold"].items()
    panels = [
        (
            "12-megapixel JPEG to encoding, ms",
            {name: 1000 * taken for name, taken in report["phone"].items()},
        ),
        ("400x300 JPEG to encoding, ms", {name: 1000 * taken for name, taken in report["small"].items()}),
        ("Cold start to first encoding, ms", {name: 1000 * start["seconds"] for name, start in cold}),
        ("Peak memory of that process, MB", {name: start["peak_bytes"] / 1e6 for name, start in cold}),
    ]
    step = BAR + GAP
    panel_height = 44 + step * len(report["phone"])
    height = MARGIN + len(panels) * panel_height + 40
    picture = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(picture)
    heading, text = ImageFont.load_default(20), ImageFont.load_default(16)
    for index, (title, values) in enumerate(panels):
        y = MARGIN + index * panel_height
        draw.text((MARGIN, y), title, INK, heading)
        room = WIDTH - 2 * MARGIN - LABELS - 70
        for row, (name, value) in enumerate(values.items()):
            top = y + 32 + row * step
            length = max(2, room * value / max(values.values()))
            draw.text((MARGIN, top + 4), name, INK, text)
            colour = OURS if name.startswith("Lookalike") else OTHERS
            left = MARGIN + LABELS
            draw.rectangle((left, top, left + length, top + BAR), colour)
            draw.text((left + length + 8, top + 4), f"{value:,.0f}", INK, text)
    weights = "random weights of CLIP's size" if report["random_weights"] else "CLIP"
    draw.text((MARGIN, height - 34), f"ViT-B/32, {weights}; 2 threads each; medians", INK, text)
    picture.save(path, optimize=True)
