"""What all pages have: the header, the stack's troubles, and actions that tell when they fail."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from nicegui import run, ui
from nicegui.elements.mixins.text_element import TextElement

from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.wording import explain

STYLE = Path(__file__).with_name("console.css")
PAGES = {"/": "Types", "/try": "Try", "/review": "Review"}
REFRESH_SECONDS = 0.5

Result = TypeVar("Result")


@contextmanager
def frame(survey: Survey, path: str, title: str) -> Iterator[None]:
    """The frame of a page; what is made within is the page's own.

    Args:
        survey: what is known of the stack.
        path: of the page in the header that this one is or belongs to.
        title: of the page.
    """
    ui.page_title(f"{title} - Lookalike")
    dark = ui.dark_mode(None)
    with ui.header(elevated=False).classes("frame-header"), ui.element("div").classes("frame-bar"):
        with ui.element("a").props('href="/" aria-label="Lookalike: all types"').classes("brand"):
            text("span", "Lookalike")
        with ui.element("nav").props('aria-label="Pages"'):
            for href, name in PAGES.items():
                current = ' aria-current="page"' if href == path else ""
                link = ui.link(name, href).props(current)
                link.classes(replace="")
        ui.label(survey.stack.api_url.split("://")[-1].split("/")[0]).classes("frame-stack")
        button = ui.button(icon="contrast", color=None).props('flat round aria-label="Light or dark"')
        button.classes("theme")
        button.on_click(lambda: _switch(dark))
    trouble = ui.element("div").classes("trouble").props('role="alert"')
    with trouble:
        words = ui.label()

    def tell() -> None:
        trouble.visible = survey.trouble is not None
        if survey.trouble is not None:
            words.text = explain(survey.trouble)

    tell()
    ui.timer(REFRESH_SECONDS, tell)
    yield


def text(tag: str, words: str) -> TextElement:
    """Words in an element of HTML, such as a heading."""
    return TextElement(tag=tag, text=words)


async def attempt(action: Callable[[], Result], done: str = "") -> Result | None:
    """Do what waits for the stack aside, and tell how it went; None if it failed.

    Args:
        action: what to do; not on the loop that serves all pages.
        done: what to tell once it is done.
    """
    try:
        result = await run.io_bound(action)
    except Exception as error:  # whatever a network does is told on the page
        tell_failure(error)
        return None
    if done:
        tell(done)
    return result


def tell(words: str) -> None:
    """Tell what was done, for some seconds."""
    ui.notify(words, color="grey-10", text_color="white", position="top")


def link(words: str, address: str) -> ui.button:
    """A link that looks like a button."""
    made = ui.button(words, color=None).props("flat no-caps tag=a").classes("btn")
    made.props["href"] = address
    return made


def show_picture(address: str, words: str = "") -> None:
    """A picture, and what it shows to those who don't see it; nothing if its neighbours say so."""
    image = ui.element("img")
    image.props["src"], image.props["alt"] = address, words


def name_element(element: ui.element, words: str) -> None:
    """Name an element for those who don't see it.

    Words of others, such as a photo's name, are never part of a text of props: in it they could be code.
    """
    element.props["aria-label"] = words


def tell_failure(error: Exception) -> None:
    """Tell what went wrong, until it is read."""
    ui.notify(
        explain(error), color="red-10", text_color="white", position="top", timeout=0, close_button="Close"
    )


def on_change(survey: Survey, refresh: Callable[[], Awaitable[None] | None]) -> None:
    """Call this whenever more is known of the stack."""
    seen = survey.version

    async def look() -> None:
        nonlocal seen
        if survey.version != seen:
            seen = survey.version
            awaited = refresh()
            if awaited is not None:
                await awaited

    ui.timer(REFRESH_SECONDS, look)


async def _switch(dark: ui.dark_mode) -> None:
    if dark.value is None:
        dark.value = not await ui.run_javascript("Quasar.Dark.isActive")
    else:
        dark.value = not dark.value


def tell_refused(reasons: Sequence[str]) -> None:
    """Tell which files were not taken, and why."""
    shown = "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
    ui.notify(shown, color="red-10", text_color="white", position="top", timeout=0, close_button="Close")
