"""What template.yaml lets operators see: alarms, logs and a dashboard."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lookalike_tools.local.template import image_functions
from support.alarms import ALARMS, TEMPLATE, breaches, metrics_of

ROOT = Path(__file__).parents[3]
NOTHING = {"Ref": "AWS::NoValue"}
NAMESPACE = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]


def all_of(kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in TEMPLATE["Resources"].items() if r["Type"] == kind}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_tells_who_asked_to_be_told(alarm: str) -> None:
    topic = {"Ref": "AlarmTopicArn"}
    assert ALARMS[alarm]["AlarmActions"] == {"Fn::If": ["HasAlarmTopic", [topic], NOTHING]}
    assert TEMPLATE["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [topic, ""]}]}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_breaches_by_one_figure_over_periods_of_the_same_length(alarm: str) -> None:
    properties = ALARMS[alarm]
    if "Metrics" not in properties:
        assert properties["Period"] == 300
        return
    shown = [each for each in properties["Metrics"] if each.get("ReturnData", True)]
    assert [each["Id"] for each in shown] == ["rate"]
    periods = [each["MetricStat"]["Period"] for each in properties["Metrics"] if "MetricStat" in each]
    assert set(periods) == {300}


@pytest.mark.parametrize(
    ("alarm", "figures"),
    [
        ("DeadLettersAlarm", {"DeadLetterQueue ApproximateNumberOfMessagesVisible": 1}),
        ("OldMessagesAlarm", {"Queue ApproximateAgeOfOldestMessage": 901}),
        ("TypesLeftOutAlarm", {"rebuild_encodings TypesLeftOut": 1}),
        ("InboxDeadLettersAlarm", {"InboxDeadLetterQueue ApproximateNumberOfMessagesVisible": 1}),
        ("InboxOldMessagesAlarm", {"InboxQueue ApproximateAgeOfOldestMessage": 1801}),
        ("RecognizeErrorsAlarm", {"RecognizeFunction Errors": 1, "RecognizeFunction Invocations": 20}),
        ("StorageFailedAlarm", {"recognize StorageFailed": 20, "RecognizeFunction Invocations": 20}),
        ("NotBuiltYetAlarm", {"recognize NotBuiltYet": 11, "RecognizeFunction Invocations": 100}),
        (
            "RebuildErrorsAlarm",
            {"RebuildEncodingsFunction Errors": 1, "RebuildEncodingsFunction Invocations": 5},
        ),
        ("ThrottlesAlarm", {"RecognizeFunction Throttles": 2, "RecognizeFunction Invocations": 100}),
        ("ThrottlesAlarm", {"RecognizeFunction Throttles": 2}),
        ("ApiErrorsAlarm", {"Api 5xx": 20, "Api Count": 20}),
    ],
)
def test_what_goes_wrong_breaches(alarm: str, figures: dict[str, float]) -> None:
    assert breaches(alarm, figures)


@pytest.mark.parametrize(
    ("alarm", "figures"),
    [
        (
            "OldMessagesAlarm",
            {"Queue ApproximateAgeOfOldestMessage": 9000, "Queue NumberOfMessagesDeleted": 5},
        ),
        ("RecognizeErrorsAlarm", {"RecognizeFunction Errors": 1, "RecognizeFunction Invocations": 1000}),
        (
            "RecognizeErrorsAlarm",
            {
                "RecognizeFunction Errors": 9,
                "recognize NamedErrors": 9,
                "RecognizeFunction Invocations": 10,
            },
        ),
        ("NotBuiltYetAlarm", {"recognize NotBuiltYet": 1, "RecognizeFunction Invocations": 100}),
        ("ApiErrorsAlarm", {"Api 5xx": 90, "recognize NotBuiltYet": 90, "Api Count": 100}),
        *((alarm, {}) for alarm in ALARMS),
    ],
)
def test_what_is_well_breaches_nothing(alarm: str, figures: dict[str, float]) -> None:
    """Few failures among many, what another alarm is for, and a night without a request."""
    assert not breaches(alarm, figures)


def test_types_not_built_yet_ring_only_when_they_stay_so_for_an_hour() -> None:
    alarm = ALARMS["NotBuiltYetAlarm"]
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (12, 12)
    others = [a for name, a in ALARMS.items() if name != "NotBuiltYetAlarm"]
    assert all(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) <= 2 for alarm in others)


def test_no_log_is_kept_longer_than_was_asked_for() -> None:
    groups = all_of("AWS::Logs::LogGroup")
    assert {str(group["RetentionInDays"]) for group in groups.values()} == {"{'Ref': 'LogRetentionDays'}"}
    for function in image_functions(TEMPLATE).values():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups


def test_the_dashboard_shows_nothing_that_the_functions_do_not_report() -> None:
    (dashboard,) = all_of("AWS::CloudWatch::Dashboard").values()
    shown = set()
    for widget in json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]:
        row: list[str] = []
        for metric in widget["properties"]["metrics"]:
            names = [name for name in metric if isinstance(name, str)]
            if names[0] == "...":
                names = row[: len(row) - len(names) + 1] + names[1:]
            row = [above if name == "." else name for name, above in zip(names, row or names, strict=True)]
            shown.add(tuple(row))
    services = [
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in image_functions(TEMPLATE).values()
    ]
    own = [row for row in shown if not row[0].startswith("AWS/")]
    assert {service for _, _, _, service in own} == set(services)
    for shown_in, metric, _, service in own:
        assert {"Fn::Sub": shown_in} == NAMESPACE
        assert metric in reported_by(service)


def test_the_alarms_look_at_nothing_that_the_functions_do_not_report() -> None:
    """By namespace and dimensions, as Powertools writes them."""
    looked_at = [metric for alarm in ALARMS for metric in metrics_of(alarm).values()]
    own = [metric for metric in looked_at if not str(metric["Namespace"]).startswith("AWS/")]
    names = {metric["MetricName"] for metric in own}
    assert names == {
        "NamedErrors",
        "NotBuiltYet",
        "PhotosNotBuiltYet",
        "StorageFailed",
        "TypesFailed",
        "TypesLeftOut",
        "UnforeseenErrors",
    }
    for metric in own:
        assert metric["Namespace"] == NAMESPACE
        (dimension,) = metric["Dimensions"]
        assert dimension["Name"] == "service"
        assert metric["MetricName"] in reported_by(dimension["Value"])


def reported_by(function: str) -> set[str]:
    modules = (ROOT / "functions" / function).rglob("*.py")
    source = "\n".join(module.read_text(encoding="utf-8") for module in modules)
    return set(re.findall(r'add_metric\("(\w+)"', source))
