"""No call begins that might outlast the function, whoever makes it."""

import json
import time
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
from botocore.exceptions import BotoCoreError

from lookalike.aws.clients import LONGEST_CALL_SECONDS, no_calls_after
from lookalike_tools.local.emulator import Emulator
from support.photos.photographs import photograph
from support.querying import ask
from support.system import ROUTE, TYPE, System, running_system


@pytest.fixture
def built(shared_system: System) -> System:
    shared_system.upload("1.png", photograph(1))
    shared_system.deliver_all()
    shared_system.proxy.requests.clear()
    return shared_system


@pytest.mark.parametrize("route", [ROUTE, "POST /recognize"])
@pytest.mark.parametrize("seconds", [0, LONGEST_CALL_SECONDS])
def test_no_call_begins_in_the_last_seconds(built: System, route: str, seconds: float) -> None:
    response = built.request(route, photograph(1, 9), seconds=seconds)
    assert response["statusCode"] == 503
    assert "try again" in json.loads(response["body"])["message"]
    assert built.proxy.requests == []


def test_a_types_encodings_are_not_read_after_the_requests_time(built: System) -> None:
    """They are read in a thread of their own, which must know of it."""
    with no_calls_after(time.monotonic() - 1), pytest.raises(BotoCoreError, match="no time is left"):
        ask(built.encoder, built.store, TYPE, photograph(1, 9), append=False)
    assert built.proxy.requests == []


@pytest.fixture
def slow_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a model takes a quarter of a minute, by the clock that all read."""
    late, clock, open_session = [0.0], time.monotonic, onnxruntime.InferenceSession

    def open_slowly(*arguments: Any, **options: Any) -> onnxruntime.InferenceSession:
        late[0] += 18
        return open_session(*arguments, **options)

    monkeypatch.setattr(time, "monotonic", lambda: clock() + late[0])
    monkeypatch.setattr(onnxruntime, "InferenceSession", open_slowly)


@pytest.mark.usefixtures("slow_to_load")
def test_the_first_call_is_answered_before_the_gateway_gives_up_on_loading_and_answering(
    emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_system(emulator, model_dir, monkeypatch) as system:
        system.upload("1.png", photograph(1))
        system.deliver_all()
        system.proxy.requests.clear()
        assert system.respond(photograph(1))["statusCode"] == 503
        assert system.proxy.requests == []
        assert system.respond(photograph(1))["statusCode"] == 200
