"""What template.yaml promises of its two buckets: what people gave stays, what can be made again does not."""

from pathlib import Path
from typing import Any

import pytest

from lookalike_tools.local.template import read_template

RESOURCES = read_template(Path(__file__).parents[3] / "template.yaml")["Resources"]
BUCKETS = ("Bucket", "WorkBucket")


def properties(bucket: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[bucket]["Properties"]
    return found


def lifecycle(bucket: str, prefix: str | None) -> dict[str, Any]:
    rules = properties(bucket)["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if rule.get("Prefix") == prefix]
    assert rule["Status"] == "Enabled"
    return dict(rule)


def test_what_people_gave_outlives_the_stack_but_not_one_that_could_not_be_made() -> None:
    policies = RESOURCES["Bucket"]["DeletionPolicy"], RESOURCES["Bucket"]["UpdateReplacePolicy"]
    assert policies == ("RetainExceptOnCreate", "Retain")


def test_what_can_be_made_again_goes_with_the_stack() -> None:
    policies = RESOURCES["WorkBucket"]["DeletionPolicy"], RESOURCES["WorkBucket"]["UpdateReplacePolicy"]
    assert policies == ("Delete", "Delete")


def test_a_removed_photo_can_be_restored_for_a_month() -> None:
    assert properties("Bucket")["VersioningConfiguration"] == {"Status": "Enabled"}
    assert lifecycle("Bucket", "types/")["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_nothing_that_can_be_made_again_is_kept_in_versions() -> None:
    """So that what expires is gone, and an append does not keep a type's whole old encodings."""
    assert "VersioningConfiguration" not in properties("WorkBucket")


def test_photos_never_expire() -> None:
    rules = properties("Bucket")["LifecycleConfiguration"]["Rules"]
    assert not [rule for rule in rules if "ExpirationInDays" in rule]


def test_query_photos_are_gone_after_a_day() -> None:
    assert lifecycle("WorkBucket", "queries/")["ExpirationInDays"] == 1


@pytest.mark.parametrize("bucket", BUCKETS)
def test_nothing_is_paid_for_leftovers(bucket: str) -> None:
    assert lifecycle(bucket, None)["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_nothing_is_listed_of_versions_that_are_gone() -> None:
    assert lifecycle("Bucket", None)["ExpiredObjectDeleteMarker"] is True


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize(
    "way", ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
)
def test_no_way_is_left_to_make_photos_public(bucket: str, way: str) -> None:
    assert properties(bucket)["PublicAccessBlockConfiguration"][way] is True


@pytest.mark.parametrize("bucket", BUCKETS)
def test_access_lists_give_nobody_anything(bucket: str) -> None:
    assert properties(bucket)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_everything_is_encrypted_at_rest(bucket: str) -> None:
    (rule,) = properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in ("AES256", "aws:kms")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_nobody_reaches_a_bucket_without_tls(bucket: str) -> None:
    policies = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::S3::BucketPolicy"]
    (policy,) = [policy for policy in policies if policy["Bucket"] == {"Ref": bucket}]
    denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    (denial,) = [s for s in denials if s["Condition"] == {"Bool": {"aws:SecureTransport": False}}]
    assert (denial["Principal"], denial["Action"]) == ("*", "s3:*")
    assert denial["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


@pytest.mark.parametrize(("bucket", "queue"), [("Bucket", "Queue"), ("WorkBucket", "InboxQueue")])
def test_a_bucket_waits_until_it_may_send_to_its_queue(bucket: str, queue: str) -> None:
    """S3 refuses to make a bucket that it could not send the events of."""
    assert properties(RESOURCES[bucket]["DependsOn"])["Queues"] == [{"Ref": queue}]


def test_every_photo_that_is_put_into_the_inbox_reaches_its_queue() -> None:
    (told,) = properties("WorkBucket")["NotificationConfiguration"]["QueueConfigurations"]
    assert (told["Event"], told["Queue"]) == ("s3:ObjectCreated:*", {"Fn::GetAtt": ["InboxQueue", "Arn"]})
    assert told["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "inbox/"}]


def test_photos_of_the_inbox_are_gone_after_the_days_that_are_asked_for() -> None:
    assert lifecycle("WorkBucket", "inbox/")["ExpirationInDays"] == {"Ref": "InboxDays"}


@pytest.mark.parametrize("event", ["ObjectCreated", "ObjectRemoved", "LifecycleExpiration"])
def test_every_change_of_a_type_reaches_the_queue(event: str) -> None:
    told = properties("Bucket")["NotificationConfiguration"]["QueueConfigurations"]
    (sent,) = [each for each in told if each["Event"] == f"s3:{event}:*"]
    assert sent["Queue"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert sent["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "types/"}]
