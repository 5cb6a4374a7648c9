"""Verdicts given and looked at through the API."""

import json
from typing import Any

from support.photos.photographs import photograph
from support.system import System

ROUTE = "POST /types/{type_id}/verdicts"
LIST = "GET /types/{type_id}/images"
AGAINST = "GET /types/{type_id}/counterexamples"
QUERY = photograph(1, 9)


def decide(
    system: System, type_id: str, photo: str, verdict: str, caller: dict[str, Any] | None = None, **more: Any
) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"photo": photo, "verdict": verdict} | more).encode()
    return system.call(ROUTE, body, content_type="application/json", authorizer=caller, type_id=type_id)


def rebuild(system: System, *keys: str) -> None:
    for key in keys:
        system.tell(key)
    system.deliver_all()


def listed(system: System, type_id: str, route: str = LIST) -> dict[str, str]:
    """Origin of each image or counterexample, by name."""
    status, answer = system.call(route, type_id=type_id)
    return {entry["name"]: entry["origin"] for entry in answer["images"]} if status == 200 else {}


def ask(system: System, type_id: str, photo: bytes) -> dict[str, Any]:
    _, answer = system.call("POST /types/{type_id}/recognize", photo, type_id=type_id)
    return answer
