"""A change is tried again from what is there now, and given up in time."""

import random
import time

import pytest

from lookalike.storage.compare_and_swap import Conflict, ContentionError, compare_and_swap, tries


class Register:
    """A value that other writers change just before the first so many writes."""

    def __init__(self, races_lost: int) -> None:
        self.value: tuple[str, ...] = ("start",)
        self.version = 0
        self.races_left = races_lost
        self.reads = 0

    def read(self) -> tuple[tuple[str, ...], int]:
        self.reads += 1
        return self.value, self.version

    def write(self, value: tuple[str, ...], version: int) -> None:
        if self.races_left:
            self.races_left -= 1
            self.value, self.version = (*self.value, "another's"), self.version + 1
        if version != self.version:
            raise Conflict
        self.value, self.version = value, version + 1


def add_ours(value: tuple[str, ...]) -> tuple[str, ...]:
    return (*value, "ours")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits, in seconds, each as long as it may be at most; nothing waits."""
    waited: list[float] = []
    monkeypatch.setattr(random, "uniform", lambda least, most: most if least == 0 else pytest.fail("least"))
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.mark.parametrize("races_lost", [0, 1, 7])
def test_nothing_is_lost_however_many_races_are(waits: list[float], races_lost: int) -> None:
    register = Register(races_lost)
    after = compare_and_swap(register.read, add_ours, register.write)
    assert after == register.value == ("start", *["another's"] * races_lost, "ours")
    assert len(waits) == races_lost


def test_work_that_loses_every_race_is_given_up(waits: list[float]) -> None:
    register = Register(races_lost=100)
    with pytest.raises(ContentionError):
        compare_and_swap(register.read, add_ours, register.write, attempts=3)
    assert register.reads == 3
    assert "ours" not in register.value
    assert len(waits) == 2


def test_what_needs_no_change_is_not_written() -> None:
    register = Register(races_lost=0)
    assert compare_and_swap(register.read, lambda value: value, register.write) == ("start",)
    assert register.version == 0


def test_an_equal_value_that_is_another_object_is_written() -> None:
    register = Register(races_lost=0)
    compare_and_swap(register.read, lambda value: (*list(value),), register.write)
    assert register.version == 1


def test_other_errors_end_it_at_once() -> None:
    def refuse(_value: tuple[str, ...], _version: int) -> None:
        raise PermissionError

    register = Register(races_lost=0)
    with pytest.raises(PermissionError):
        compare_and_swap(register.read, add_ours, refuse)
    assert register.reads == 1


def test_waits_double_up_to_a_second(waits: list[float]) -> None:
    assert list(tries(8)) == list(range(8))
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1, 1, 1])


def test_the_first_attempt_waits_for_nothing(waits: list[float]) -> None:
    assert next(tries(8)) == 0
    assert waits == []
