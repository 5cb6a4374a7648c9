"""Questions that are asked in a dialog."""

from typing import cast

from nicegui import ui

from lookalike.keys import is_type_id
from lookalike_tools.console.stack.changes import TypeName
from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.widgets.layout import name_element, on_change, text
from lookalike_tools.console.wording import number
from lookalike_tools.photos.folders import offer_type_id


async def answer_of(dialog: ui.dialog) -> object:
    """What is answered in a dialog, which is gone then; None if it is closed, or the page is left."""
    answer = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return answer


async def ask_name(survey: Survey, photos: int) -> TypeName | None:
    """Ask what a new type is called; None if it is not to be."""
    with ui.dialog() as dialog, ui.card():
        _heading("A new type", dialog)
        ui.label(f"{number(photos, 'photo')} of it are here.").classes("quiet")
        name = ui.input("What is it called?").props("outlined autofocus").classes("wide")
        becomes = ui.label().classes("quiet small")
        with ui.element("div").classes("row-of"):
            add = ui.button("Add", color=None, on_click=lambda: dialog.submit(_name(name.value)))
            add.props("flat no-caps").classes("btn main")
            ui.button("Cancel", color=None, on_click=dialog.close).props("flat no-caps").classes("btn")

        def look() -> None:
            found = _name(name.value)
            add.set_enabled(found is not None)
            if found is None:
                becomes.text = "A letter from a to z or a digit at least"
            elif found.type_id in survey.types:
                becomes.text = f"{found.type_id} is there already: the photos join it"
            else:
                becomes.text = f"It becomes the type {found.type_id}"

        name.on_value_change(look)
        name.on("keydown.enter", lambda: dialog.submit(_name(name.value)) if add.enabled else None)
        look()
    return cast(TypeName | None, await answer_of(dialog))


async def ask_type(survey: Survey, question: str, without: str = "") -> str | None:
    """Ask for one of the types; None if it is not to be.

    Args:
        survey: knows the types.
        question: what it is asked for.
        without: a type that is not offered.
    """

    def options() -> dict[str, str]:
        titles = {type_id: known.title if known else type_id for type_id, known in survey.types.items()}
        return {type_id: title for type_id, title in titles.items() if type_id != without}

    with ui.dialog() as dialog, ui.card():
        _heading(question, dialog)
        select = ui.select(options(), label="Type", with_input=True).props("outlined autofocus")
        select.classes("wide")
        on_change(survey, lambda: _offer(select, options()))
        with ui.element("div").classes("row-of"):
            go = ui.button("Go on", color=None, on_click=lambda: dialog.submit(select.value))
            go.props("flat no-caps").classes("btn main").bind_enabled_from(select, "value", bool)
            ui.button("Cancel", color=None, on_click=dialog.close).props("flat no-caps").classes("btn")
    return cast(str | None, await answer_of(dialog))


def _offer(select: ui.select, options: dict[str, str]) -> None:
    select.set_options(options)


def _heading(words: str, dialog: ui.dialog) -> None:
    """The dialog's heading, which names it for those who don't see it."""
    name_element(dialog, words)
    text("h2", words)


def _name(written: str | None) -> TypeName | None:
    title = (written or "").strip()
    type_id = title if is_type_id(title) else offer_type_id(title)
    return TypeName(type_id, title) if type_id else None
