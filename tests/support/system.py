"""Both functions' own code, on real connections to the emulated AWS, through a proxy that can break them."""

import importlib
import json
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import uuid4

import boto3
import pytest

from lookalike.aws import queue
from lookalike.aws.cold_start import Started
from lookalike.aws.messages import Message, read_message
from lookalike.keys import image_key
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator
from support.event_schemas import check_event
from support.fault_proxy import FaultProxy
from support.photos.photographs import photograph

FUNCTIONS = "recognize", "rebuild_encodings"
TYPE = "hex-nut"
API_SECONDS = 29
REBUILD_SECONDS = 120
ROUTE = "POST /types/{type_id}/recognize"


class Context(SimpleNamespace):
    """What Lambda tells a function of its call."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    @classmethod
    def with_seconds(cls, seconds: float) -> "Context":
        """Of a call that has so much time from now."""
        return cls(end=time.monotonic() + seconds)

    def get_remaining_time_in_millis(self) -> int:
        return int((self.end - time.monotonic()) * 1000)


def as_event(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Messages of SQS as Lambda hands them to a function."""
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "eventSource": "aws:sqs",
        }
        for message in messages
    ]
    return {"Records": records}


class System(NamedTuple):
    """Both functions, in front of buckets and queues of their own."""

    recognize: ModuleType
    rebuild: ModuleType
    started: Started
    proxy: FaultProxy
    sqs: Any
    queue_url: str
    inbox_url: str
    dead_letters_url: str
    events_url: str

    @property
    def store(self) -> Store:
        """The recognising function's."""
        return self.started.store

    @property
    def encoder(self) -> Encoder:
        """The recognising function's."""
        return self.started.encoder

    def ask(self, query: bytes, **params: Any) -> tuple[int, dict[str, Any]]:
        """A query's status and answer."""
        response = self.respond(query, **params)
        return response["statusCode"], json.loads(response["body"])

    def respond(self, query: bytes, *, seconds: float = API_SECONDS, **params: str) -> dict[str, Any]:
        """What API Gateway gets from Lambda for a query; `seconds` is the time that the function has."""
        return self.request(ROUTE, query, params=params, seconds=seconds)

    def call(self, route: str, body: bytes = b"", **options: Any) -> tuple[int, dict[str, Any]]:
        """A request's status and answer; `options` are as `request` takes them."""
        response = self.request(route, body, **options)
        return response["statusCode"], json.loads(response["body"])

    def request(
        self,
        route: str,
        body: bytes = b"",
        *,
        content_type: str = "application/octet-stream",
        params: dict[str, str] | None = None,
        seconds: float = API_SECONDS,
        authorizer: dict[str, Any] | None = None,
        **path: str,
    ) -> dict[str, Any]:
        """What API Gateway gets from Lambda for a request.

        Args:
            route: method and path, with parameters in braces.
            body: what is sent.
            content_type: of the body.
            params: the query string's.
            seconds: the time that the function has.
            authorizer: what API Gateway tells of the caller.
            path: the path's parameters; `type_id` is TYPE if it is left out.
        """
        method, _, template = route.partition(" ")
        parameters = {name: value for name, value in ({"type_id": TYPE} | path).items() if name in template}
        event = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": template,
            "pathParameters": parameters,
            "headers": {"content-type": content_type},
            "queryStringParameters": params or {},
            "requestContext": {
                "http": {"method": method, "path": ""},
                "requestId": "1",
                "stage": "$default",
                "authorizer": authorizer or {},
            },
            "body": b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        response: dict[str, Any] = self.recognize.handler(event, Context.with_seconds(seconds))
        return response

    def invoke(self, **event: Any) -> dict[str, Any]:
        """What the recognising function returns to who invokes it directly."""
        answer: dict[str, Any] = self.recognize.handler(event, Context.with_seconds(API_SECONDS))
        return answer

    def upload(self, name: str, data: bytes, type_id: str = TYPE) -> str:
        key = image_key(type_id, name)
        self.store.put_image(key, data, "image/png")
        self.tell(key)
        return key

    def build(self, type_id: str, shots: int, subject: int = 1) -> None:
        """Upload photos of a subject to a type, and bring its encodings up to date."""
        for shot in range(shots):
            self.upload(f"{shot}.png", photograph(subject, shot), type_id)
        self.deliver_all()

    def tell(self, key: str) -> None:
        """What S3 sends to the queue when an object comes."""
        record = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}}
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"Records": [record]}))

    def deliver(self, seconds: float = REBUILD_SECONDS) -> int:
        """Hand messages to the function, and remove those it has done; how many it has not.

        Args:
            seconds: the time that the function has.
        """
        batch = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", [])
        if not batch:
            return 0
        try:
            answer = self.rebuild.handler(as_event(batch), Context.with_seconds(seconds))
        except Exception:  # Lambda gives the whole batch back then
            return len(batch)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in batch:
            if message["MessageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(failed)

    def clear(self) -> None:
        """Empty the buckets and the queues, and mend what is broken."""
        self.proxy.mend()
        for bucket in (self.store.bucket, self.store.work):
            for entry in bucket.list_all(""):
                bucket.delete(entry.key)
        for queue_url in (self.queue_url, self.inbox_url, self.events_url):
            self.sqs.purge_queue(QueueUrl=queue_url)

    def deliver_all(self) -> None:
        """Hand all messages that wait to the function, which must do them at once."""
        while self.waiting(self.queue_url):
            assert self.deliver() == 0

    def messages(self) -> list[Message]:
        """What the messages ask for that wait in the queue; they stay there."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [read_message(message["Body"]) for message in answer.get("Messages", [])]

    def rows(self, type_id: str = TYPE) -> list[str]:
        encodings, _ = self.store.read_encodings(type_id)
        return sorted(row.image for row in encodings.rows) if encodings else []

    def events(self) -> list[dict[str, Any]]:
        """The events that came on the bus since this was last asked."""
        received: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.events_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            received += [check_event(json.loads(message["Body"])) for message in messages]
            done = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
            self.sqs.delete_message_batch(QueueUrl=self.events_url, Entries=done)
        return received

    def waiting(self, queue_url: str) -> int:
        name = "ApproximateNumberOfMessages"
        answer = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
        return int(answer["Attributes"][name])


@cache
def _session() -> boto3.Session:
    """Makes clients: the services' descriptions are read once, the environment for each client."""
    return boto3.Session()


@contextmanager
def running_system(emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """Both functions, in front of an empty bucket."""
    name = f"system-{uuid4().hex}"
    direct: Any = {"endpoint_url": emulator.endpoint_url, "region_name": REGION, **CREDENTIALS}
    s3: Any = boto3.client("s3", **direct)
    for bucket in (name, f"{name}-work"):
        s3.create_bucket(Bucket=bucket)
    sqs: Any = boto3.client("sqs", **direct)
    dead_letters_url = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    dead_letters = sqs.get_queue_attributes(QueueUrl=dead_letters_url, AttributeNames=["QueueArn"])
    redrive_policy = {"deadLetterTargetArn": dead_letters["Attributes"]["QueueArn"], "maxReceiveCount": 5}
    attributes = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(redrive_policy)}
    queue_url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    inbox_url = sqs.create_queue(QueueName=f"{name}-inbox", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    inbox = sqs.get_queue_attributes(QueueUrl=inbox_url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    puts = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "inbox/"}]}}
    s3.put_bucket_notification_configuration(
        Bucket=f"{name}-work",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": inbox, "Events": ["s3:ObjectCreated:*"], "Filter": puts}]
        },
    )
    events_url = sqs.create_queue(QueueName=f"{name}-events")["QueueUrl"]
    events_queue = sqs.get_queue_attributes(QueueUrl=events_url, AttributeNames=["QueueArn"])
    bus: Any = boto3.client("events", **direct)
    bus.create_event_bus(Name=name)
    bus.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["lookalike"]}))
    target = {"Id": "queue", "Arn": events_queue["Attributes"]["QueueArn"]}
    bus.put_targets(Rule=name, EventBusName=name, Targets=[target])
    with FaultProxy(emulator.port).running() as proxy:
        environment = {
            "AWS_ENDPOINT_URL": proxy.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
            "BUCKET_NAME": name,
            "WORK_BUCKET_NAME": f"{name}-work",
            "QUEUE_URL": queue_url,
            "INBOX_QUEUE_URL": inbox_url,
            "EVENT_BUS_NAME": name,
            "THRESHOLD": "0.92",
            "MODEL_DIR": str(model_dir),
            "POWERTOOLS_METRICS_NAMESPACE": "Lookalike",
            "POWERTOOLS_SERVICE_NAME": "test",
        }
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
        # What waits is delivered when a test says so.
        for wait in ("FIRST_SECONDS", "FAILED_SECONDS", "GATHER_SECONDS"):
            monkeypatch.setattr(queue, wait, 0)
        # Each is started anew, as Lambda would.
        for module in [name for name in sys.modules if name.partition(".")[0] in FUNCTIONS]:
            del sys.modules[module]
        recognize, rebuild = (importlib.import_module(f"{function}.app") for function in FUNCTIONS)
        started = importlib.import_module("recognize.running").started
        yield System(
            recognize, rebuild, started, proxy, sqs, queue_url, inbox_url, dead_letters_url, events_url
        )
