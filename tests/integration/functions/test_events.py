"""Every event comes on the bus, however many there are; what the bus refuses is logged."""

import logging

import pytest

from lookalike.aws.events import REJECTED, Event, publish
from support.system import System


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_however_many_events_there_are_each_comes_once(shared_system: System, count: int) -> None:
    started = shared_system.started
    publish(
        started.bus,
        started.config.event_bus,
        [Event(REJECTED, {"image": f"{index}.png", "reason": "größer"}) for index in range(count)],
    )
    told = [event["detail"] for event in shared_system.events()]
    assert sorted(told, key=lambda detail: int(detail["image"].split(".")[0])) == [
        {"image": f"{index}.png", "reason": "größer"} for index in range(count)
    ]


def test_events_that_the_bus_refuses_are_logged(
    shared_system: System, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        publish(shared_system.started.bus, "arn:of:no:bus", [Event(REJECTED, {})])
    assert "events were refused" in caplog.text
    assert shared_system.events() == []
