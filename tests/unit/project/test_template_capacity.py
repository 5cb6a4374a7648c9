"""What template.yaml makes of the parameters of capacity."""

from pathlib import Path

from lookalike_tools.local.template import image_functions, read_template

TEMPLATE = read_template(Path(__file__).parents[3] / "template.yaml")
PARAMETERS = TEMPLATE["Parameters"]


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


def test_a_flood_of_photos_starts_no_flood_of_functions() -> None:
    events = image_functions(TEMPLATE)["RebuildEncodingsFunction"]["Events"].values()
    (source,) = (event["Properties"] for event in events if event["Type"] == "SQS")
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "RebuildConcurrency"}}
    assert PARAMETERS["RebuildConcurrency"]["Default"] <= 10
