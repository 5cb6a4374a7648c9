"""The cookbook's templates, deployed beside a live stack: what they promise comes out at their other end."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cfnlint.api import lint_file

from lookalike.keys import inbox_key
from lookalike_tools.local.template import read_template
from recognize.responses import named_errors
from support.deployed import Api, eventually
from support.photos.photographs import photograph

COOKBOOK = Path(__file__).with_name("cookbook")
KEY = "a key of the service's own"


@contextmanager
def deployed(api: Api, template: dict[str, Any], **parameters: str) -> Iterator[dict[str, str]]:
    """The outputs of a template that is deployed meanwhile."""
    cloudformation, name = api.stack.client("cloudformation"), f"cookbook-{uuid4().hex[:8]}"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    try:
        yield {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    finally:
        cloudformation.delete_stack(StackName=name)


def put(api: Api, type_id: str, name: str, data: bytes, **context: str) -> str:
    key = inbox_key(type_id, name)
    api.s3.put_object(Bucket=api.stack.work_bucket, Key=key, Body=data, Metadata=context)
    return key


def messages(api: Api, queue_url: str) -> list[Any]:
    """The bodies of the messages that wait in a queue."""
    sqs = api.stack.client("sqs")
    received = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in received]


@pytest.mark.parametrize("path", sorted(COOKBOOK.glob("*.yaml")), ids=lambda path: path.name)
def test_cfn_lint_has_nothing_to_say_about_a_template(path: Path) -> None:
    assert lint_file(path) == []


def test_matches_become_messages_of_a_queue(api: Api, built_type: str) -> None:
    with deployed(api, read_template(COOKBOOK / "matches-to-queue.yaml")) as outputs:
        put(api, built_type, "miss.png", photograph(2))
        key = put(api, built_type, "match.png", photograph(1), order="A17")
        (told, *_) = eventually(lambda: messages(api, outputs["MatchesUrl"]))
        assert (told["match"], told["photo"], told["context"]) == (True, key, {"order": "A17"})


class Service(BaseHTTPRequestHandler):
    """A web service of somebody's own."""

    posted: list[tuple[str | None, dict[str, Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.headers["X-Api-Key"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[tuple[str, list[tuple[str | None, dict[str, Any]]]]]:
    """Its address, and what was posted to it."""
    Service.posted = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/events", Service.posted
    server.shutdown()


def make_destination(api: Api, template: dict[str, Any], url: str) -> None:
    """Make what the emulator's CloudFormation can't, as the template describes it, and refer to it."""
    events, resources = api.stack.client("events"), template["Resources"]
    connection, destination = (resources.pop(name)["Properties"] for name in ("Connection", "Destination"))
    connection["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"] = KEY
    made = events.create_connection(Name="cookbook", **connection)
    destination |= {"ConnectionArn": made["ConnectionArn"], "InvocationEndpoint": url}
    arn = events.create_api_destination(Name="cookbook", **destination)["ApiDestinationArn"]
    resources["Rule"]["Properties"]["Targets"][0]["Arn"] = arn
    (policy,) = resources["Role"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"][0]["Resource"] = arn


def test_what_becomes_of_photos_is_posted_to_a_webhook(
    api: Api, built_type: str, service: tuple[str, list[tuple[str | None, dict[str, Any]]]]
) -> None:
    url, posted = service
    template = read_template(COOKBOOK / "webhook.yaml")
    (target,) = template["Resources"]["Rule"]["Properties"]["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
    make_destination(api, template, url)
    with deployed(api, template, Url=url, ApiKey=KEY):
        keys = {
            put(api, built_type, "webhook-match.png", photograph(1)),
            put(api, built_type, "webhook-miss.png", photograph(2)),
            put(api, built_type, "webhook-refused.png", b"no image"),
        }
        eventually(lambda: {detail["photo"] for _, detail in posted} >= keys)
    assert {key for key, _ in posted} == {KEY}


@pytest.fixture
def notified(api: Api) -> tuple[str, str]:
    """URL and ARN of a queue that topics may send to."""
    sqs = api.stack.client("sqs")
    sending = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [sending]})
    url: str = sqs.create_queue(QueueName=f"notified-{uuid4().hex[:8]}", Attributes={"Policy": policy})[
        "QueueUrl"
    ]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


@pytest.mark.parametrize(
    ("type_id", "data", "subject"),
    [
        ("shared-type", photograph(1), "A part was recognised"),
        ("shared-type", photograph(2), "A part was not recognised"),
        ("shared-type", b"no image", "A photo was refused"),
        ("no-such-type", photograph(1), "A photo was refused"),
    ],
    ids=["match", "miss", "no image", "no type"],
)
@pytest.mark.usefixtures("shared_type")
def test_a_workflow_recognises_branches_and_notifies(
    api: Api, notified: tuple[str, str], type_id: str, data: bytes, subject: str
) -> None:
    photo = f"queries/{uuid4().hex}"
    api.s3.put_object(Bucket=api.stack.work_bucket, Key=photo, Body=data)
    template = read_template(COOKBOOK / "workflow.yaml")
    # The emulator tells all that a function raises by one name.
    (caught,) = template["Resources"]["Workflow"]["Properties"]["Definition"]["States"]["Recognize"]["Catch"]
    assert all(hasattr(named_errors, name) for name in caught["ErrorEquals"])
    caught["ErrorEquals"] = ["Runtime.HandlerError"]
    with deployed(api, template, RecognizeFunctionName=function_name(api)) as made:
        url, arn = notified
        api.stack.client("sns").subscribe(TopicArn=made["TopicArn"], Protocol="sqs", Endpoint=arn)
        asked = json.dumps({"type_id": type_id, "photo": photo, "append": False})
        api.stack.client("stepfunctions").start_execution(stateMachineArn=made["WorkflowArn"], input=asked)
        (told, *_) = eventually(lambda: messages(api, url))
    assert told["Subject"] == subject
    assert (json.loads(told["Message"]).get("match") is True) == (subject == "A part was recognised")


def function_name(api: Api) -> str:
    """What a workflow is given: the stack's output."""
    cloudformation = api.stack.client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName="lookalike")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return str(outputs["RecognizeFunctionName"])
