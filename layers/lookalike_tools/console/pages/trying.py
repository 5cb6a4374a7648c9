"""Try a photo: what the stack says of it, and why; and tell it what is right."""

from functools import partial
from typing import Any

import requests
from nicegui import ui

from lookalike.keys import Folder
from lookalike.matching.settings import Look
from lookalike.vision.boxes import Box, object_in_square
from lookalike_tools.console.addresses import picture_address, type_address
from lookalike_tools.console.stack import changes
from lookalike_tools.console.stack.changes import NamedPhoto
from lookalike_tools.console.stack.pictures import Pictures
from lookalike_tools.console.stack.survey import Picture, Survey, picture_of
from lookalike_tools.console.widgets.boxes import BoxedPhoto
from lookalike_tools.console.widgets.dialogs import ask_type
from lookalike_tools.console.widgets.drop import Drop
from lookalike_tools.console.widgets.layout import attempt, frame, on_change, show_picture, tell, text
from lookalike_tools.console.wording import headline, reasons
from lookalike_tools.live.queries import recognize_photo
from lookalike_tools.live.stack import StackError

ALL = ""
CANDIDATES = 3
"""Types that are shown of all."""

NEAREST, FEWER = 5, 3
"""References that are shown of the best type, and of the others."""


def show(survey: Survey, pictures: Pictures, of: str) -> None:
    """Build the page; `of` is the type that a photo is tried against, or empty for all."""
    with frame(survey, "/try", "Try"):
        TryPage(survey, pictures, of)


