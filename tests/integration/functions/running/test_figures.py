"""The figures of a query count what happened to it, and nothing else."""

import itertools
import json
import time
from typing import Any

import pytest

from support.photos.photographs import photograph
from support.system import ROUTE, System


@pytest.fixture
def seven_photos(shared_system: System, new_type: str) -> str:
    """A type with seven photos of subject 1, more than an answer names, built."""
    shared_system.build(new_type, shots=7)
    return new_type


def figures(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the last query told: its figures, without those of a cold start."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    (told,) = (line for line in lines if "ColdStart" not in line)
    names = [metric["Name"] for metric in told["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: told[name][0] for name in names}


def counts(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if not name.endswith("Time")}


def test_a_match_that_is_appended(
    shared_system: System, seven_photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    shared_system.call(ROUTE, photograph(1, 9), type_id=seven_photos)
    told = {"Matched": 1, "Missed": 0, "Appended": 1, "AppendAttempts": 1, "Rows": 8}
    assert counts(figures(capsys)) == told


def test_a_match_that_is_not_appended(
    shared_system: System, seven_photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    shared_system.call(ROUTE, photograph(1, 9), type_id=seven_photos, params={"append": "false"})
    told = {"Matched": 1, "Missed": 0, "Appended": 0, "AppendAttempts": 0, "Rows": 7}
    assert counts(figures(capsys)) == told


def test_a_miss(shared_system: System, seven_photos: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    shared_system.call(ROUTE, photograph(2), type_id=seven_photos)
    told = {"Matched": 0, "Missed": 1, "Appended": 0, "AppendAttempts": 0, "Rows": 7}
    assert counts(figures(capsys)) == told


def test_a_row_that_loses_a_race_once(
    shared_system: System, seven_photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    shared_system.proxy.break_("PUT", "encodings/", "412", times=1)
    shared_system.call(ROUTE, photograph(1, 9), type_id=seven_photos)
    shared_system.proxy.mend()
    assert figures(capsys)["AppendAttempts"] == 2


@pytest.mark.usefixtures("seven_photos")
def test_a_query_against_all_types(shared_system: System, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    shared_system.call("POST /recognize", photograph(1, 9))
    told = counts(figures(capsys))
    assert told.pop("Rows") > 0
    assert told == {"Matched": 1, "Missed": 0, "Appended": 0, "AppendAttempts": 0}
    shared_system.call("POST /recognize", photograph(2), params={"append": "true"})
    assert counts(figures(capsys)) == {"Matched": 0, "Missed": 1, "Appended": 0, "AppendAttempts": 0}


def test_times_are_told_in_milliseconds_one_after_the_other(
    shared_system: System,
    seven_photos: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a clock that goes on by a second each time that it is read."""
    capsys.readouterr()
    seconds = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(seconds)))
    shared_system.call(ROUTE, photograph(1, 9), type_id=seven_photos, params={"append": "false"})
    told = figures(capsys)
    assert (told["EncodeTime"], told["LoadTime"]) == (1000, 1000)
    shared_system.call("POST /recognize", photograph(1, 9))
    assert figures(capsys)["EncodeTime"] == 1000
