"""Opening the console's pages of many types and of many photos, in Chromium."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from lookalike import keys
from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike.storage import encodings_file
from lookalike_tools.bench.measurements.comparing import make_encodings
from lookalike_tools.live.api import running_model
from lookalike_tools.live.stack import Stack
from lookalike_tools.local.stack import local_stack, write_ready_file

TYPES, ROWS = 1_000, 20
LARGE_TYPE, PHOTOS = "type-large", 5_000
PICTURED = 60
"""Types and photos that have a picture in the bucket: more than a window shows."""

OPENINGS = 5
PATIENCE_MS = 60_000
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

_SHOWN = """() => {
    const shown = [...document.querySelectorAll('.tile')].filter((tile) => {
        const place = tile.getBoundingClientRect();
        return place.top < window.innerHeight && place.bottom > 0;
    });
    const images = shown.flatMap((tile) => [...tile.querySelectorAll('img')]);
    return images.length > 3 && images.every((image) => image.complete && image.naturalWidth > 0);
}"""
"""Whether all pictures on the screen are there."""


def measure_console(model_dir: Path, photo: bytes) -> dict[str, float]:
    """Median seconds from asking for a page until all pictures on the screen are there.

    Of the page of `TYPES` types, and of a type of `PHOTOS` photos; nothing where there is no Chromium.
    """
    browser = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if browser is None:
        return {}
    from playwright.sync_api import sync_playwright

    with local_stack(model_dir) as stack, TemporaryDirectory() as folder:
        # Encodings are put as they are: nothing is to be rebuilt from the photos.
        stack.client("s3").put_bucket_notification_configuration(
            Bucket=stack.bucket, NotificationConfiguration={}
        )
        _fill(stack, photo)
        write_ready_file(Path(folder, "ready.json"), stack)
        with _running_console(Path(folder)) as address, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address)
            root = address.partition("/?")[0]

            def open_page(path: str) -> float:
                start = time.perf_counter()
                page.goto(root + path)
                page.wait_for_function(_SHOWN, timeout=PATIENCE_MS)
                return time.perf_counter() - start

            page.get_by_text(f"{TYPES + 1:,} types").wait_for(timeout=PATIENCE_MS)
            return {
                f"{TYPES:,} types": median(open_page("/") for _ in range(OPENINGS)),
                f"{PHOTOS:,} photos": median(open_page(f"/types/{LARGE_TYPE}") for _ in range(OPENINGS)),
            }


def _fill(stack: Stack, photo: bytes) -> None:
    s3, model_id = stack.client("s3"), running_model(stack)

    def put_type(type_id: str, rows: int) -> None:
        made = _uploaded(make_encodings(rows, model_id, type_id))
        key = keys.encodings_key(model_id, type_id)
        s3.put_object(Bucket=stack.work_bucket, Key=key, Body=encodings_file.dump(made))

    def put_photo(key: str) -> None:
        s3.put_object(Bucket=stack.bucket, Key=key, Body=photo)

    types = [f"type-{number:04}" for number in range(TYPES)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda type_id: put_type(type_id, ROWS), types))
        put_type(LARGE_TYPE, PHOTOS)
        names = [(type_id, row) for type_id in types[:PICTURED] for row in range(ROWS)]
        names += [(LARGE_TYPE, row) for row in range(PHOTOS)]
        list(threads.map(lambda name: put_photo(_key(*name)), names))


def _uploaded(encodings: Encodings) -> Encodings:
    rows = tuple(
        Row(_key(encodings.type_id, number), "etag", Origin.UPLOADED, "2026-01-01T00:00:00+00:00")
        for number in range(len(encodings.rows))
    )
    return replace(encodings, rows=rows)


def _key(type_id: str, row: int) -> str:
    return keys.image_key(type_id, f"{row:04}.jpg")


@contextmanager
def _running_console(folder: Path) -> Iterator[str]:
    """The address of a console of the stack whose ready file is in a folder."""
    program = [str(Path(sys.executable).with_name("lookalike")), "console", "--stack", "ready.json"]
    with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            yield said.split()[-1]
        finally:
            process.terminate()
