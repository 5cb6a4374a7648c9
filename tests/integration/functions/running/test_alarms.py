"""What happens to the functions breaches the alarm that is for it, by the metrics that they tell."""

import json
from collections import Counter
from typing import Any

import pytest

from support.alarms import breaches
from support.inbox import Inbox
from support.photos.photographs import photograph
from support.system import ROUTE, System

INVOCATIONS = "RecognizeFunction Invocations"
REBUILD = "RebuildEncodingsFunction"


class Period:
    """What CloudWatch is told of some calls: by Lambda, by API Gateway, and by the function itself."""

    def __init__(self, system: System, capsys: pytest.CaptureFixture[str]) -> None:
        self.system, self.capsys = system, capsys
        self.figures: Counter[str] = Counter()

    def ask(self, times: int, **options: Any) -> None:
        self.capsys.readouterr()
        for _ in range(times):
            status, _ = self.system.call(ROUTE, photograph(1), params={"append": "false"}, **options)
            self.figures.update({INVOCATIONS: 1, "Api Count": 1, "Api 5xx": int(status >= 500)})
        self.figures.update(self._told())

    def fail(self, name: str, **event: Any) -> None:
        """Invoke the function directly, which must fail by an error of this name."""
        self.capsys.readouterr()
        # The function's modules are loaded anew for each system, and so is the class of the error.
        with pytest.raises(Exception) as raised:
            self.system.invoke(**event)
        assert type(raised.value).__name__ == name
        self.figures.update({INVOCATIONS: 1, "RecognizeFunction Errors": 1})
        self.figures.update(self._told())

    def deliver_photo(self, data: bytes) -> None:
        """Have a photo of the inbox recognised; Lambda sees no error, come what may."""
        inbox = Inbox(self.system)
        inbox.put(f"{self.figures[INVOCATIONS]}.png", data)
        self.capsys.readouterr()
        inbox.deliver()
        self.figures.update({INVOCATIONS: 1, "RecognizeFunction Errors": 0})
        self.figures.update(self._told())

    def rebuild(self) -> None:
        """Hand what waits to the rebuilding function."""
        self.capsys.readouterr()
        self.system.deliver()
        self.figures.update({f"{REBUILD} Invocations": 1, f"{REBUILD} Errors": 0})
        self.figures.update(self._told("rebuild_encodings"))

    def _told(self, service: str = "recognize") -> Counter[str]:
        told: Counter[str] = Counter()
        for line in self.capsys.readouterr().out.splitlines():
            if '"_aws"' not in line:
                continue
            entry = json.loads(line)
            (described,) = entry["_aws"]["CloudWatchMetrics"]
            if described["Dimensions"] == [["service"]]:
                names = [metric["Name"] for metric in described["Metrics"]]
                told.update({f"{service} {name}": sum(entry[name]) for name in names})
        return told


@pytest.fixture
def period(system: System, capsys: pytest.CaptureFixture[str]) -> Period:
    system.upload("1.png", photograph(1))
    return Period(system, capsys)


def test_storage_that_fails_all_queries_of_few_breaches(period: Period) -> None:
    period.system.deliver_all()
    period.system.proxy.break_("GET", "encodings/", "503")
    period.ask(4)
    assert breaches("StorageFailedAlarm", period.figures)
    assert breaches("ApiErrorsAlarm", period.figures)
    assert not breaches("NotBuiltYetAlarm", period.figures)


def test_types_that_are_not_built_yet_breach_their_own_alarm_alone(period: Period) -> None:
    period.ask(5)
    assert period.figures["Api 5xx"] == 5
    assert breaches("NotBuiltYetAlarm", period.figures)
    assert not breaches("ApiErrorsAlarm", period.figures)
    assert not breaches("StorageFailedAlarm", period.figures)


def test_answers_by_name_breach_no_alarm_of_failures(period: Period) -> None:
    key = "queries/1"
    period.system.store.work.put(key, photograph(1), "image/png")
    period.fail("NotReady", type_id="hex-nut", photo=key)
    assert period.figures["RecognizeFunction Errors"] == 1
    assert not breaches("RecognizeErrorsAlarm", period.figures)
    assert breaches("NotBuiltYetAlarm", period.figures)


def test_storage_that_fails_workflows_breaches(period: Period) -> None:
    period.system.proxy.break_("GET", "queries/", "503")
    period.fail("StorageFailed", type_id="hex-nut", photo="queries/1")
    assert breaches("StorageFailedAlarm", period.figures)
    assert not breaches("RecognizeErrorsAlarm", period.figures)


@pytest.mark.parametrize("failing", [("GET", "encodings/"), ("POST", "")], ids=["S3", "the bus"])
def test_an_inbox_that_storage_or_the_bus_fails_breaches(period: Period, failing: tuple[str, str]) -> None:
    period.system.deliver_all()
    period.system.proxy.break_(*failing, "503")
    period.deliver_photo(photograph(1))
    assert breaches("StorageFailedAlarm", period.figures)
    assert not breaches("RecognizeErrorsAlarm", period.figures)


def test_an_inbox_whose_types_are_not_built_breaches(period: Period) -> None:
    period.deliver_photo(photograph(1))
    assert breaches("NotBuiltYetAlarm", period.figures)
    assert not breaches("StorageFailedAlarm", period.figures)


def test_an_error_that_nobody_foresaw_breaches_for_the_inbox_too(
    period: Period, monkeypatch: pytest.MonkeyPatch
) -> None:
    period.system.deliver_all()
    monkeypatch.setattr("recognize.inbox.ask", lambda *_: 1 / 0)
    period.deliver_photo(photograph(1))
    assert breaches("RecognizeErrorsAlarm", period.figures)


def test_photos_that_come_back_hide_no_failure_of_the_api(period: Period) -> None:
    for _ in range(8):
        period.deliver_photo(photograph(1))
    period.system.proxy.break_("GET", "encodings/", "503")
    period.ask(4)
    assert breaches("ApiErrorsAlarm", period.figures)


def test_types_that_can_not_be_rebuilt_breach(period: Period) -> None:
    period.system.proxy.break_("PUT", "encodings/", "503")
    period.rebuild()
    assert breaches("RebuildErrorsAlarm", period.figures)


def test_types_that_are_rebuilt_breach_nothing(period: Period) -> None:
    period.rebuild()
    assert period.figures[f"{REBUILD} Invocations"] == 1
    assert not breaches("RebuildErrorsAlarm", period.figures)


def test_queries_that_are_answered_breach_nothing(period: Period) -> None:
    period.system.deliver_all()
    period.ask(3)
    alarms = ("StorageFailedAlarm", "NotBuiltYetAlarm", "ApiErrorsAlarm", "RecognizeErrorsAlarm")
    assert not [alarm for alarm in alarms if breaches(alarm, period.figures)]
