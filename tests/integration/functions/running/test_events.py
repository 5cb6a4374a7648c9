"""Every event comes on the bus, however many there are; what the bus refuses is logged."""

import logging

import pytest

from lookalike.aws.events import MAX_CALL_BYTES, REJECTED, Event, publish
from support.system import TYPE, System


def rejected(number: int, reason: str) -> Event:
    detail = {"type_id": TYPE, "image": f"{number}.png", "reason": reason, "model": "model"}
    return Event(REJECTED, detail)


def tell(system: System, *events: Event) -> list[str]:
    """The images that the bus tells of, when events are published."""
    publish(system.started.bus, system.started.config.event_bus, [*events])
    return [event["detail"]["image"] for event in system.events()]


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_however_many_events_there_are_each_comes_once(shared_system: System, count: int) -> None:
    told = tell(shared_system, *(rejected(number, "größer") for number in range(count)))
    assert sorted(told) == sorted(f"{number}.png" for number in range(count))


def test_a_call_holds_no_more_than_the_bus_takes(shared_system: System) -> None:
    sizes = []
    client = shared_system.started.bus
    client.meta.events.register(
        "provide-client-params.events.PutEvents",
        lambda params, **_: sizes.append(sum(len(entry["Detail"]) for entry in params["Entries"])),
    )
    told = tell(shared_system, *(rejected(number, "no" * 500) for number in range(10)))
    assert (len(told), len(sizes)) == (10, 1)
    sizes.clear()
    publish(client, "no-bus", [Event(REJECTED, {"reason": "é" * 20_000}) for _ in range(10)])
    assert len(sizes) > 1
    assert max(sizes) <= MAX_CALL_BYTES


def test_events_that_the_bus_refuses_are_logged(
    shared_system: System, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        publish(shared_system.started.bus, "arn:of:no:bus", [rejected(1, "no image")])
    assert "events were refused" in caplog.text
    assert shared_system.events() == []
