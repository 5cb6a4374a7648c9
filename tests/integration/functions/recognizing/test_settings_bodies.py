"""Settings are taken as JSON and as nothing else: whatever else is sent leaves them as they are."""

import pytest

from support.system import System

PUT, GET = "PUT /types/{type_id}/settings", "GET /types/{type_id}"
KEPT = {"threshold": 0.97, "vouch": "uploaded"}


@pytest.fixture
def bounded(shared_system: System, new_type: str) -> str:
    """A type with settings of its own."""
    body = b'{"threshold": 0.97, "vouch": "uploaded"}'
    status, answer = shared_system.call(PUT, body, type_id=new_type, content_type="application/json")
    assert (status, answer) == (200, KEPT)
    return new_type


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n--b--\r\n", 415),
        ("multipart/form-data", b"{}", 415),
        ("application/x-www-form-urlencoded", b"", 415),
        ("text/plain", b"{}", 415),
        ("application/json", b"", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", b"[" * 60_000, 400),
        ("application/json", b'{"treshold": 0.5}', 400),
        ("application/json", b'{"threshold": 7}', 400),
    ],
)
def test_what_are_no_settings_leaves_them_as_they_are(
    shared_system: System, bounded: str, content_type: str, body: bytes, status: int
) -> None:
    answered, answer = shared_system.call(PUT, body, type_id=bounded, content_type=content_type)
    assert (answered, answer["statusCode"]) == (status, status)
    assert answer["message"]
    assert shared_system.call(GET, type_id=bounded)[1]["settings"] == KEPT


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", "application/json; charset=utf-8", ""])
def test_json_by_any_of_its_names_is_taken(shared_system: System, bounded: str, content_type: str) -> None:
    status, _ = shared_system.call(PUT, b'{"threshold": 0.5}', type_id=bounded, content_type=content_type)
    assert status == 200
    assert shared_system.call(GET, type_id=bounded)[1]["settings"] == {"threshold": 0.5}
