"""Storage, queue and bus that fail in every way: callers are answered, messages come again, all converges.

The functions' own code runs here, on real connections to the emulated AWS, through a proxy that breaks them.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lookalike.appending import APPEND_ATTEMPTS
from lookalike.keys import image_key
from lookalike_tools.live.queues.dead_letters import redrive
from support.deployed import eventually
from support.photos.photographs import photograph
from support.system import API_SECONDS, TYPE, System


@pytest.fixture
def system(system: System) -> System:
    """A type with one uploaded photo of subject 1, built."""
    system.upload("1.png", photograph(1))
    assert system.deliver() == 0
    system.proxy.requests.clear()
    return system


@pytest.mark.parametrize("kind", ["503", "reset", "lost answer", "cut answer"])
@pytest.mark.parametrize(
    "call", [("GET", "encodings/"), ("PUT", "/images/"), ("PUT", "encodings/"), ("HEAD", "/images/")]
)
def test_a_call_that_fails_once_is_made_again(system: System, call: tuple[str, str], kind: Any) -> None:
    system.proxy.break_(*call, kind, times=1)
    status, answer = system.ask(photograph(1, 9))
    assert system.proxy.broken == 1
    assert status == 200
    assert answer["match"]
    assert not answer["pending"]
    assert answer["appended"] in system.rows()
    assert len(system.rows()) == 2


@pytest.mark.parametrize("kind", ["409", "412"])
def test_a_row_that_loses_each_race_is_left_to_the_images_event(system: System, kind: Any) -> None:
    system.proxy.break_("PUT", "encodings/", kind)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["pending"]) == (200, True)
    writes = [
        request for request in system.proxy.requests if request[0] == "PUT" and "encodings/" in request[1]
    ]
    assert len(writes) == APPEND_ATTEMPTS
    system.proxy.mend()
    system.tell(answer["appended"])
    assert system.deliver() == 0
    assert system.rows() == sorted([image_key(TYPE, "1.png"), answer["appended"]])


@pytest.mark.parametrize("kind", ["500", "reset"])
def test_a_row_that_storage_refuses_is_left_to_the_images_event(system: System, kind: Any) -> None:
    system.proxy.break_("PUT", "encodings/", kind)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["pending"]) == (200, True)
    system.proxy.mend()
    assert system.deliver() == 0
    assert answer["appended"] in system.rows()


def test_an_image_that_can_not_be_asked_about_is_left_to_its_event(system: System) -> None:
    """Whether it is still there is not known: that is no reason to call it removed."""
    system.proxy.break_("HEAD", "/images/", "500")
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["match"], answer["pending"]) == (200, True, True)
    assert answer["appended"] in system.store.image_etags(TYPE)


@pytest.mark.parametrize("kind", ["409", "412"])
def test_an_image_that_loses_each_race_is_an_answer_all_the_same(system: System, kind: Any) -> None:
    system.proxy.break_("PUT", "/images/", kind)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["match"], answer["appended"]) == (200, True, None)
    assert system.rows() == [image_key(TYPE, "1.png")]


@pytest.mark.parametrize("kind", ["500", "503", "reset", "hang"])
def test_storage_that_is_down_is_an_answer_in_time(system: System, kind: Any) -> None:
    """Calls may begin for a second here; three tries that hang would take longer than the function has."""
    seconds = system.recognize.RESERVE_SECONDS + 1
    system.proxy.break_("", "encodings/", kind)
    started = time.monotonic()
    response = system.respond(photograph(1, 9), seconds=seconds)
    assert time.monotonic() - started < seconds < API_SECONDS
    assert response["statusCode"] == 503
    message = json.loads(response["body"])["message"]
    assert message == "storage can't be reached just now: try again in a moment"
    assert int(response["headers"]["Retry-After"]) > 0
    system.proxy.mend()
    assert system.ask(photograph(1, 9))[0] == 200


def test_storage_that_is_slow_at_each_call_is_an_answer_in_time(system: System) -> None:
    """Each of four calls hangs for 5 s once: together they would outlast the function."""
    seconds = system.recognize.RESERVE_SECONDS + 8
    for call in (("GET", "settings"), ("GET", "encodings/"), ("PUT", "/images/"), ("PUT", "encodings/")):
        system.proxy.break_(*call, "hang", times=1)
    started = time.monotonic()
    response = system.respond(photograph(1, 9), seconds=seconds)
    assert time.monotonic() - started < seconds < API_SECONDS
    assert response["statusCode"] in (200, 503)


@pytest.mark.parametrize("kind", ["500", "hang"])
def test_a_bus_that_is_down_stops_no_answer_and_no_rebuild(system: System, kind: Any) -> None:
    system.proxy.break_("POST", "PutEvents", kind)
    assert system.ask(photograph(1, 9))[0] == 200
    key = system.upload("2.png", photograph(1, 2))
    assert system.deliver() == 0
    assert key in system.rows()


def test_a_queue_that_is_down_is_an_answer_too(system: System) -> None:
    store = system.store
    store.bucket.client.delete_object(
        Bucket=store.work.name, Key=f"encodings/{store.model_id}/{TYPE}.safetensors"
    )
    system.proxy.break_("POST", "/", "reset")
    unqueued = system.respond(photograph(1, 9))
    system.proxy.mend()
    queued = system.respond(photograph(1, 9))
    for response in (unqueued, queued):
        assert response["statusCode"] == 503
        assert int(response["headers"]["Retry-After"]) > 0
    assert system.deliver() == 0
    assert system.ask(photograph(1, 9))[0] == 200


@pytest.mark.parametrize("kind", ["503", "reset", "412"])
def test_a_rebuild_that_fails_comes_again(system: System, kind: Any) -> None:
    key = system.upload("2.png", photograph(1, 2))
    system.proxy.break_("PUT", "encodings/", kind)
    system.deliver()
    assert key not in system.rows()
    system.proxy.mend()
    assert system.deliver() == 0
    assert key in system.rows()


def test_an_image_that_can_not_be_read_stops_no_other(system: System) -> None:
    others = [system.upload(f"{index}.png", photograph(1, index)) for index in (2, 4)]
    unread = system.upload("3.png", photograph(1, 3))
    system.proxy.break_("GET", "3.png", "500")
    assert system.deliver(seconds=system.rebuild.RESERVE_SECONDS + 10) >= 1
    assert system.rows() == sorted([image_key(TYPE, "1.png"), *others])
    # Its message comes back; meanwhile S3 is not asked for it until the time is over.
    reads = [path for method, path in system.proxy.requests if method == "GET" and "3.png" in path]
    assert len(reads) == 3
    system.proxy.mend()
    assert system.deliver() == 0
    assert unread in system.rows()


def test_an_image_that_can_not_be_read_is_no_image_that_can_not_be_encoded(system: System) -> None:
    system.upload("2.png", photograph(1, 2))
    system.proxy.break_("GET", "2.png", "cut answer")
    assert system.deliver() == 1
    system.proxy.mend()
    assert system.deliver() == 0
    encodings, _ = system.store.read_encodings(TYPE)
    assert encodings
    assert len(encodings.rows) == 2
    assert not encodings.rejected


def test_a_message_that_always_fails_becomes_a_dead_letter_that_can_be_redriven(system: System) -> None:
    system.deliver_all()
    key = system.upload("2.png", photograph(1, 2))
    system.proxy.break_("PUT", "encodings/", "503")
    assert [system.deliver() for _ in range(5)] == [1] * 5
    assert system.deliver() == 0
    assert system.waiting(system.dead_letters_url) == 1
    assert not system.waiting(system.queue_url)
    system.proxy.mend()
    assert redrive(system.sqs, system.dead_letters_url, system.queue_url) == 1
    assert not system.waiting(system.dead_letters_url)
    assert system.deliver() == 0
    assert key in system.rows()


def test_a_killed_rebuild_goes_on_from_what_was_saved(system: System) -> None:
    keys = [system.upload(f"{index:02}.png", photograph(1, index)) for index in range(10, 40)]
    system.proxy.break_("GET", "30.png", "hang")
    script = (
        "import sys, time; from lookalike.rebuilding import reconciling; reconciling.SAVE_SECONDS = 0;"
        "sys.path.insert(0, 'functions'); from rebuild_encodings.app import encoder, store;"
        f"reconciling.rebuild(encoder, store, {TYPE!r}, time.monotonic() + 60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[4])
    assert system.proxy.hanging.wait(60)
    eventually(lambda: len(system.rows()) > 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    saved = system.rows()
    assert len(saved) < len(keys)
    system.proxy.mend()
    system.proxy.requests.clear()
    system.deliver_all()
    read = [path for method, path in system.proxy.requests if method == "GET" and "/images/" in path]
    assert len(read) == len(keys) + 1 - len(saved)
    assert system.rows() == sorted([image_key(TYPE, "1.png"), *keys])
