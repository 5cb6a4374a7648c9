"""Both functions' own code, on real connections to the emulated AWS, through a proxy that can break them."""

import importlib
import json
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

from fault_proxy import FaultProxy
from lookalike.keys import image_key
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

TYPE = "hex-nut"
API_SECONDS = 29
REBUILD_SECONDS = 120
ROUTE = "POST /types/{type_id}/recognize"


class Context(SimpleNamespace):
    """What Lambda tells a function of its call."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.end - time.monotonic()) * 1000)


class System(NamedTuple):
    """Both functions, in front of a bucket and queues of their own."""

    recognize: ModuleType
    rebuild: ModuleType
    proxy: FaultProxy
    sqs: Any
    queue_url: str
    dead_letters_url: str

    def ask(self, query: bytes, **params: str) -> tuple[int, dict[str, Any]]:
        """A query's status and answer."""
        response = self.respond(query, **params)
        return response["statusCode"], json.loads(response["body"])

    def respond(self, query: bytes, *, seconds: float = API_SECONDS, **params: str) -> dict[str, Any]:
        """What API Gateway gets from Lambda for a query.

        Args:
            query: the photo.
            seconds: the time that the function has.
            params: the query string.
        """
        event = {
            "version": "2.0",
            "routeKey": ROUTE,
            "rawPath": f"/types/{TYPE}/recognize",
            "pathParameters": {"type_id": TYPE},
            "headers": {"content-type": "application/octet-stream"},
            "queryStringParameters": params,
            "requestContext": {"http": {"method": "POST", "path": ""}, "requestId": "1", "stage": "$default"},
            "body": b64encode(query).decode(),
            "isBase64Encoded": True,
        }
        response: dict[str, Any] = self.recognize.handler(event, Context(end=time.monotonic() + seconds))
        return response

    def upload(self, name: str, data: bytes) -> str:
        key = image_key(TYPE, name)
        self.recognize.store.put_image(key, data, "image/png")
        self.tell(key)
        return key

    def tell(self, key: str) -> None:
        """What S3 sends to the queue when an object comes."""
        record = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}}
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"Records": [record]}))

    def deliver(self, seconds: float = REBUILD_SECONDS) -> int:
        """Hand messages to the function, and remove those it has done; how many it has not.

        Args:
            seconds: the time that the function has.
        """
        batch = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        records = [{"messageId": m["MessageId"], "body": m["Body"], "eventSource": "aws:sqs"} for m in batch]
        if not records:
            return 0
        try:
            answer = self.rebuild.handler({"Records": records}, Context(end=time.monotonic() + seconds))
        except Exception:  # Lambda gives the whole batch back then
            return len(records)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in batch:
            if message["MessageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(failed)

    def rows(self) -> list[str]:
        encodings, _ = self.recognize.store.read_encodings(TYPE)
        return sorted(row.image for row in encodings.rows) if encodings else []

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
    boto3.client("s3", **direct).create_bucket(Bucket=name)
    sqs: Any = boto3.client("sqs", **direct)
    dead_letters_url = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    dead_letters = sqs.get_queue_attributes(QueueUrl=dead_letters_url, AttributeNames=["QueueArn"])
    redrive_policy = {"deadLetterTargetArn": dead_letters["Attributes"]["QueueArn"], "maxReceiveCount": 5}
    attributes = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(redrive_policy)}
    queue_url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    with FaultProxy(emulator.port).running() as proxy:
        environment = {
            "AWS_ENDPOINT_URL": proxy.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
            "BUCKET_NAME": name,
            "QUEUE_URL": queue_url,
            "THRESHOLD": "0.92",
            "MODEL_DIR": str(model_dir),
            "POWERTOOLS_METRICS_NAMESPACE": "Lookalike",
            "POWERTOOLS_SERVICE_NAME": "test",
        }
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
        # Each is started anew, as Lambda would.
        functions = [
            importlib.import_module(f"{package}.app") for package in ("recognize", "rebuild_encodings")
        ]
        recognize, rebuild = (importlib.reload(function) for function in functions)
        yield System(recognize, rebuild, proxy, sqs, queue_url, dead_letters_url)
