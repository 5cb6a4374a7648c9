"""What joined types by itself, the most doubtful first, for a person to decide by one key each."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from nicegui import ui
from nicegui.events import KeyEventArguments

from lookalike.vision.boxes import Box
from lookalike_tools.console import decisions
from lookalike_tools.console.addresses import picture_address, type_address
from lookalike_tools.console.decisions import Decision
from lookalike_tools.console.dialogs import ask_type
from lookalike_tools.console.layout import attempt, frame, on_change, text
from lookalike_tools.console.survey import Known, Picture, Survey
from lookalike_tools.console.wording import number
from lookalike_tools.live.appended import AppendedImage, find_appended


@dataclass(frozen=True)
class Question:
    """An appended photo that nobody has decided about.

    Attributes:
        known: the type that it joined.
        image: the photo, and the uploaded one most like it.
        nearer: another type that it resembles more; None if there is none.
    """

    known: Known
    image: AppendedImage
    nearer: str | None


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


def how_doubtful(question: Question) -> tuple[bool, float, str]:
    """Sorts questions: those first that resemble another type more, then the least alike."""
    return question.nearer is None, question.image.similarity, question.image.key


class ReviewPage:
    """The question that is shown, and what was decided before."""

    def __init__(self, survey: Survey) -> None:
        """Build the page."""
        self._survey = survey
        self._put_off: set[str] = set()
        self._decided: list[Decision] = []
        self._shown: Question | None = None
        self._busy = False
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

    def _button(self, key: str, label: str) -> ui.button:
        kind = {"y": "main", "n": "danger"}.get(key, "")
        button = ui.button(color=None, on_click=self._actions[key]).props("flat no-caps")
        with button.classes(f"btn {kind}"):
            ui.label(label)
            text("kbd", key.upper()).props("aria-hidden=true")
        return button

    def _refresh(self) -> None:
        decided = {decision.photo for decision in self._decided}
        waiting = [each for each in find_questions(self._survey) if each.image.key not in decided]
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
            self._show_photo(known, image.key, f"appended, {image.filename or image.name}", image.box)
            if image.nearest:
                self._show_photo(known, image.nearest, f"its nearest reference, {image.similarity:.3f} alike")
        with ui.element("div").classes("row-of"):
            if question.nearer:
                ui.label(f"It resembles {question.nearer} more.").classes("bad")
            ui.link(f"All photos of {known.title}", type_address(known.type_id)).classes("small")

    def _show_photo(self, known: Known, key: str, words: str, box: Box | None = None) -> None:
        rows = known.encodings.rows if known.encodings else ()
        row = next((row for row in rows if row.image == key), None)
        picture = Picture(key, row.etag if row else "", row.box if row else box)
        with ui.element("figure"):
            ui.element("img").props(f'src="{picture_address(picture)}" alt="{words.partition(",")[0]}"')
            text("figcaption", words).classes("quiet small fold")

    def _say_done(self, put_off: int) -> None:
        with ui.element("div").classes("empty"):
            if put_off:
                text("h2", f"{number(put_off, 'photo')} skipped")
                ui.label("They come again when this page is opened again.")
            elif self._survey.looked:
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
