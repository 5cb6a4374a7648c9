"""A grid of pictures, of which only those on the screen are drawn."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nicegui.element import Element


@dataclass(frozen=True)
class Tile:
    """What a tile shows.

    Attributes:
        id: tells it from others.
        pictures: addresses of one picture or of up to four.
        title: the first line.
        note: the second line.
        words: the third line, after a dot of the tone's colour.
        tone: `good`, `look`, `bad` or `wait`.
        mark: a word on the picture.
        href: where it leads; a tile that can be chosen leads nowhere.
    """

    id: str
    pictures: Sequence[str] = ()
    title: str = ""
    note: str = ""
    words: str = ""
    tone: str = ""
    mark: str = ""
    href: str = ""


class Tiles(Element, component="tiles.js"):
    """A grid of tiles: links, or a list of which several can be chosen by mouse, finger or keyboard."""

    def __init__(
        self,
        label: str,
        *,
        width: int,
        foot: int,
        on_choose: Callable[[list[str]], Any] | None = None,
        on_open: Callable[[str], Any] | None = None,
        on_key: Callable[[str], Any] | None = None,
        keys: str = "",
    ) -> None:
        """Show no tiles yet.

        Args:
            label: what the grid holds, in words.
            width: of a tile, at least, in pixels.
            foot: height of the lines below the picture, in pixels.
            on_choose: called with the ids of the chosen tiles; None for tiles that are links.
            on_open: called with the id of a tile that is opened by a double click or Enter.
            on_key: called with a letter, or `Delete`, that was pressed on the grid.
            keys: the letters that `on_key` wants.
        """
        super().__init__()
        self._props["label"] = label
        self._props["width"] = width
        self._props["foot"] = foot
        self._props["choosable"] = on_choose is not None
        self._props["letters"] = keys
        self._props["items"] = []
        if on_choose:
            self.on("choose", lambda event: on_choose(event.args))
        if on_open:
            self.on("open", lambda event: on_open(event.args))
        if on_key:
            self.on("letter", lambda event: on_key(event.args))

    def show(self, tiles: Sequence[Tile]) -> None:
        """Show these tiles; what is chosen stays chosen, if it is among them."""
        items = [{name: value for name, value in asdict(tile).items() if value} for tile in tiles]
        if items != self._props["items"]:
            self._props["items"] = items
            self.update()

    def clear_choice(self) -> None:
        """Choose none."""
        self.run_method("clear")
