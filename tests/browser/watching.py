"""A browser that is watched: which hosts it asks, and what goes wrong in it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A camera that shows a test picture, and leave to use it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
WIDE, NARROW = (1280, 900), (390, 844)
PATIENCE_MS = 30_000


@dataclass(frozen=True)
class ConsoleProcess:
    """A running console.

    Attributes:
        address: that it printed, with the token.
        folder: where it runs.
        process: its own.
    """

    address: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def root(self) -> str:
        """Its address without the token, and without a slash at the end."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


class Opened:
    """Browsers that were opened, each with cookies of its own, and what they did."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.strangers: list[str] = []
        self.errors: list[str] = []

    def open(
        self,
        console: ConsoleProcess,
        path: str = "/",
        *,
        size: tuple[int, int] = WIDE,
        scheme: Literal["light", "dark"] = "light",
        **options: Any,
    ) -> Page:
        """Open a page of a console, by the address that it printed."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, **options
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", self._look_where)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(console.address)
        page.get_by_role("navigation").wait_for()
        if path != "/":
            page.goto(console.root + path)
        return page

    def close(self) -> None:
        """Close them all; what they should not have done is an error."""
        for context in self._contexts:
            context.close()
        assert self.strangers == [], "the console asked another host"
        assert self.errors == [], "something went wrong in the browser"

    def _look_where(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.strangers.append(request.url)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")
