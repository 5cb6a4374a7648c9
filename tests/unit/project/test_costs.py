"""The table of costs is what its module says, and counts what the template has."""

import re
from pathlib import Path

from lookalike_tools.bench.results import month
from lookalike_tools.bench.results.month import Use, bill
from support.alarms import ALARMS, RESOURCES, metrics_of

ROOT = Path(__file__).parents[3]


def test_the_page_shows_the_table_as_it_is_computed() -> None:
    assert month.table() in (ROOT / "functions" / "README.md").read_text(encoding="utf-8")


def test_no_alarm_metric_or_queue_is_left_out() -> None:
    assert sum(len(metrics_of(alarm)) for alarm in ALARMS) <= month.ALARM_METRICS
    sources = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("functions/**/*.py"))
    cold_starts = 2
    assert len(set(re.findall(r'add_metric\("(\w+)"', sources))) + cold_starts <= month.METRICS
    read = [
        event["Properties"]["Queue"]
        for resource in RESOURCES.values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"]["Events"].values()
        if event["Type"] == "SQS"
    ]
    assert len(read) == month.QUEUES


def test_a_photo_counts_once_for_each_512_kb_that_it_has() -> None:
    item = "API, metered by 512 KB"
    sizes = (1, 512 * 1024, 512 * 1024 + 1, 4_500_000)
    assert [round(bill(Use(photo_bytes=size))[item], 2) for size in sizes] == [0.3, 0.3, 0.6, 2.7]


def test_an_idle_stack_pays_for_being_watched_alone() -> None:
    costs = bill(Use(types=0, recognitions=0))
    assert {item for item, cost in costs.items() if cost} == {
        "Queues, polled all the time",
        "Alarms and dashboard",
    }
