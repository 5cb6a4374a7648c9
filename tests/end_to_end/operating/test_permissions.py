"""Nobody calls the API unasked, and each function may do its work and nothing else."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from lookalike.keys import image_key
from lookalike_tools.console.stack.changes import remove_photos, restore_photos
from lookalike_tools.live.bucket.photos import MissedPhoto, Upload, put_missed, upload_photos
from lookalike_tools.live.stack import Stack
from support.deployed import Api
from support.photos.photographs import photograph

IN_THE_INBOX = "inbox/permitted/1.png"

Act = Callable[["Rights"], Any]


def session_with(api: Api, documents: list[Any]) -> boto3.Session:
    """Credentials that allow what some policies say, and nothing else."""
    iam = api.stack.client("iam")
    lent = f"lent-{uuid4().hex[:12]}"
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    arn = iam.create_role(RoleName=lent, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for number, document in enumerate(documents):
        iam.put_role_policy(RoleName=lent, PolicyName=f"lent-{number}", PolicyDocument=json.dumps(document))
    credentials = api.stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return boto3.Session(
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        region_name=api.stack.region,
    )


class Rights:
    """The rights of a function's role, lent to a test."""

    def __init__(self, api: Api, function: str) -> None:
        self.stack = api.stack
        cloudformation, iam = api.stack.client("cloudformation"), api.stack.client("iam")
        resource = cloudformation.describe_stack_resource(
            StackName="lookalike", LogicalResourceId=f"{function}Role"
        )
        role = resource["StackResourceDetail"]["PhysicalResourceId"]
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        self.session: Any = session_with(api, documents)

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.stack.endpoint_url)

    def get(self, key: str) -> None:
        self.client("s3").get_object(Bucket=self.bucket_of(key), Key=key)

    def put(self, key: str) -> None:
        self.client("s3").put_object(Bucket=self.bucket_of(key), Key=key, Body=b"")

    def delete(self, key: str) -> None:
        self.client("s3").delete_object(Bucket=self.bucket_of(key), Key=key)

    def bucket_of(self, key: str) -> str:
        return self.stack.bucket if key.startswith("types/") else self.stack.work_bucket

    def send(self, queue_url: str) -> None:
        self.client("sqs").send_message(QueueUrl=queue_url, MessageBody='{"Event": "s3:TestEvent"}')

    def receive(self, queue_url: str) -> None:
        self.client("sqs").receive_message(QueueUrl=queue_url)

    def hide(self, queue_url: str) -> None:
        sqs = self.client("sqs")
        with contextlib.suppress(sqs.exceptions.ReceiptHandleIsInvalid):
            sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle="none", VisibilityTimeout=1)

    def put_event(self) -> None:
        entry = {"Source": "lookalike", "DetailType": "test", "Detail": "{}"}
        self.client("events").put_events(Entries=[entry])


