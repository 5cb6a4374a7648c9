"""What joined types by itself or nearly matched, the most doubtful first, to be decided by one key each."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from nicegui import run, ui
from nicegui.events import KeyEventArguments

from lookalike.keys import file_name
from lookalike.vision.boxes import Box, object_in_square
from lookalike_tools.console.addresses import picture_address, type_address
from lookalike_tools.console.stack import decisions
from lookalike_tools.console.stack.decisions import Decision
from lookalike_tools.console.stack.survey import Known, Picture, Survey, picture_of
from lookalike_tools.console.widgets.dialogs import ask_type
from lookalike_tools.console.widgets.layout import attempt, frame, on_change, show_picture, text
from lookalike_tools.console.wording import number
from lookalike_tools.live.api import list_missed
from lookalike_tools.live.bucket.appended import AppendedImage, find_appended
from lookalike_tools.live.stack import StackError

MISSED_SECONDS = 3.0
"""Between two looks for missed photos."""


@dataclass(frozen=True)
class Question:
    """A photo that nobody has decided about.

    Attributes:
        known: the type that it joined, or came closest to.
        image: the photo, and the reference most like it.
        nearer: another type that it resembles more; None if there is none.
        short: by how much its score missed the threshold; None if it joined.
    """

    known: Known
    image: AppendedImage
    nearer: str | None = None
    short: float | None = None


def show(survey: Survey) -> None:
    """Build the page."""
    with frame(survey, "/review", "Review"):
        ReviewPage(survey)


def find_questions(survey: Survey) -> Iterator[Question]:
    """All appended photos of a stack."""
    for known in survey.types.values():
        if known is None or known.encodings is None:
            continue
        numbers = {row.image: index for index, row in enumerate(known.encodings.rows)}
        for image in find_appended(known.encodings):
            yield Question(known, image, known.nearer.get(numbers[image.key]))


def ask_of_missed(survey: Survey, missed: Sequence[Mapping[str, Any]]) -> Iterator[Question]:
    """What is to be asked of missed photos, as `GET /missed` lists them."""
    for entry in missed:
        if known := survey.types.get(entry["type_id"]):
            image = AppendedImage(
                name=file_name(entry["photo"]),
                filename=entry["filename"],
                key=entry["photo"],
                nearest=entry["nearest"],
                similarity=-1.0 if entry["similarity"] is None else entry["similarity"],
                box=object_in_square(Box(*entry["box"])) if entry["box"] else None,
            )
            yield Question(known, image, short=entry["threshold"] - entry["score"])


def how_doubtful(question: Question) -> tuple[int, float, str]:
    """Sorts questions: what joined and resembles another type more, what nearly matched, what else joined."""
    if question.short is not None:
        return 1, question.short, question.image.key
    return (2 if question.nearer is None else 0), question.image.similarity, question.image.key


class ReviewPage:
    """The question that is shown, and what was decided before."""

    def __init__(self, survey: Survey) -> None:
        """Build the page."""
        self._survey = survey
        self._put_off: set[str] = set()
        self._decided: list[Decision] = []
        self._shown: Question | None = None
        self._busy = False
        self._missed: list[dict[str, Any]] = []
        with ui.element("div").classes("row-of"):
            text("h1", "Review").classes("grow")
            self._left = ui.label().classes("quiet").props('role="status"')
        self._place = ui.element("div").classes("stacked spread")
        self._actions: dict[str, Callable[[], Awaitable[None]]] = {
            "y": partial(self._decide, decisions.confirm),
            "n": partial(self._decide, decisions.refuse),
            "a": self._decide_another,
            "s": self._skip,
            "u": self._undo,
        }
        with ui.element("div").classes("decide").props('role="toolbar" aria-label="Decide"'):
            words = {"y": "Yes, it is", "n": "No", "a": "Another", "s": "Skip", "u": "Undo"}
            self._buttons = {key: self._button(key, label) for key, label in words.items()}
        ui.keyboard(self._press, repeating=False, ignore=["input", "select", "textarea"])
        self._refresh()
        on_change(survey, self._refresh)
        ui.timer(MISSED_SECONDS, self._look_for_missed)

    async def _look_for_missed(self) -> None:
        if self._survey.trouble is not None or self._busy:
            return
        try:
            missed = await run.io_bound(list_missed, self._survey.stack)
        except StackError:
            return  # the next look at the stack tells what is wrong
        if missed is not None and missed != self._missed:
            self._missed = missed
            self._refresh()

    def _button(self, key: str, label: str) -> ui.button:
        kind = {"y": "main", "n": "danger"}.get(key, "")
        button = ui.button(color=None, on_click=self._actions[key]).props("flat no-caps")
        with button.classes(f"btn {kind}"):
            ui.label(label)
            text("kbd", key.upper()).props("aria-hidden=true")
        return button

    def _refresh(self) -> None:
        decided = {decision.photo for decision in self._decided}
        found = chain(find_questions(self._survey), ask_of_missed(self._survey, self._missed))
        waiting = [each for each in found if each.image.key not in decided]
        fresh = [each for each in waiting if each.image.key not in self._put_off]
        unread = sum(known is None for known in self._survey.types.values())
        self._left.text = f"{len(waiting):,} left" + (
            f", {number(unread, 'type')} not read yet" if unread else ""
        )
        question = min(fresh, key=how_doubtful, default=None)
        for key in "ynas":
            self._buttons[key].visible = question is not None
        self._buttons["u"].set_enabled(bool(self._decided))
        if question is None or self._shown is None or question.image.key != self._shown.image.key:
            self._shown = question
            self._place.clear()
            with self._place:
                self._ask(question) if question else self._say_done(len(waiting))

    def _ask(self, question: Question) -> None:
        known, image = question.known, question.image
        text("h2", f"Is this {known.title}?").classes("answer").props("tabindex=-1")
        with ui.element("div").classes("pair"):
            how = "appended" if question.short is None else "nearly matched"
            self._show_photo(known, image.key, f"{how}, {image.filename or image.name}", image.box)
            if image.nearest:
                self._show_photo(known, image.nearest, f"its nearest reference, {image.similarity:.3f} alike")
        with ui.element("div").classes("row-of"):
            if question.nearer:
                ui.label(f"It resembles {question.nearer} more.").classes("bad")
            if question.short is not None:
                ui.label(f"It did not match: its score is {question.short:.3f} short.").classes("look")
            ui.link(f"All photos of {known.title}", type_address(known.type_id)).classes("small")

    def _show_photo(self, known: Known, key: str, words: str, box: Box | None = None) -> None:
        rows = known.encodings.rows if known.encodings else ()
        row = next((row for row in rows if row.image == key), None)
        picture = picture_of(row) if row else Picture(key, "", box)
        with ui.element("figure"):
            show_picture(picture_address(picture), words.partition(",")[0])
            text("figcaption", words).classes("quiet small fold")

    def _say_done(self, put_off: int) -> None:
        with ui.element("div").classes("empty"):
            if put_off:
                text("h2", f"{number(put_off, 'photo')} skipped")
                ui.label("They come again when this page is opened again.")
            elif self._survey.looks:
                text("h2", "Nothing to review")
                ui.label("Photos that match join their type by themselves: each of them comes here once.")

    async def _press(self, event: KeyEventArguments) -> None:
        plain = not (event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta)
        action = self._actions.get(event.key.name.lower())
        if event.action.keydown and plain and action:
            await action()

    async def _decide(self, decide: decisions.Decide) -> None:
        question = self._shown
        if question is None or self._busy:
            return
        self._busy = True
        try:
            decision = await attempt(partial(decide, self._survey.stack, question.image.key))
        finally:
            self._busy = False
        if decision is not None:
            self._decided.append(decision)
            self._refresh()

    async def _decide_another(self) -> None:
        question = self._shown
        if question is None or self._busy:
            return
        target = await ask_type(self._survey, "It is", question.known.type_id)
        if target and question is self._shown:
            await self._decide(partial(decisions.move, type_id=target))

    async def _skip(self) -> None:
        if self._shown is not None:
            self._put_off.add(self._shown.image.key)
            self._refresh()

    async def _undo(self) -> None:
        if not self._decided or self._busy:
            return
        decision = self._decided.pop()
        if await attempt(partial(decisions.undo, self._survey.stack, decision)) is None:
            self._decided.append(decision)
        self._put_off.discard(decision.photo)
        self._refresh()
