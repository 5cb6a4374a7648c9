"""A page elsewhere can neither read nor act, and photos are not kept."""

import http.client
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from browser.types_for_tests import drop, put_type
from browser.watching import ConsoleProcess
from support.deployed import Api
from support.photos.photographs import photograph

OpenConsole = Callable[..., Page]
WEBSOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
POLLING = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"


def ask(
    console: ConsoleProcess, path: str, headers: dict[str, str], method: str = "GET"
) -> http.client.HTTPResponse:
    parts = urlsplit(console.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request(method, path, headers={"Host": parts.netloc} | headers)
    return connection.getresponse()


@pytest.fixture
def cookie(console: ConsoleProcess) -> str:
    """As a browser has it that was given the printed address."""
    parts = urlsplit(console.address)
    answer = ask(console, f"/?{parts.query}", {})
    given = answer.getheader("Set-Cookie") or ""
    assert "HttpOnly" in given
    assert re.search("samesite=strict", given, re.IGNORECASE)
    return given.partition(";")[0]


def upgrade(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }


@pytest.mark.parametrize("path", ["/", "/try", "/pictures/small?key=types/a/images/b&v=1", POLLING])
def test_without_the_token_nothing_is_shown(console: ConsoleProcess, path: str) -> None:
    answer = ask(console, path, {"Origin": console.root})
    assert answer.status == 403
    assert b"Open the address" in answer.read()


def test_a_wrong_token_opens_nothing(console: ConsoleProcess) -> None:
    assert ask(console, "/?token=guessed", {}).status == 403


@pytest.mark.parametrize("path", ["/", POLLING, WEBSOCKET])
def test_a_name_that_points_to_this_machine_is_refused(
    console: ConsoleProcess, cookie: str, path: str
) -> None:
    port = urlsplit(console.address).port
    answer = ask(console, path, {"Host": f"rebound.example:{port}", "Cookie": cookie})
    assert answer.status == 403


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/", POLLING])
def test_a_page_elsewhere_is_refused_even_with_the_cookie(
    console: ConsoleProcess, cookie: str, path: str, origin: str
) -> None:
    assert ask(console, path, {"Origin": origin, "Cookie": cookie}).status == 403
    assert ask(console, path, {"Origin": origin, "Cookie": cookie}, "POST").status == 403


def test_a_form_without_an_origin_changes_nothing(console: ConsoleProcess, cookie: str) -> None:
    assert ask(console, "/", {"Cookie": cookie}, "POST").status == 403


def test_a_websocket_opens_for_the_consoles_own_pages_alone(console: ConsoleProcess, cookie: str) -> None:
    own, elsewhere = upgrade(console.root), upgrade("http://elsewhere.example")
    assert ask(console, WEBSOCKET, own | {"Cookie": cookie}).status == 101
    assert ask(console, WEBSOCKET, elsewhere | {"Cookie": cookie}).status == 403
    assert ask(console, WEBSOCKET, own).status == 403


def test_pages_may_load_nothing_from_another_host(console: ConsoleProcess, cookie: str) -> None:
    policy = ask(console, "/", {"Cookie": cookie}).getheader("Content-Security-Policy") or ""
    assert "default-src 'self'" in policy
    hosts = re.findall(r"\b(?:https?|wss?)://[^ ;]+", policy)
    assert {urlsplit(host).hostname for host in hosts} <= {"127.0.0.1", "localhost"}


def test_the_address_loses_the_token(console: ConsoleProcess, open_console: OpenConsole) -> None:
    page = open_console()
    expect(page).to_have_url(f"{console.root}/")


def test_photos_are_kept_neither_by_the_console_nor_by_the_browser(
    api: Api, console: ConsoleProcess, cookie: str, open_console: OpenConsole, new_type: str
) -> None:
    key, *_ = put_type(api, new_type, subject=61, photos=2)
    page = open_console(f"/try?of={new_type}")
    # Larger than what servers commonly keep in memory.
    drop(page, [("large.png", photograph(61) + bytes(3_000_000))])
    expect(page.get_by_role("heading", name="Yes, it is")).to_be_visible()
    answer = ask(console, f"/pictures/small?key={key}&v=1", {"Cookie": cookie})
    assert answer.status == 200
    assert answer.getheader("Cache-Control") == "no-store"
    kept = [path for path in console.folder.rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {"ready.json", "errors.log"}


def test_what_callers_name_their_photos_is_never_run(
    api: Api, open_console: OpenConsole, new_type: str
) -> None:
    put_type(api, new_type, subject=62, photos=1)
    name = 'x" :hidden="window.stolen = true" y.png'
    assert api.recognize(new_type, photograph(62, 7), filename=name).json()["appended"]
    api.wait_until_built(new_type, 2)
    page = open_console(f"/types/{new_type}")
    page.get_by_role("option").filter(has_text=name).dblclick()
    page.get_by_role("dialog").get_by_role("img", name=name).wait_for()
    assert page.evaluate("window.stolen") is None
