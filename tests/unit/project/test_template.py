"""What template.yaml promises to whoever deploys it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped] # it has no types

from lookalike.matching.settings import Rule
from lookalike_tools.local.template import image_functions, read_template

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "template.yaml"
NOTHING = {"Ref": "AWS::NoValue"}
TEMPLATE_AS_READ = read_template(TEMPLATE)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return TEMPLATE_AS_READ


@pytest.fixture(scope="module")
def bucket(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"]["Bucket"]["Properties"]
    return properties


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
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"):
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


def test_only_buckets_of_the_account_may_send_to_the_queue() -> None:
    (policy,) = all_of("AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}},
    }


def test_nobody_tells_events_in_the_name_of_others() -> None:
    telling = [statement.values[0] for statement in statements()]
    telling = [statement for statement in telling if statement["Action"] == "events:PutEvents"]
    assert len(telling) == 2
    for statement in telling:
        assert statement["Condition"] == {"ForAllValues:StringEquals": {"events:source": "lookalike"}}


# ---------------------------------------------------------------------------------------------------------
# The bucket


def test_photos_outlive_the_stack(template: dict[str, Any]) -> None:
    bucket = template["Resources"]["Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize(
    "way", ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
)
def test_no_way_is_left_to_make_photos_public(bucket: dict[str, Any], way: str) -> None:
    assert bucket["PublicAccessBlockConfiguration"][way] is True


def test_access_lists_give_nobody_anything(bucket: dict[str, Any]) -> None:
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_bucket_waits_until_it_may_send_to_the_queue(template: dict[str, Any]) -> None:
    """S3 refuses to make a bucket that it could not send the events of."""
    assert template["Resources"]["Bucket"]["DependsOn"] == "QueuePolicy"
    (policy,) = all_of("AWS::SQS::QueuePolicy").values()
    assert policy["Queues"] == [{"Ref": "Queue"}]


def test_everything_is_encrypted_at_rest(bucket: dict[str, Any]) -> None:
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in ("AES256", "aws:kms")
    assert all(queue["SqsManagedSseEnabled"] is True for queue in all_of("AWS::SQS::Queue").values())


def test_nobody_reaches_the_bucket_without_tls() -> None:
    (policy,) = all_of("AWS::S3::BucketPolicy").values()
    assert policy["Bucket"] == {"Ref": "Bucket"}
    denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    (denial,) = [s for s in denials if s["Condition"] == {"Bool": {"aws:SecureTransport": False}}]
    assert (denial["Principal"], denial["Action"]) == ("*", "s3:*")
    assert denial["Resource"] == [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]


def test_a_removed_photo_can_be_restored(bucket: dict[str, Any]) -> None:
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def lifecycle(bucket: dict[str, Any], prefix: str | None) -> dict[str, Any]:
    (rule,) = [r for r in bucket["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == prefix]
    assert rule["Status"] == "Enabled"
    return dict(rule)


def test_query_photos_are_gone_after_a_day_and_nothing_else_expires(bucket: dict[str, Any]) -> None:
    expiring = {
        r.get("Prefix"): r["ExpirationInDays"]
        for r in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in r
    }
    assert expiring == {"queries/": 1}


@pytest.mark.parametrize(("prefix", "least"), [("queries/", 1), ("encodings/", 1), ("types/", 30)])
def test_what_was_replaced_or_removed_is_kept_for_some_time_and_not_for_ever(
    bucket: dict[str, Any], prefix: str, least: int
) -> None:
    assert lifecycle(bucket, prefix)["NoncurrentVersionExpiration"]["NoncurrentDays"] >= least


def test_nothing_is_paid_for_leftovers(bucket: dict[str, Any]) -> None:
    rule = lifecycle(bucket, None)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule["ExpiredObjectDeleteMarker"] is True


@pytest.mark.parametrize("event", ["ObjectCreated", "ObjectRemoved", "LifecycleExpiration"])
def test_every_change_of_a_type_reaches_the_queue(bucket: dict[str, Any], event: str) -> None:
    (sent,) = [
        c for c in bucket["NotificationConfiguration"]["QueueConfigurations"] if c["Event"] == f"s3:{event}:*"
    ]
    assert sent["Queue"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert sent["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "types/"}]


# ---------------------------------------------------------------------------------------------------------
# Queue and functions


def test_a_message_stays_hidden_for_six_times_as_long_as_a_rebuild_may_take(template: dict[str, Any]) -> None:
    hidden = template["Resources"]["Queue"]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * image_functions(template)["RebuildEncodingsFunction"]["Timeout"]


def test_a_message_that_fails_five_times_is_put_aside_for_two_weeks() -> None:
    queues = all_of("AWS::SQS::Queue")
    assert queues["Queue"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert queues["DeadLetterQueue"]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_of_a_batch_only_the_messages_that_failed_come_back(template: dict[str, Any]) -> None:
    (source,) = image_functions(template)["RebuildEncodingsFunction"]["Events"].values()
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_flood_of_photos_starts_no_flood_of_functions(template: dict[str, Any]) -> None:
    (source,) = image_functions(template)["RebuildEncodingsFunction"]["Events"].values()
    assert source["Properties"]["ScalingConfig"]["MaximumConcurrency"] <= 10


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
    assert properties["Environment"]["Variables"] == {"POWERTOOLS_SERVICE_NAME": package}


def test_functions_look_at_the_stacks_own_bucket_and_queue(template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert (variables["BUCKET_NAME"], variables["QUEUE_URL"]) == ({"Ref": "Bucket"}, {"Ref": "Queue"})


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


def test_the_api_has_limits_and_keeps_a_log(api: dict[str, Any]) -> None:
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(api["DefaultRouteSettings"])
    assert api["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    assert {"requestId", "caller", "routeKey", "status"} <= set(
        json.loads(api["AccessLogSettings"]["Format"])
    )


def test_a_page_may_call_only_where_its_origin_is_given(
    template: dict[str, Any], api: dict[str, Any], bucket: dict[str, Any]
) -> None:
    given, origin = template["Conditions"]["HasCorsOrigin"], {"Ref": "CorsOrigin"}
    assert given == {"Fn::Not": [{"Fn::Equals": [origin, ""]}]}
    assert template["Parameters"]["CorsOrigin"]["Default"] == ""
    condition, calls, otherwise = api["CorsConfiguration"]["Fn::If"]
    assert (condition, calls["AllowOrigins"], otherwise) == ("HasCorsOrigin", [origin], NOTHING)
    condition, uploads, otherwise = bucket["CorsConfiguration"]["Fn::If"]
    (rule,) = uploads["CorsRules"]
    assert (condition, rule["AllowedOrigins"], otherwise) == ("HasCorsOrigin", [origin], NOTHING)
