"""The template's alarms, and what CloudWatch would make of figures."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lookalike_tools.local.template import read_template

TEMPLATE = read_template(Path(__file__).parents[2] / "template.yaml")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
ALARMS: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
FUNCTIONS = {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    "FILL": lambda value, filler: filler if math.isnan(value) else value,
    "IF": lambda condition, then, otherwise: then if condition else otherwise,
}


def metrics_of(alarm: str) -> dict[str, dict[str, Any]]:
    """The metrics that an alarm looks at, by their ids in its expression."""
    properties = ALARMS[alarm]
    if "MetricName" in properties:
        return {"metric": properties}
    return {
        each["Id"]: each["MetricStat"]["Metric"] for each in properties["Metrics"] if "MetricStat" in each
    }


def breaches(alarm: str, figures: Mapping[str, float]) -> bool:
    """Whether a period breaches an alarm's threshold.

    Args:
        alarm: its logical id.
        figures: what the period told, by `name_of` a metric; what is left out was not told at all.
    """
    values = {key: figures.get(name_of(metric), math.nan) for key, metric in metrics_of(alarm).items()}
    properties = ALARMS[alarm]
    shown = values.get("metric", math.nan)
    for each in properties.get("Metrics", []):
        if "Expression" in each:
            expression = compile(each["Expression"], alarm, "eval")
            shown = eval(expression, FUNCTIONS | values)
    assert properties["ComparisonOperator"] == "GreaterThanThreshold"
    # Where something is missing nothing breaches: a comparison with nan is false.
    assert properties["TreatMissingData"] == "notBreaching"
    return bool(shown > properties["Threshold"])


def name_of(metric: Mapping[str, Any]) -> str:
    """A metric in short: what it counts, and of which function, queue or service."""
    (dimension,) = metric["Dimensions"]
    value = dimension["Value"]
    if isinstance(value, dict):
        ((_, of),) = value.items()
        value = of[0] if isinstance(of, list) else of
    return f"{value} {metric['MetricName']}"
