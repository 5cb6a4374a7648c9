"""What goes wrong between console and stack is told in words, and ends by itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import running_console
from browser.types_for_tests import find_type, put_type
from browser.watching import ConsoleProcess, Opened
from lookalike.keys import encodings_key
from lookalike_tools.live.rebuilding import rebuild_types
from lookalike_tools.local.stack import LocalStack, local_stack, write_ready_file
from support.deployed import Api
from support.encodings.thumbnail_model import save_thumbnail_model
from support.fault_proxy import FaultProxy

OpenConsole = Callable[..., Page]


@pytest.fixture(scope="module")
def proxy(local: LocalStack) -> Iterator[FaultProxy]:
    with FaultProxy(local.emulator.port).running() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def console(
    local: LocalStack, proxy: FaultProxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsoleProcess]:
    """A console whose connections to the stack can be broken."""
    folder = tmp_path_factory.mktemp("console")
    write_ready_file(folder / "ready.json", local)
    ready = (folder / "ready.json").read_text().replace(local.emulator.endpoint_url, proxy.url)
    (folder / "ready.json").write_text(ready)
    with running_console(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def mended(proxy: FaultProxy) -> Iterator[None]:
    yield
    proxy.mend()


def test_a_stack_that_stops_is_told_and_the_page_goes_on_when_it_is_back(
    api: Api, proxy: FaultProxy, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=71, photos=3)
    page = open_console(f"/types/{new_type}")
    expect(page.get_by_role("option")).to_have_count(3)
    proxy.break_("", "", "reset")
    expect(page.locator(".trouble")).to_contain_text("The stack can't be reached")
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".q-notification").filter(has_text="The stack can't be reached")).to_be_visible()
    proxy.mend()
    expect(page.locator(".trouble")).not_to_be_visible()
    put_type(api, new_type, subject=71, photos=4)
    expect(page.get_by_role("option")).to_have_count(4)


def test_a_page_that_is_opened_while_the_stack_is_gone_fills_when_it_is_back(
    api: Api, proxy: FaultProxy, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=72, photos=3)
    proxy.break_("", "", "reset")
    page = open_console(f"/types/{new_type}")
    expect(page.locator(".trouble")).to_be_visible()
    proxy.mend()
    expect(page.locator(".trouble")).not_to_be_visible()
    expect(page.get_by_role("option")).to_have_count(3)


def test_credentials_that_end_are_told_and_the_page_goes_on_with_new_ones(
    api: Api, proxy: FaultProxy, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=72, photos=3)
    page = open_console(f"/types/{new_type}")
    expect(page.get_by_role("option")).to_have_count(3)
    proxy.break_("", api.stack.work_bucket, "400")
    expect(page.locator(".trouble")).to_contain_text("Your AWS credentials have ended: sign in again.")
    proxy.mend()
    expect(page.locator(".trouble")).not_to_be_visible()
    put_type(api, new_type, subject=72, photos=4)
    expect(page.get_by_role("option")).to_have_count(4)


def test_a_type_that_the_model_has_not_built_yet_is_being_built_and_ready_when_it_is(
    api: Api, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=73, photos=6)
    page = open_console()
    expect(find_type(page, new_type)).to_contain_text("ready")
    model_id = api.type(new_type)["model"]
    api.s3.delete_object(Bucket=api.stack.work_bucket, Key=encodings_key(model_id, new_type))
    expect(find_type(page, new_type)).to_contain_text("being built")
    assert list(rebuild_types(api.stack, [new_type])) == [new_type]
    expect(find_type(page, new_type)).to_contain_text("ready")


def test_an_empty_stack_says_what_to_do_first(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser)
    with local_stack(save_thumbnail_model(tmp_path / "model")) as empty:
        write_ready_file(tmp_path / "ready.json", empty)
        with running_console(tmp_path) as console:
            page = opened.open(console)
            expect(page.get_by_role("heading", name="Show it what it should know")).to_be_visible()
            opened.close()