ALLOWED: dict[str, dict[str, Act]] = {
    "Recognize": {
        "append an image": lambda rights: rights.put("types/permitted/images/1.png"),
        "remove an image": lambda rights: rights.delete("types/permitted/images/1.png"),
        "remove a counterexample": lambda rights: rights.delete("types/permitted/counterexamples/1.png"),
        "keep a missed photo": lambda rights: rights.put("missed/permitted/1.png"),
        "remove a missed photo": lambda rights: rights.delete("missed/permitted/1.png"),
        "write encodings": lambda rights: rights.put("encodings/model/permitted.safetensors"),
        "read encodings": lambda rights: rights.get("encodings/model/permitted.safetensors"),
        "take a query photo": lambda rights: rights.put("queries/permitted"),
        "read a query photo": lambda rights: rights.get("queries/permitted"),
        "read a photo of the inbox": lambda rights: rights.get(IN_THE_INBOX),
        "take messages of the inbox": lambda rights: rights.receive(rights.stack.inbox_queue_url),
        "bring back messages of the inbox": lambda rights: rights.hide(rights.stack.inbox_queue_url),
        "ask for a rebuild": lambda rights: rights.send(rights.stack.queue_url),
        "tell the bus": lambda rights: rights.put_event(),
    },
    "RebuildEncodings": {
        "write encodings": lambda rights: rights.put("encodings/model/permitted.safetensors"),
        "read encodings": lambda rights: rights.get("encodings/model/permitted.safetensors"),
        "go on by a message": lambda rights: rights.send(rights.stack.queue_url),
        "tell the bus": lambda rights: rights.put_event(),
    },
}
REFUSED: dict[str, dict[str, Act]] = {
    "Recognize": {
        "write elsewhere": lambda rights: rights.put("elsewhere/1.png"),
        "read elsewhere": lambda rights: rights.get("elsewhere/1.png"),
        "write what is no photo of a type": lambda rights: rights.put("types/permitted/notes.txt"),
        "delete encodings": lambda rights: rights.delete("encodings/model/permitted.safetensors"),
        "delete a version": lambda rights: rights.client("s3").delete_object(
            Bucket=rights.stack.bucket, Key="types/permitted/images/1.png", VersionId="1"
        ),
        "delete settings": lambda rights: rights.delete("types/permitted/settings.json"),
        "read the queue": lambda rights: rights.receive(rights.stack.queue_url),
        "write dead letters": lambda rights: rights.send(rights.stack.dead_letter_queue_url),
        "write to the inbox": lambda rights: rights.put(IN_THE_INBOX),
        "delete from the inbox": lambda rights: rights.delete(IN_THE_INBOX),
        "tell of photos of the inbox": lambda rights: rights.send(rights.stack.inbox_queue_url),
        "read photos that were not answered": lambda rights: rights.receive(
            rights.stack.inbox_dead_letter_queue_url
        ),
        "bring back messages of the queue": lambda rights: rights.hide(rights.stack.queue_url),
        "list buckets": lambda rights: rights.client("s3").list_buckets(),
        "delete the bucket": lambda rights: rights.client("s3").delete_bucket(Bucket=rights.stack.bucket),
        "put a photo among what passes": lambda rights: rights.client("s3").put_object(
            Bucket=rights.stack.work_bucket, Key="types/permitted/images/1.png", Body=b""
        ),
        "see its role": lambda rights: rights.client("iam").list_roles(),
    },
    "RebuildEncodings": {
        "write an image": lambda rights: rights.put("types/permitted/images/1.png"),
        "delete an image": lambda rights: rights.delete("types/permitted/images/1.png"),
        "delete encodings": lambda rights: rights.delete("encodings/model/permitted.safetensors"),
        "read a query photo": lambda rights: rights.get("queries/permitted"),
        "read a missed photo": lambda rights: rights.get("missed/permitted/1.png"),
        "read a photo of the inbox": lambda rights: rights.get(IN_THE_INBOX),
        "take messages of the inbox": lambda rights: rights.receive(rights.stack.inbox_queue_url),
        "read dead letters": lambda rights: rights.receive(rights.stack.dead_letter_queue_url),
        "list buckets": lambda rights: rights.client("s3").list_buckets(),
    },
}


@pytest.fixture(scope="module")
def rights(api: Api) -> Iterator[dict[str, Rights]]:
    api.s3.put_object(Bucket=api.stack.work_bucket, Key=IN_THE_INBOX, Body=b"no image")
    yield {function: Rights(api, function) for function in ALLOWED}
    # Others look for encodings of models that no longer run.
    api.s3.delete_object(Bucket=api.stack.work_bucket, Key="encodings/model/permitted.safetensors")


def cases(table: dict[str, dict[str, Act]]) -> list[Any]:
    return [
        pytest.param(function, act, id=f"{function} {name}")
        for function, acts in table.items()
        for name, act in acts.items()
    ]


@pytest.mark.parametrize(("function", "act"), cases(ALLOWED))
def test_a_function_may_do_its_work(rights: dict[str, Rights], function: str, act: Act) -> None:
    act(rights[function])


