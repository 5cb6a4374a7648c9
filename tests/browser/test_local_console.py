"""The console with a stack of its own, as `make console` starts it."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from browser.conftest import running_console
from browser.watching import Opened
from support.encodings.thumbnail_model import save_thumbnail_model
from support.photos.photographs import photograph


def test_own_photos_are_types_at_once_and_their_matches_wait_for_people(
    browser: Browser, tmp_path: Path
) -> None:
    for subject, type_id in enumerate(["hex-nut", "washer"], 81):
        (tmp_path / "photos" / type_id).mkdir(parents=True)
        for shot in range(8):
            (tmp_path / "photos" / type_id / f"{shot}.png").write_bytes(photograph(subject, shot))
    save_thumbnail_model(tmp_path / ".model")
    with running_console(tmp_path, ["--local", "--photos", "photos"]) as console:
        opened = Opened(browser)
        page = opened.open(console)
        for type_id in ("hex-nut", "washer"):
            expect(page.get_by_role("link", name=type_id)).to_be_visible()
        page.goto(f"{console.root}/review")
        expect(page.get_by_text("Is this")).to_be_visible()
        opened.close()