class TryPage:
    """The photo that is tried, and what is said of it."""

    def __init__(self, survey: Survey, pictures: Pictures, of: str) -> None:
        """Build the page."""
        self._survey, self._pictures = survey, pictures
        self._photo: NamedPhoto | None = None
        self._address = ""
        with ui.element("div").classes("row-of"):
            text("h1", "Try a photo").classes("grow")
            self._type = ui.select(self._options(of), label="Against", value=of, with_input=True)
            self._type.props("outlined dense").classes("search").on_value_change(self._ask)
        Drop("Drop a photo here, paste or choose one", self._take, multiple=False, paste=True, camera=True)
        self._status = ui.label().classes("quiet").props('role="status"')
        self._answer = ui.element("div").classes("stacked spread")
        on_change(survey, partial(self._offer_types, of))

    def _offer_types(self, of: str) -> None:
        self._type.set_options(self._options(of))

    def _options(self, of: str) -> dict[str, str]:
        named = {type_id: known.title if known else type_id for type_id, known in self._survey.types.items()}
        return {ALL: "all types"} | ({of: of} if of else {}) | named

    async def _take(self, photo: NamedPhoto) -> None:
        self._photo, self._address = photo, self._pictures.hold(photo.data)
        await self._ask()

    async def _ask(self) -> None:
        photo, type_id = self._photo, self._type.value or None
        if photo is None:
            return
        self._status.text = "Looking"
        answer = await attempt(partial(_ask_stack, self._survey, type_id, photo))
        self._status.text = ""
        self._answer.clear()
        if answer is None:
            return
        candidates = answer["candidates"][:CANDIDATES] if type_id is None else [answer]
        with self._answer:
            if not candidates:
                ui.label("There is no type to compare it with yet.")
            else:
                self._show(candidates, photo)

    def _show(self, candidates: list[dict[str, Any]], photo: NamedPhoto) -> None:
        best, *others = candidates
        with ui.element("div").classes("side-by-side"):
            with ui.element("div").classes("stacked"):
                BoxedPhoto(f"{self._address}/large", Box(*best["box"]), photo.name, margin=1)
                ui.label("The light part is what was compared.").classes("quiet small")
                self._show_verdicts(best)
            with ui.element("div").classes("stacked spread"):
                with ui.element("section").classes("panel"):
                    tone = "good" if best["match"] else "quiet"
                    text("h2", headline(best, self._title(best["type_id"]))).classes(f"answer {tone}")
                    _show_meter(best["score"], best["threshold"], tone)
                    ui.label(" ".join(reasons(best))).classes("small")
                    self._show_nearest(best, large=True)
                if others:
                    text("h2", "What else was near")
                for candidate in others:
                    with ui.element("section").classes("panel"):
                        text("h3", self._title(candidate["type_id"]))
                        _show_meter(candidate["score"], candidate["threshold"], "quiet")
                        self._show_nearest(candidate, large=False)

    def _show_nearest(self, candidate: dict[str, Any], *, large: bool) -> None:
        """The nearest references, the first of them large or all alike."""
        type_id = candidate["type_id"]
        with ui.element("div").classes("nearest"):
            for place, neighbour in enumerate(candidate["nearest"][: NEAREST if large else FEWER]):
                with ui.element("figure").classes("first" if large and place == 0 else ""):
                    address = picture_address(self._picture(type_id, neighbour["image"]))
                    show_picture(address)
                    text("figcaption", f"{neighbour['similarity']:.3f}").classes("quiet small")
        ui.link(f"All photos of {self._title(type_id)}", type_address(type_id)).classes("small")

    def _title(self, type_id: str) -> str:
        return self._options("").get(type_id, type_id)

    def _picture(self, type_id: str, key: str) -> Picture:
        """A reference, as the type's encodings know it."""
        known = self._survey.types.get(type_id)
        rows = known.encodings.rows if known and known.encodings else ()
        row = next((row for row in rows if row.image == key), None)
        return picture_of(row) if row else Picture(key, "")

    def _show_verdicts(self, best: dict[str, Any]) -> None:
        type_id = best["type_id"]
        title = self._title(type_id)
        with ui.element("div").classes("row-of").props('role="group" aria-label="What is right"'):
            ui.label("What is right?").classes("quiet")
            for words, action in (
                (f"It is {title}", partial(self._keep, type_id, best)),
                (f"It is not {title}", partial(self._keep, type_id, best, Folder.COUNTEREXAMPLES)),
                ("It is another", partial(self._keep_as_another, best)),
            ):
                ui.button(words, color=None, on_click=action).props("flat no-caps").classes("btn")

    async def _keep_as_another(self, answer: dict[str, Any]) -> None:
        if type_id := await ask_type(self._survey, "It is", answer["type_id"]):
            await self._keep(type_id, answer)

    async def _keep(self, type_id: str, answer: dict[str, Any], folder: Folder = Folder.IMAGES) -> None:
        """Put the photo to a type or what is none; if it was seen anywhere in it, with the place."""
        if self._photo is None:
            return
        box = object_in_square(Box(*answer["box"])) if answer["look"] == Look.ANYWHERE else None
        put = partial(changes.add_photos, self._survey.stack, type_id, [self._photo], [box], folder)
        if await attempt(put) is not None:
            counted = "counted as not one of" if folder is Folder.COUNTEREXAMPLES else "one of"
            tell(f"The photo is {counted} {type_id}'s now")


def _ask_stack(survey: Survey, type_id: str | None, photo: NamedPhoto) -> dict[str, Any]:
    """What the stack says of a photo, which joins nothing by that.

    Raises:
        StackError: it says why it can't tell.
    """
    response = recognize_photo(survey.stack, type_id, photo.data, photo.name, append=False)
    answer: dict[str, Any] = response.json()
    if response.status_code == requests.codes.service_unavailable:
        raise StackError(f"{answer['message']}. Try again in a moment")
    if response.status_code != requests.codes.ok:
        raise StackError(str(answer["message"]))
    return answer


def _show_meter(score: float, threshold: float, tone: str) -> None:
    """The score as a bar, and what it must exceed as a mark on it."""
    values = f"aria-valuemin=0 aria-valuemax=1 aria-valuenow={max(score, 0):.4f}"
    with ui.element("div").classes("meter").props(f'role="meter" aria-label="Score" {values}'):
        ui.element("div").classes(f"fill {tone}").style(f"width: {max(score, 0) * 100:.1f}%")
        with ui.element("div").classes("needed").style(f"left: {threshold * 100:.1f}%"):
            text("span", f"{threshold:g}")
