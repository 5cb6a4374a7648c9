from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]

from lookalike.decision import Rule
from lookalike_tools.local.template import image_functions, read_template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read_template(TEMPLATE)


def test_cfn_lint_has_nothing_to_say_about_the_template() -> None:
    assert lint_file(TEMPLATE) == []


def test_the_functions_rights_name_each_action_and_what_it_is_for(template: dict[str, Any]) -> None:
    roles = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Role"]
    statements = [s for role in roles for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]

    actions = [
        a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    ]
    assert actions
    assert not [action for action in actions if "*" in action]
    assert not [statement for statement in statements if statement["Resource"] == "*"]


def test_photos_outlive_the_stack(template: dict[str, Any]) -> None:
    bucket = template["Resources"]["Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_message_stays_hidden_for_six_times_as_long_as_a_rebuild_may_take(template: dict[str, Any]) -> None:
    hidden = template["Resources"]["Queue"]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * image_functions(template)["RebuildEncodingsFunction"]["Timeout"]


def test_recognition_gives_up_before_the_api_does(template: dict[str, Any]) -> None:
    assert image_functions(template)["RecognizeFunction"]["Timeout"] < 30


def test_a_new_stack_decides_by_similarity_above_0_92(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    assert (parameters["Rule"]["Default"], parameters["Threshold"]["Default"]) == ("similarity", 0.92)
    assert parameters["Rule"]["AllowedValues"] == list(Rule)
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert (variables["RULE"], variables["THRESHOLD"]) == ({"Ref": "Rule"}, {"Ref": "Threshold"})
