"""All types: what they look like, and how they are."""

from functools import partial

from nicegui import ui

from lookalike_tools.console.addresses import picture_address, type_address
from lookalike_tools.console.stack import changes
from lookalike_tools.console.stack.changes import NamedPhoto
from lookalike_tools.console.stack.survey import Known, Survey
from lookalike_tools.console.widgets.dialogs import ask_name
from lookalike_tools.console.widgets.drop import Drop
from lookalike_tools.console.widgets.layout import attempt, frame, on_change, tell, text
from lookalike_tools.console.widgets.tiles import Tile, Tiles
from lookalike_tools.console.wording import count_photos, judge, number

AT_ONCE = 8
"""Photos put between two steps of the progress."""

FILTERS = {
    "All": ("good", "look", "bad", "wait"),
    "To look at": ("look", "bad"),
    "Ready": ("good",),
}


def show(survey: Survey) -> None:
    """Build the page."""
    with frame(survey, "/", "Types"):
        with ui.element("div").classes("row-of"):
            text("h1", "Types").classes("grow")
            search = ui.input("Search").props("outlined dense clearable").classes("search")
        _show_how_to_start(survey)
        _take_new_type(survey)
        with ui.element("div").classes("row-of"):
            counted = ui.label().classes("quiet grow")
            chosen = ui.toggle(list(FILTERS), value="All").props(
                'flat no-caps toggle-color=none toggle-text-color=none aria-label="Show"'
            )
        tiles = Tiles("Types", width=220, foot=78)

        def refresh() -> None:
            wanted = (search.value or "").strip().lower()
            shown = [
                _tile(type_id, known)
                for type_id, known in survey.types.items()
                if judge(known).tone in FILTERS[chosen.value]
                and (wanted in type_id.lower() or (known is not None and wanted in known.title.lower()))
            ]
            all_types = number(len(survey.types), "type")
            counted.text = all_types if len(shown) == len(survey.types) else f"{len(shown):,} of {all_types}"
            counted.visible = chosen.visible = bool(survey.types)
            tiles.show(shown)

        search.on_value_change(refresh)
        chosen.on_value_change(refresh)
        refresh()
        on_change(survey, refresh)


def _tile(type_id: str, known: Known | None) -> Tile:
    verdict = judge(known)
    return Tile(
        id=type_id,
        pictures=[picture_address(picture) for picture in known.pictures()] if known else [],
        title=known.title if known else type_id,
        note=count_photos(known),
        words=verdict.words,
        tone=verdict.tone,
        href=type_address(type_id),
    )


def _show_how_to_start(survey: Survey) -> None:
    """What to do first, while there are no types."""
    with ui.element("div").classes("empty") as empty:
        text("h2", "Show it what it should know")
        ui.label(
            "Drop some photos of one thing below, five or more from different sides, and name it. "
            "A second thing makes it tell them apart."
        )

    def look() -> None:
        empty.visible = survey.looks > 0 and not survey.types

    look()
    on_change(survey, look)


def _take_new_type(survey: Survey) -> None:
    waiting: list[NamedPhoto] = []

    async def name_it() -> None:
        photos = waiting[:]
        waiting.clear()
        if photos and (name := await ask_name(survey, len(photos))):
            await _put(survey, name, photos, progress)

    Drop(
        "Drop photos of a new type here, or choose them",
        waiting.append,
        name_it,
        hint="Five or more, from different sides",
    )
    with ui.element("div").classes("row-of"):
        progress = ui.label().classes("quiet").props('role="status"')
    progress.bind_visibility_from(progress, "text", bool)


async def _put(survey: Survey, name: changes.TypeName, photos: list[NamedPhoto], progress: ui.label) -> None:
    """Put photos to a type, and tell how far it is until they are built."""
    for start in range(0, len(photos), AT_ONCE):
        progress.text = f"{name.title}: {start} of {number(len(photos), 'photo')} put"
        batch = photos[start : start + AT_ONCE]
        if await attempt(partial(changes.add_photos, survey.stack, name.type_id, batch)) is None:
            progress.text = ""
            return
    if name.title != name.type_id:
        await attempt(partial(changes.set_title, survey.stack, name))
    progress.text = f"{name.title}: {number(len(photos), 'photo')} put, being built"

    def look() -> None:
        known = survey.types.get(name.type_id)
        if known and known.encodings:
            built = len(known.encodings.rows) + len(known.encodings.rejected)
            if built >= len(photos):
                progress.text = ""
                timer.cancel()
                tell(f"{name.title} is built")
            else:
                progress.text = f"{name.title}: {built} of {number(len(photos), 'photo')} built"

    timer = ui.timer(0.5, look)
