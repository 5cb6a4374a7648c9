"""A photo with the part that counts on it, which can be drawn anew."""

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments, MouseEventArguments

from lookalike.vision.boxes import REFERENCE_MARGIN, Box, round_box, square_around
from lookalike_tools.console.widgets.layout import name_element

SMALLEST = 0.02
"""The shortest side of a box that is drawn, in parts of the photo: a click draws none."""

HIGHEST = 46
"""Height of a photo at most, in parts of a hundred of the window's."""


class BoxedPhoto:
    """A photo, dark but for the part that counts: a box, or the middle square.

    Attributes:
        box: where the object is; None for the middle.
    """

    def __init__(
        self,
        address: str,
        box: Box | None,
        label: str,
        on_draw: Callable[[Box], None] | None = None,
        margin: float = REFERENCE_MARGIN,
    ) -> None:
        """Show a photo.

        Args:
            address: of the large picture.
            box: where the object is at first.
            label: what the photo is, in words.
            on_draw: called with each box that the pointer draws; None where none is to be drawn.
            margin: how many times as wide as the box is the part that counts.
        """
        events = ["pointerdown", "pointermove", "pointerup"] if on_draw else []
        self.box = box
        self._on_draw, self._margin = on_draw, margin
        self._size = (1.0, 1.0)
        self._start: tuple[float, float] | None = None
        self._image = ui.interactive_image(address, on_mouse=self._follow, events=events, sanitize=False)
        self._image.classes("photo drawable" if on_draw else "photo")
        self._image.props("role=img")
        name_element(self._image, label)
        self._image.on("loaded", self._measure, args=["width", "height"])

    def show(self, box: Box | None) -> None:
        """Show another box."""
        self.box = box
        width, height = self._size
        if width <= 1:
            return
        square = square_around(box or Box(0, 0, 1, 1), int(width), int(height), self._margin)
        outline = _outline(box, width, height) if box and self._margin > 1 else ""
        self._image.content = _dark_but(square, width, height) + outline

    def _measure(self, event: GenericEventArguments) -> None:
        width, height = event.args["width"], event.args["height"]
        self._size = (width, height)
        # The element around it has the label; the picture itself needs an empty one.
        ui.run_javascript(f'getElement({self._image.id}).$refs.img.alt = ""')
        self._image.style(f"width: min(100%, {HIGHEST * width / height:.1f}vh)")
        self.show(self.box)

    def _follow(self, event: MouseEventArguments) -> None:
        x = min(max(event.image_x / self._size[0], 0), 1)
        y = min(max(event.image_y / self._size[1], 0), 1)
        if event.type == "pointerdown":
            self._start = (x, y)
        if self._start is None or self._on_draw is None:
            return
        left, top = self._start
        box = Box(min(left, x), min(top, y), max(left, x), max(top, y))
        if min(box.x1 - box.x0, box.y1 - box.y0) >= SMALLEST:
            self.show(round_box(box))
            self._on_draw(round_box(box))
        if event.type == "pointerup":
            self._start = None


def _dark_but(part: Box, width: float, height: float) -> str:
    left, top, right, bottom = part.pixels(int(width), int(height))
    return (
        f'<path fill="#000" fill-opacity=".5" fill-rule="evenodd" d="M0 0H{width}V{height}H0Z'
        f'M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}V{top:.1f}Z"/>'
    )


def _outline(box: Box, width: float, height: float) -> str:
    left, top, right, bottom = box.pixels(int(width), int(height))
    place = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" fill="none"'
    line = max(width, height) / 220
    return (
        f'<rect {place} stroke="#fff" stroke-width="{2 * line:.1f}"/>'
        f'<rect {place} stroke="#1d5c7a" stroke-width="{line:.1f}"/>'
    )
