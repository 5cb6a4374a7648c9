"""What template.yaml makes of the parameters of capacity."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from lookalike_tools.local.template import image_functions, read_template

TEMPLATE = read_template(Path(__file__).parents[3] / "template.yaml")
PARAMETERS = TEMPLATE["Parameters"]
RECOGNIZE = image_functions(TEMPLATE)["RecognizeFunction"]


def _references(part: Any) -> Iterator[str]:
    """What a part of the template refers to."""
    if isinstance(part, dict):
        if "Ref" in part:
            yield part["Ref"]
        yield from chain.from_iterable(map(_references, part.values()))
    elif isinstance(part, list):
        yield from chain.from_iterable(map(_references, part))


def test_the_api_takes_as_many_requests_as_its_parameters_say() -> None:
    limits = {"ThrottlingRateLimit": {"Ref": "ApiRate"}, "ThrottlingBurstLimit": {"Ref": "ApiBurst"}}
    assert TEMPLATE["Resources"]["Api"]["Properties"]["DefaultRouteSettings"] == limits
    assert (PARAMETERS["ApiRate"]["Default"], PARAMETERS["ApiBurst"]["Default"]) == (50, 100)


def test_recognition_takes_of_the_accounts_concurrency_what_it_is_given_and_nothing_unasked() -> None:
    assert PARAMETERS["ReservedConcurrency"]["Default"] == 0
    asked_for = {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, 0]}]}
    assert TEMPLATE["Conditions"]["HasReservedConcurrency"] == asked_for
    reserved = image_functions(TEMPLATE)["RecognizeFunction"]["ReservedConcurrentExecutions"]
    given, nothing = {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}
    assert reserved == {"Fn::If": ["HasReservedConcurrency", given, nothing]}


def test_as_many_recognitions_are_kept_started_as_are_paid_for_and_none_unasked() -> None:
    assert PARAMETERS["ProvisionedConcurrency"]["Default"] == 0
    asked_for = {"Fn::Not": [{"Fn::Equals": [{"Ref": "ProvisionedConcurrency"}, 0]}]}
    assert TEMPLATE["Conditions"]["HasProvisionedConcurrency"] == asked_for
    given = {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}}
    assert RECOGNIZE["ProvisionedConcurrencyConfig"] == {
        "Fn::If": ["HasProvisionedConcurrency", given, {"Ref": "AWS::NoValue"}]
    }


def test_each_parameter_that_changes_the_recognising_function_publishes_another_version() -> None:
    """CloudFormation replaces a version whose description changes; SAM does not look into parameters."""
    defaults = TEMPLATE["Globals"]["Function"]
    versioned = [
        defaults["Architectures"],
        defaults["Environment"],
        RECOGNIZE["Environment"],
        RECOGNIZE["MemorySize"],
        RECOGNIZE["Timeout"],
    ]
    named = set(re.findall(r"\$\{(\w+)\}", RECOGNIZE["VersionDescription"]["Fn::Sub"]))
    assert named == set(_references(versioned)) & set(PARAMETERS)
    longest = {
        name: max(map(str, given.get("AllowedValues", ["0.12345678"])), key=len)
        for name, given in PARAMETERS.items()
    }
    text = re.sub(r"\$\{(\w+)\}", lambda found: longest[found[1]], RECOGNIZE["VersionDescription"]["Fn::Sub"])
    assert len(text) <= 256


def test_a_flood_of_photos_starts_no_flood_of_functions() -> None:
    events = image_functions(TEMPLATE)["RebuildEncodingsFunction"]["Events"].values()
    (source,) = (event["Properties"] for event in events if event["Type"] == "SQS")
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "RebuildConcurrency"}}
    assert PARAMETERS["RebuildConcurrency"]["Default"] <= 10
