"""The console in Chromium, over the whole stack on an emulated AWS: real S3, events and functions."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser.watching import FLAGS, PATIENCE_MS, ConsoleProcess, Opened
from lookalike_tools.local.stack import LocalStack, local_stack, write_ready_file
from support.deployed import Api
from support.encodings.thumbnail_model import save_thumbnail_model

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
COMMAND = Path(sys.executable).with_name("lookalike")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="where the pictures of the pages go")


@pytest.fixture
def screenshots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the pictures of the pages go; nowhere that lasts if nothing is said."""
    folder: Path | None = request.config.getoption("--screenshots")
    return folder or tmp_path


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    model_dir = save_thumbnail_model(tmp_path_factory.mktemp("model"))
    with local_stack(model_dir, parameters={"KeepMissed": "close"}) as stack:
        yield stack


@pytest.fixture(scope="session")
def api(local: LocalStack) -> Api:
    return Api(local, local.emulator)


@pytest.fixture(scope="session")
def console(local: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """The console of the stack."""
    folder = tmp_path_factory.mktemp("console")
    write_ready_file(folder / "ready.json", local)
    with running_console(folder) as running:
        yield running


@contextmanager
def running_console(
    folder: Path, arguments: Sequence[str] = ("--stack", "ready.json")
) -> Iterator[ConsoleProcess]:
    """`lookalike console` in a folder, of the stack whose ready file is there if nothing is said."""
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST"))}
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with (folder / "errors.log").open("wb") as errors:
        process = subprocess.Popen(
            [COMMAND, "console", *arguments],
            cwd=folder,
            env=env | nowhere | {"TMPDIR": str(temporary), "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert process.stdout
            line = next((line for line in process.stdout if "http://" in line), "")
            assert line, (folder / "errors.log").read_text()
            yield ConsoleProcess(line.split()[-1], folder, process)
        finally:
            process.terminate()
            process.communicate(timeout=20)
    assert "Traceback" not in (said := (folder / "errors.log").read_text()), said


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


def find_chromium() -> str:
    """The path of a Chromium on this machine."""
    found = [path for name in CHROMIUMS if (path := shutil.which(name))]
    if not found:
        pytest.fail("these tests drive Chromium: install Debian's package `chromium`")
    return found[0]


@pytest.fixture
def open_console(browser: Browser, console: ConsoleProcess) -> Iterator[Callable[..., Page]]:
    """Opens the console in a browser of its own; what it should not do fails the test at its end."""
    opened = Opened(browser)
    yield lambda path="/", **options: opened.open(console, path, **options)
    opened.close()


@pytest.fixture
def new_type() -> str:
    """The name of a type that nothing else uses."""
    return f"type-{uuid4().hex[:12]}"
