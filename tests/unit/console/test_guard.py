"""Which requests can come from the console's own pages."""

import pytest
from starlette.datastructures import Headers

from lookalike_tools.console.guard import why_refused

HOSTS = ("127.0.0.1:8000", "localhost:8000")


def refused(method: str = "GET", **headers: str) -> bool:
    return why_refused(Headers({"host": HOSTS[0]} | headers), method, HOSTS) is not None


def test_a_page_is_read_without_an_origin() -> None:
    assert not refused()
    assert not refused(host="localhost:8000")


def test_what_acts_names_its_origin() -> None:
    assert refused("POST")
    assert refused("")  # a websocket
    assert not refused("POST", origin="http://127.0.0.1:8000")
    assert not refused("", origin="http://localhost:8000")


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "https://127.0.0.1:8000", ""])
@pytest.mark.parametrize("method", ["GET", "POST", ""])
def test_another_origin_is_refused(origin: str, method: str) -> None:
    assert refused(method, origin=origin)


@pytest.mark.parametrize("host", ["elsewhere.example:8000", "127.0.0.1", "127.0.0.1:8001", ""])
def test_another_host_is_refused(host: str) -> None:
    assert refused(host=host)
