"""The pictures that the console's README shows: rendered parts, looked at as people look at them."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browser.conftest import running_console
from browser.types_for_tests import drop
from browser.watching import NARROW, ConsoleProcess, Opened
from lookalike_tools.local.stack import LocalStack, local_stack, write_ready_file
from lookalike_tools.parts import PARTS, render
from support.deployed import Api

REFERENCES = 5
SHOWN = list(PARTS)[:8]
ASKED = "spur-gear-30t"


@pytest.fixture(scope="module")
def local(stand_in_model_dir: Path) -> Iterator[LocalStack]:
    with local_stack(stand_in_model_dir) as stack:
        api = Api(stack, stack.emulator)
        for part in SHOWN:
            for seed in range(REFERENCES):
                api.upload(part, f"{part} {seed:02}.jpg", photo_of(part, seed))
        for part in SHOWN:
            api.wait_until_built(part, REFERENCES)
        yield stack


@pytest.fixture(scope="module")
def console(local: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    folder = tmp_path_factory.mktemp("console")
    write_ready_file(folder / "ready.json", local)
    with running_console(folder) as running:
        yield running


def photo_of(part: str, seed: int) -> bytes:
    buffer = io.BytesIO()
    render(part, seed).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def take(page: Page, folder: Path, name: str) -> None:
    """Keep a picture of a page, of few bytes, once nothing on it is on its way any more."""
    page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth)")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    # Few colours, but all that a page has beside its photos.
    few = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE)
    few.save(folder / f"{name}.png", optimize=True)
    assert (folder / f"{name}.png").stat().st_size < 600_000


def test_pages_are_shown_with_their_photos(
    browser: Browser, console: ConsoleProcess, screenshots: Path
) -> None:
    opened = Opened(browser)
    page = opened.open(console)
    expect(page.get_by_text(f"{len(SHOWN)} types")).to_be_visible()
    expect(page.locator(".tile img")).to_have_count(4 * len(SHOWN))
    take(page, screenshots, "types")
    page.goto(f"{console.root}/types/{ASKED}/threshold")
    expect(page.locator(".figure-number").first).to_be_visible()
    take(page, screenshots, "threshold")
    phone = opened.open(console, f"/try?of={ASKED}", size=NARROW, scheme="dark")
    drop(phone, [("bench.jpg", photo_of(ASKED, REFERENCES))])
    expect(phone.locator("figure img").first).to_be_visible()
    take(phone, screenshots, "try")
    opened.close()
