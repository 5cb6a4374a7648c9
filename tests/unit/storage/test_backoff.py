"""Writers that lost a race wait before they try again, each as long as chance says."""

import random
import time

import pytest

from lookalike.storage.compare_and_swap import LONGEST_SECONDS, tries

ATTEMPTS = 12


def waits(monkeypatch: pytest.MonkeyPatch, seed: int) -> list[float]:
    """How long each attempt but the first is waited for, by one course of chance."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    random.seed(seed)
    assert list(tries(ATTEMPTS)) == list(range(ATTEMPTS))
    return waited


def test_no_wait_is_longer_than_a_query_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = [wait for seed in range(50) for wait in waits(monkeypatch, seed)]
    assert len(waited) == 50 * (ATTEMPTS - 1)
    assert 0 <= min(waited) < max(waited) <= LONGEST_SECONDS


def test_writers_that_lost_the_same_race_do_not_meet_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first_waits = [waits(monkeypatch, seed)[0] for seed in range(50)]
    assert len(set(first_waits)) == 50


def test_who_lost_often_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = [waits(monkeypatch, seed) for seed in range(50)]
    assert max(each[0] for each in waited) < max(each[3] for each in waited)
