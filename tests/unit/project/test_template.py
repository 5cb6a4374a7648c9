"""What template.yaml promises to whoever deploys it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file

from lookalike.aws.messages import Sweep, read_message
from lookalike.matching.settings import Rule
from lookalike_tools.local.template import image_functions, read_template
from recognize.inbox import MOST_RECEIVES

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "template.yaml"
NOTHING = {"Ref": "AWS::NoValue"}
TEMPLATE_AS_READ = read_template(TEMPLATE)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return TEMPLATE_AS_READ


@pytest.fixture(scope="module")
def api(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"]["Api"]["Properties"]
    return properties


def all_of(kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in TEMPLATE_AS_READ["Resources"].items() if r["Type"] == kind}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements() -> list[Any]:
    """Every statement that allows something, of roles and of resources, each with the name of its owner."""
    documents = [
        (f"{name} {policy['PolicyName']}", policy["PolicyDocument"])
        for name, role in all_of("AWS::IAM::Role").items()
        for policy in role["Policies"]
    ]
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::IAM::ManagedPolicy"):
        documents += [(name, policy["PolicyDocument"]) for name, policy in all_of(kind).items()]
    found = [(n, s) for n, document in documents for s in document["Statement"] if s["Effect"] == "Allow"]
    return [pytest.param(s, id=f"{n}: {', '.join(as_list(s['Action']))}") for n, s in found]


def test_cfn_lint_has_nothing_to_say_about_the_template() -> None:
    assert lint_file(TEMPLATE) == []


# ---------------------------------------------------------------------------------------------------------
# Rights


@pytest.mark.parametrize("statement", statements())
def test_every_right_names_its_actions_and_what_they_are_for(statement: dict[str, Any]) -> None:
    """None of the actions that are needed is one that AWS grants for `*` alone."""
    actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
    assert actions
    assert resources
    assert not [action for action in actions if "*" in action]
    assert not [resource for resource in resources if resource in ("*", {"Fn::Sub": "*"})]
    assert not {"NotAction", "NotResource", "NotPrincipal"} & set(statement)


def test_the_functions_have_no_rights_but_those_written_out() -> None:
    for role in all_of("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    for function in image_functions(TEMPLATE_AS_READ).values():
        assert "Policies" not in function
        assert function["Role"]["Fn::GetAtt"][0] in all_of("AWS::IAM::Role")


@pytest.mark.parametrize("queue", ["Queue", "InboxQueue"])
def test_only_buckets_of_the_account_may_send_to_a_queue(queue: str) -> None:
    policies = all_of("AWS::SQS::QueuePolicy").values()
    (policy,) = [policy for policy in policies if policy["Queues"] == [{"Ref": queue}]]
    statement = policy["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}},
    }


def test_who_may_administer_may_listen_to_events_by_queues_and_rules_of_that_name() -> None:
    """The emulator does not say whose targets are put."""
    policy = all_of("AWS::IAM::ManagedPolicy")["AdministerPolicy"]["PolicyDocument"]
    allowed = {
        each["Resource"]["Fn::Sub"].rpartition(":")[2]: set(each["Action"])
        for each in policy["Statement"]
        if "lookalike-listener-" in str(each["Resource"])
    }
    assert allowed["lookalike-listener-*"] >= {"sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:DeleteQueue"}
    put, remove = {"events:PutRule", "events:PutTargets"}, {"events:RemoveTargets", "events:DeleteRule"}
    assert allowed["rule/lookalike-listener-*"] == put | remove


def test_nobody_deletes_versions_of_photos() -> None:
    """So that whatever goes wrong, a removed or overwritten photo is there for a month."""
    actions = [action for each in statements() for action in as_list(each.values[0]["Action"])]
    assert "s3:DeleteObject" in actions
    reading = ("s3:Get", "s3:List")
    others = [action for action in actions if not action.startswith(reading)]
    assert not [action for action in others if "Version" in action or "Lifecycle" in action]


def test_functions_write_encodings_by_condition_only() -> None:
    (policy,) = (p for p in all_of("AWS::S3::BucketPolicy").values() if p["Bucket"] == {"Ref": "WorkBucket"})
    (denial,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == "EncodingsByConditionOnly")
    assert denial == {
        "Sid": "EncodingsByConditionOnly",
        "Effect": "Deny",
        "Principal": {"AWS": [{"Fn::GetAtt": [role, "Arn"]} for role in all_of("AWS::IAM::Role")]},
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": "${WorkBucket.Arn}/encodings/*"},
        # Both: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
        "Condition": {"Null": {"s3:if-match": True, "s3:if-none-match": True}},
    }


def test_others_than_buckets_send_to_a_queue_only_for_the_daily_sweep() -> None:
    policies = all_of("AWS::SQS::QueuePolicy").values()
    others = [each for policy in policies for each in policy["PolicyDocument"]["Statement"][1:]]
    assert [each["Principal"] for each in others] == [{"Service": "events.amazonaws.com"}]
    assert others[0]["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["SweepRule", "Arn"]}}}
    assert others[0]["Resource"] == {"Fn::GetAtt": ["Queue", "Arn"]}


def test_nobody_tells_events_in_the_name_of_others() -> None:
    telling = [statement.values[0] for statement in statements()]
    telling = [statement for statement in telling if statement["Action"] == "events:PutEvents"]
    assert len(telling) == 2
    for statement in telling:
        assert statement["Condition"] == {"ForAllValues:StringEquals": {"events:source": "lookalike"}}


# ---------------------------------------------------------------------------------------------------------
# Queue and functions


QUEUES = [("Queue", "RebuildEncodingsFunction"), ("InboxQueue", "RecognizeFunction")]
"""Each queue, and the function that it feeds."""


def test_a_slice_of_the_types_is_looked_at_each_day() -> None:
    (rule,) = all_of("AWS::Events::Rule").values()
    assert rule["ScheduleExpression"] == "rate(1 day)"
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert read_message(target["Input"]).sweep == Sweep()


def source_of(template: dict[str, Any], queue: str, function: str) -> dict[str, Any]:
    """How a queue feeds a function."""
    events = image_functions(template)[function]["Events"].values()
    (source,) = [event["Properties"] for event in events if event["Type"] == "SQS"]
    assert source["Queue"] == {"Fn::GetAtt": [queue, "Arn"]}
    return dict(source)


@pytest.mark.parametrize(("queue", "function"), QUEUES)
def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_take(
    template: dict[str, Any], queue: str, function: str
) -> None:
    hidden = template["Resources"][queue]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * image_functions(template)[function]["Timeout"]


@pytest.mark.parametrize(
    ("queue", "dead_letters", "most"),
    [("Queue", "DeadLetterQueue", 5), ("InboxQueue", "InboxDeadLetterQueue", MOST_RECEIVES + 5)],
)
def test_a_message_that_fails_time_and_again_is_put_aside_for_two_weeks(
    queue: str, dead_letters: str, most: int
) -> None:
    queues = all_of("AWS::SQS::Queue")
    assert queues[queue]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": most,
    }
    assert queues[dead_letters]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


@pytest.mark.parametrize(("queue", "function"), QUEUES)
def test_of_a_batch_only_the_messages_that_failed_come_back(
    template: dict[str, Any], queue: str, function: str
) -> None:
    source = source_of(template, queue, function)
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_inbox_is_worked_on_as_its_parameters_say(template: dict[str, Any]) -> None:
    source = source_of(template, "InboxQueue", "RecognizeFunction")
    assert source["BatchSize"] == {"Ref": "InboxBatch"}
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "InboxConcurrency"}}
    # More would need a window in which batches are gathered, and more photos in memory at once.
    assert template["Parameters"]["InboxBatch"]["MaxValue"] == 10
    variables = image_functions(template)["RecognizeFunction"]["Environment"]["Variables"]
    assert variables["INBOX_APPEND"] == {"Ref": "InboxAppend"}
    assert variables["INBOX_QUEUE_URL"] == {"Ref": "InboxQueue"}


def test_a_rebuild_has_a_minute_and_more_and_goes_on_by_messages_as_often_as_it_must(
    template: dict[str, Any],
) -> None:
    """AWS stops a function that sends to its own queue 16 times on end, unless it is allowed to."""
    function = image_functions(template)["RebuildEncodingsFunction"]
    assert function["Timeout"] > 60 + 20
    assert function["RecursiveLoop"] == "Allow"


@pytest.mark.parametrize(
    ("function", "package"),
    [("RecognizeFunction", "recognize"), ("RebuildEncodingsFunction", "rebuild_encodings")],
)
def test_a_function_runs_the_code_that_its_image_holds(
    template: dict[str, Any], function: str, package: str
) -> None:
    assert template["Resources"][function]["Metadata"]["DockerBuildArgs"] == {"FUNCTION": package}
    properties = image_functions(template)[function]
    assert (ROOT / "functions" / package / "app.py").is_file()
    assert properties["ImageConfig"] == {"Command": [f"{package}.app.handler"]}
    assert properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == package


def test_functions_look_at_the_stacks_own_buckets_and_queue(template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    looked_at = {name: variables[name]["Ref"] for name in ("BUCKET_NAME", "WORK_BUCKET_NAME", "QUEUE_URL")}
    assert looked_at == {"BUCKET_NAME": "Bucket", "WORK_BUCKET_NAME": "WorkBucket", "QUEUE_URL": "Queue"}


def test_recognition_gives_up_before_the_api_does(template: dict[str, Any]) -> None:
    assert image_functions(template)["RecognizeFunction"]["Timeout"] < 30


def test_a_new_stack_decides_by_similarity_above_0_92(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    assert (parameters["Rule"]["Default"], parameters["Threshold"]["Default"]) == ("similarity", 0.92)
    assert parameters["Rule"]["AllowedValues"] == list(Rule)
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert (variables["RULE"], variables["THRESHOLD"]) == ({"Ref": "Rule"}, {"Ref": "Threshold"})


# ---------------------------------------------------------------------------------------------------------
# The API


def test_nobody_calls_the_api_unasked(template: dict[str, Any], api: dict[str, Any]) -> None:
    assert (api["Auth"]["EnableIamAuthorizer"], api["Auth"]["DefaultAuthorizer"]) == (True, "AWS_IAM")
    routes = image_functions(template)["RecognizeFunction"]["Events"].values()
    assert not [route for route in routes if "Auth" in route["Properties"]]


def test_the_api_keeps_a_log(api: dict[str, Any]) -> None:
    assert api["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    assert {"requestId", "caller", "routeKey", "status"} <= set(
        json.loads(api["AccessLogSettings"]["Format"])
    )


def test_a_page_may_call_only_where_its_origin_is_given(
    template: dict[str, Any], api: dict[str, Any]
) -> None:
    given, origin = template["Conditions"]["HasCorsOrigin"], {"Ref": "CorsOrigin"}
    assert given == {"Fn::Not": [{"Fn::Equals": [origin, ""]}]}
    assert template["Parameters"]["CorsOrigin"]["Default"] == ""
    condition, calls, otherwise = api["CorsConfiguration"]["Fn::If"]
    assert (condition, calls["AllowOrigins"], otherwise) == ("HasCorsOrigin", [origin], NOTHING)
    condition, uploads, otherwise = all_of("AWS::S3::Bucket")["WorkBucket"]["CorsConfiguration"]["Fn::If"]
    (rule,) = uploads["CorsRules"]
    assert (condition, rule["AllowedOrigins"], otherwise) == ("HasCorsOrigin", [origin], NOTHING)
