"""What template.yaml lets operators see: alarms, logs and a dashboard."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lookalike_tools.local.template import image_functions, read_template

ROOT = Path(__file__).parents[3]
NOTHING = {"Ref": "AWS::NoValue"}
TEMPLATE = read_template(ROOT / "template.yaml")


def all_of(kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in TEMPLATE["Resources"].items() if r["Type"] == kind}


@pytest.mark.parametrize(
    ("metric", "of", "most"),
    [
        ("AWS/SQS ApproximateNumberOfMessagesVisible", {"Fn::GetAtt": ["DeadLetterQueue", "QueueName"]}, 0),
        ("AWS/SQS ApproximateAgeOfOldestMessage", {"Fn::GetAtt": ["Queue", "QueueName"]}, 15 * 60),
        (
            "AWS/SQS ApproximateNumberOfMessagesVisible",
            {"Fn::GetAtt": ["InboxDeadLetterQueue", "QueueName"]},
            0,
        ),
        ("AWS/SQS ApproximateAgeOfOldestMessage", {"Fn::GetAtt": ["InboxQueue", "QueueName"]}, 30 * 60),
        ("AWS/Lambda Errors", {"Ref": "RecognizeFunction"}, 0),
        ("AWS/Lambda Errors", {"Ref": "RebuildEncodingsFunction"}, 0),
        ("AWS/Lambda Throttles", {"Ref": "RecognizeFunction"}, 0),
        ("AWS/ApiGateway 5xx", {"Ref": "Api"}, 20),
    ],
)
def test_what_goes_wrong_raises_an_alarm(metric: str, of: dict[str, Any], most: int) -> None:
    alarms = all_of("AWS::CloudWatch::Alarm").values()
    matching = [a for a in alarms if f"{a['Namespace']} {a['MetricName']}" == metric]
    (alarm,) = [a for a in matching if [d["Value"] for d in a["Dimensions"]] == [of]]
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["Threshold"] <= most
    assert alarm["TreatMissingData"] == "notBreaching"
    topic = {"Ref": "AlarmTopicArn"}
    assert alarm["AlarmActions"] == {"Fn::If": ["HasAlarmTopic", [topic], NOTHING]}
    assert TEMPLATE["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [topic, ""]}]}


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
    namespace = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    services = [
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in image_functions(TEMPLATE).values()
    ]
    own = [row for row in shown if not row[0].startswith("AWS/")]
    assert {service for _, _, _, service in own} == set(services)
    for shown_in, metric, _, service in own:
        assert shown_in == namespace
        modules = (ROOT / "functions" / service).rglob("*.py")
        source = "\n".join(module.read_text(encoding="utf-8") for module in modules)
        assert re.search(rf'add_metric\("{metric}"', source), metric
