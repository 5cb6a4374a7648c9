"""One photo of a type: large, with where its object is, which can be drawn anew."""

from functools import partial

from nicegui import ui

from lookalike.errors import InvalidBoxError
from lookalike.matching.encodings import Origin
from lookalike.vision.boxes import Box, make_box
from lookalike_tools.console.addresses import picture_address
from lookalike_tools.console.pages.type_photos import ORIGINS, PhotoOf
from lookalike_tools.console.stack import changes
from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.widgets.boxes import BoxedPhoto
from lookalike_tools.console.widgets.dialogs import answer_of
from lookalike_tools.console.widgets.layout import attempt, tell, tell_refused, text

EDGES = ("Left", "Top", "Right", "Bottom")


async def look_at(survey: Survey, photo: PhotoOf) -> None:
    """Show a photo in a dialog, until it is closed; where the object is can be drawn, or typed in percent."""
    editable = photo.row.origin is Origin.UPLOADED
    with ui.dialog() as dialog, ui.card():
        dialog.props('aria-label="A photo"')
        text("h2", photo.name).classes("fold")
        ui.label(_describe(photo)).classes("quiet small")
        edges: list[ui.number] = []
        shown = BoxedPhoto(
            picture_address(photo.picture, "large"),
            photo.picture.box,
            photo.name,
            (lambda box: _fill(edges, box)) if editable else None,
        )
        if editable:
            ui.label("Draw a box around the object. The light part is what is compared.").classes(
                "quiet small"
            )
            with ui.element("div").classes("row-of"):
                for edge in EDGES:
                    field = ui.number(edge, min=0, max=100, step=1, suffix="%", format="%.4g").props(
                        "outlined dense"
                    )
                    edges.append(field.classes("edge"))
            _fill(edges, photo.row.box)
            for field in edges:
                field.on("change", lambda: shown.show(_read(edges, tell=False)))
        with ui.element("div").classes("row-of"):
            if editable:
                save = ui.button("Save", color=None, on_click=lambda: dialog.submit("save"))
                save.props("flat no-caps").classes("btn main")
                middle = ui.button("The middle", color=None, on_click=lambda: _clear(edges, shown))
                middle.props("flat no-caps").classes("btn")
            close = ui.button("Close", color=None, on_click=dialog.close)
            close.props("flat no-caps").classes("btn")
    if await answer_of(dialog) == "save" and (box := _read(edges, tell=True)) != photo.row.box:
        put = await attempt(partial(changes.set_box, survey.stack, photo.row.image, box))
        if put is not None:
            tell("The box is kept; the photo is encoded anew in a moment")


def _describe(photo: PhotoOf) -> str:
    parts = [ORIGINS[photo.row.origin], photo.row.time.replace("T", " ")[:16]]
    if photo.similarity is not None:
        parts.append(f"{photo.similarity:.3f} alike to the nearest other")
    if photo.nearer:
        parts.append(f"resembles {photo.nearer} more")
    return ", ".join(parts)


def _fill(edges: list[ui.number], box: Box | None) -> None:
    for field, edge in zip(edges, box or (None,) * 4, strict=False):
        field.value = None if edge is None else round(edge * 100, 1)


def _clear(edges: list[ui.number], shown: BoxedPhoto) -> None:
    _fill(edges, None)
    shown.show(None)


def _read(edges: list[ui.number], *, tell: bool) -> Box | None:
    """The box that is typed or drawn; None for the middle, and where there is no box yet."""
    values = [field.value for field in edges]
    if any(value is None for value in values):
        return None
    try:
        return make_box([float(value) / 100 for value in values])
    except InvalidBoxError as error:
        if tell:
            tell_refused([str(error)])
        return None