@pytest.mark.parametrize(("function", "act"), cases(REFUSED))
def test_a_function_may_do_nothing_else(rights: dict[str, Rights], function: str, act: Act) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        act(rights[function])


ASKING = [
    ("POST", "/types/permitted/recognize"),
    ("POST", "/recognize"),
    ("POST", "/uploads"),
    ("GET", "/types"),
    ("GET", "/types/permitted"),
    ("GET", "/health"),
    ("GET", "/openapi.json"),
]
KEEPING = [
    ("PUT", "/types/permitted/images/1.png"),
    ("DELETE", "/types/permitted/images/1.png"),
    ("PUT", "/types/permitted/settings"),
    ("PUT", "/types/permitted/counterexamples/1.png"),
    ("DELETE", "/types/permitted/counterexamples/1.png"),
    ("POST", "/types/permitted/verdicts"),
    ("GET", "/missed"),
]


@pytest.fixture(scope="module")
def callers(api: Api) -> dict[str, Stack]:
    """The stack, as those see it who have one of the template's policies and no other right."""
    return {
        policy: replace(api.stack, session=session_with(api, policy_documents(api, policy)))
        for policy in ("RecognizePolicy", "AdministerPolicy")
    }


def policy_documents(api: Api, policy: str) -> list[Any]:
    cloudformation, iam = api.stack.client("cloudformation"), api.stack.client("iam")
    resource = cloudformation.describe_stack_resource(StackName="lookalike", LogicalResourceId=policy)
    arn = resource["StackResourceDetail"]["PhysicalResourceId"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return [iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]]


@pytest.mark.parametrize(("method", "path"), ASKING)
def test_who_may_recognise_may_ask(callers: dict[str, Stack], method: str, path: str) -> None:
    assert callers["RecognizePolicy"].call(method, path).status_code != 403


@pytest.mark.parametrize(("method", "path"), KEEPING)
def test_who_may_recognise_may_not_administer(callers: dict[str, Stack], method: str, path: str) -> None:
    assert callers["RecognizePolicy"].call(method, path).status_code == 403


def test_who_may_recognise_does_not_reach_the_buckets(callers: dict[str, Stack]) -> None:
    stack = callers["RecognizePolicy"]
    for bucket in (stack.bucket, stack.work_bucket):
        with pytest.raises(ClientError, match="AccessDenied"):
            stack.client("s3").list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize(("method", "path"), ASKING + KEEPING)
def test_who_may_administer_may_ask_and_keep(callers: dict[str, Stack], method: str, path: str) -> None:
    assert callers["AdministerPolicy"].call(method, path).status_code != 403


def remove_and_restore(stack: Stack) -> None:
    photo = image_key("permitted", "undone.png")
    list(upload_photos(stack, [Upload(photo, photograph(1))]))
    remove_photos(stack, [photo])
    restore_photos(stack, [photo])


def put_back_what_was_missed(stack: Stack) -> None:
    put_missed(stack, "missed/permitted/1.png", MissedPhoto(photograph(1), "image/png", {}))


@pytest.mark.parametrize("act", [remove_and_restore, put_back_what_was_missed])
def test_who_may_administer_may_do_what_the_commands_and_the_console_do(
    callers: dict[str, Stack], act: Callable[[Stack], None]
) -> None:
    act(callers["AdministerPolicy"])


@pytest.mark.parametrize(("method", "path"), [("GET", "/health"), ("GET", "/types"), ("POST", "/uploads")])
def test_calls_without_a_signature_are_refused(api: Api, method: str, path: str) -> None:
    assert requests.request(method, api.stack.api_url + path, timeout=60).status_code == 403


def test_the_bucket_is_closed_to_strangers(api: Api, shared_type: str) -> None:
    url = f"{api.stack.endpoint_url}/{api.stack.bucket}/types/{shared_type}/images/0.png"
    assert requests.get(url, timeout=60).status_code == 403
