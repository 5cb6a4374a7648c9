"""A type: its photos, which of them do harm, and what to do about them."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from nicegui import run, ui

from lookalike.matching.encodings import Encodings, Rejection
from lookalike_tools.console.addresses import threshold_address, try_address
from lookalike_tools.console.pages.photo import look_at
from lookalike_tools.console.pages.settings import show_settings
from lookalike_tools.console.pages.type_photos import FILTERS, PhotoOf, list_photos, photo_tile
from lookalike_tools.console.stack import changes
from lookalike_tools.console.stack.changes import NamedPhoto
from lookalike_tools.console.stack.survey import Known, Survey
from lookalike_tools.console.widgets.dialogs import ask_type
from lookalike_tools.console.widgets.drop import Drop
from lookalike_tools.console.widgets.layout import attempt, frame, link, on_change, tell, text
from lookalike_tools.console.widgets.tiles import Tiles
from lookalike_tools.console.wording import count_photos, judge, number

MANY = 1_000
"""Photos of a type whose similarities take long enough to be felt."""

FIRST_SECONDS = 1.0
"""What the pictures of so many have to themselves."""


def show(survey: Survey, type_id: str) -> None:
    """Build the page."""
    with frame(survey, "/", type_id):
        TypePage(survey, type_id)


class TypePage:
    """A type's page: what is seen of it, and what is chosen."""

    def __init__(self, survey: Survey, type_id: str) -> None:
        """Build the page."""
        self._survey, self._type_id = survey, type_id
        self._chosen: list[str] = []
        self._last_removed: Sequence[str] = ()
        self._photos: dict[str, PhotoOf] = {}
        self._known: Known | None = None
        with ui.element("div").classes("row-of"):
            with ui.element("div").classes("grow"):
                self._title = text("h1", type_id)
                self._verdict = ui.label()
            link("Threshold", threshold_address(type_id))
            link("Try", try_address(type_id))
        self._take_photos()
        with ui.element("div").classes("row-of"):
            self._counted = ui.label().classes("quiet grow")
            self._filter = ui.toggle(list(FILTERS), value="All", on_change=self.refresh)
            self._filter.props('flat no-caps toggle-color=none toggle-text-color=none aria-label="Show"')
        self._tiles = Tiles(
            "Photos: arrow keys move, space chooses, shift chooses several, Enter opens",
            width=150,
            foot=48,
            on_choose=self._choose,
            on_open=self._open,
            on_key=self._press,
            keys="mnb",
        )
        self._rejected = ui.element("div").classes("stacked")
        show_settings(survey, type_id)
        self._bar = self._show_bar()
        self._undo_bar = self._show_undo()
        ui.timer(0, self.refresh, once=True)
        on_change(survey, self.refresh)

    async def refresh(self) -> None:
        """Show what is known now."""
        known = self._survey.types.get(self._type_id)
        if known is None and self._survey.looks and self._type_id not in self._survey.types:
            self._verdict.text = "There is no such type: drop photos of it below to make it"
            self._verdict.classes(replace="quiet")
            self._tiles.show([])
            return
        verdict = judge(known)
        self._title.text = known.title if known else self._type_id
        self._verdict.text = verdict.words
        self._verdict.classes(replace=f"tile-words {verdict.tone}")
        self._counted.text = count_photos(known)
        if known is None or known.encodings is None:
            return
        if known is not self._known:
            self._known = known
            self._show_rejected(known.encodings.rejected)
            if "similarities" not in vars(known):
                # The pictures come first.
                self._show_photos(known.encodings, None)
                await asyncio.sleep(FIRST_SECONDS if len(known.encodings.rows) > MANY else 0)
                await run.io_bound(lambda: known.similarities)
        if known is self._known and "similarities" in vars(known):
            self._show_photos(known.encodings, known.similarities)

    def _show_photos(self, encodings: Encodings, similarities: Sequence[float] | None) -> None:
        nearer = self._known.nearer if self._known else {}
        photos = list_photos(encodings, nearer, similarities)
        self._photos = {photo.row.image: photo for photo in photos}
        self._tiles.show([photo_tile(photo) for photo in photos if FILTERS[self._filter.value](photo)])

    def _show_rejected(self, rejected: Sequence[Rejection]) -> None:
        self._rejected.clear()
        if not rejected:
            return
        with self._rejected:
            text("h2", f"{number(len(rejected), 'photo')} can't be read")
            for entry in rejected[:100]:
                with ui.element("div").classes("row-of"):
                    with ui.element("div").classes("grow"):
                        ui.label(entry.image.rpartition("/")[2])
                        ui.label(entry.reason).classes("quiet small")
                    ui.button("Remove", color=None, on_click=partial(self._remove, [entry.image])).props(
                        "flat no-caps"
                    ).classes("btn")

    def _take_photos(self) -> None:
        waiting: list[NamedPhoto] = []

        async def add() -> None:
            photos = waiting[:]
            waiting.clear()
            if not photos:
                return
            put = await attempt(partial(changes.add_photos, self._survey.stack, self._type_id, photos))
            if put is not None:
                tell(f"{number(len(put), 'photo')} added; each shows once it is built")

        Drop("Drop more photos here, or choose them", waiting.append, add)

    def _show_bar(self) -> ui.element:
        """What can be done with the chosen photos; there while any are."""
        with ui.element("div").classes("choice").props('role="toolbar" aria-label="Chosen photos"') as bar:
            self._choice = ui.label().props('role="status"')
            self._action("Remove", "Del", self._remove_chosen, "danger")
            self._action("Move", "M", self._move_chosen)
            self._not_one = self._action("Not one", "N", self._mark_chosen)
            self._box = self._action("Look", "B", self._open_chosen)
            self._action("Clear", "Esc", self._tiles.clear_choice, "plain")
        bar.visible = False
        return bar

    def _show_undo(self) -> ui.element:
        """What was removed last, and a button that brings it back."""
        with ui.element("div").classes("choice").props('role="status"') as bar:
            self._removed = ui.label()
            button = ui.button("Undo", color=None, on_click=self._undo)
            button.props("flat no-caps").classes("btn")
        bar.visible = False
        return bar

    def _action(self, words: str, key: str, action: Callable[[], object], kind: str = "") -> ui.button:
        button = ui.button(color=None, on_click=action).props("flat no-caps").classes(f"btn {kind}")
        with button:
            ui.label(words)
            text("kbd", key).props("aria-hidden=true")
        return button

    def _choose(self, chosen: list[str]) -> None:
        self._chosen = chosen
        self._choice.text = f"{len(chosen):,} chosen"
        self._bar.visible = bool(chosen)
        if chosen:
            self._undo_bar.visible = False
        self._box.visible = len(chosen) == 1
        self._not_one.visible = bool(self._showing(chosen))

    async def _press(self, key: str) -> None:
        if self._chosen:
            await {
                "Delete": self._remove_chosen,
                "m": self._move_chosen,
                "n": self._mark_chosen,
                "b": self._open_chosen,
            }[key]()

    async def _open(self, photo: str) -> None:
        if photo in self._photos:
            await look_at(self._survey, self._photos[photo])

    async def _open_chosen(self) -> None:
        await self._open(self._chosen[0])

    async def _remove_chosen(self) -> None:
        await self._remove(self._chosen)

    async def _remove(self, photos: Sequence[str]) -> None:
        removed = await attempt(partial(changes.remove_photos, self._survey.stack, photos))
        if removed is None:
            return
        self._tiles.clear_choice()
        self._last_removed = photos
        self._removed.text = f"{number(removed, 'photo')} removed"
        self._undo_bar.visible = True

    async def _undo(self) -> None:
        self._undo_bar.visible = False
        restore = partial(changes.restore_photos, self._survey.stack, self._last_removed)
        await attempt(restore, "They are back in a moment")

    async def _move_chosen(self) -> None:
        photos = self._chosen
        target = await ask_type(self._survey, f"Move {number(len(photos), 'photo')} to", self._type_id)
        if not target:
            return
        moved = await attempt(partial(changes.move_photos, self._survey.stack, photos, target))
        if moved is not None:
            self._tiles.clear_choice()
            tell(f"{number(len(moved), 'photo')} moved to {target}")

    def _showing(self, photos: Sequence[str]) -> list[str]:
        """Those of some photos that are not marked as none yet."""
        return [photo for photo in photos if photo in self._photos and self._photos[photo].shows_it]

    async def _mark_chosen(self) -> None:
        photos = self._showing(self._chosen)
        mark = partial(changes.refuse_photos, self._survey.stack, photos)
        if photos and (marked := await attempt(mark)) is not None:
            self._tiles.clear_choice()
            tell(f"{number(len(marked), 'photo')} counted as not one from now on")
