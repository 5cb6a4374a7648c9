"""Storage, queue and bus that fail in every way: callers are answered, messages come again, all converges.

The functions' own code runs here, on real connections to the emulated AWS, through a proxy that breaks them.
"""

import importlib
import json
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import uuid4

import boto3
import pytest

from fault_proxy import FaultProxy
from lookalike.keys import image_key
from lookalike.recognition import APPEND_ATTEMPTS
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator
from lookalike_tools.redrive import redrive
from photographs import photograph
from thumbnail_model import save_thumbnail_model

TYPE = "hex-nut"
API_SECONDS = 29
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
        answer = self.recognize.handler(event, Context(end=time.monotonic() + API_SECONDS))
        return answer["statusCode"], json.loads(answer["body"])

    def upload(self, name: str, data: bytes) -> str:
        key = image_key(TYPE, name)
        self.recognize.store.put_image(key, data, "image/png")
        self.tell(key)
        return key

    def tell(self, key: str) -> None:
        """What S3 sends to the queue when an object comes."""
        record = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}}
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"Records": [record]}))

    def deliver(self) -> int:
        """Hand the messages that wait to the function, and remove those it has done; how many it has not."""
        batch = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        records = [{"messageId": m["MessageId"], "body": m["Body"], "eventSource": "aws:sqs"} for m in batch]
        if not records:
            return 0
        answer = self.rebuild.handler({"Records": records}, Context(end=time.monotonic() + 120))
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


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_thumbnail_model(tmp_path_factory.mktemp("thumbnail-model"))


@pytest.fixture
def system(emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """A type with one uploaded photo of subject 1, built."""
    name = f"faults-{uuid4().hex}"
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
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        # Each is started anew, as Lambda would.
        functions = [
            importlib.import_module(f"{package}.app") for package in ("recognize", "rebuild_encodings")
        ]
        recognize, rebuild = (importlib.reload(function) for function in functions)
        system = System(recognize, rebuild, proxy, sqs, queue_url, dead_letters_url)
        system.upload("1.png", photograph(1))
        assert system.deliver() == 0
        proxy.requests.clear()
        yield system


@pytest.mark.parametrize("kind", ["500", "503", "reset", "lost answer", "cut answer"])
@pytest.mark.parametrize(
    "call", [("GET", "encodings/"), ("PUT", "/images/"), ("PUT", "encodings/"), ("HEAD", "/images/")]
)
def test_a_call_that_fails_once_is_made_again(system: System, call: tuple[str, str], kind: Any) -> None:
    system.proxy.break_(*call, kind, times=1)
    status, answer = system.ask(photograph(1, 9))
    assert system.proxy.broken == 1
    assert status == 200
    assert answer["match"]
    assert not answer["pending"]
    assert answer["appended"] in system.rows()
    assert len(system.rows()) == 2


@pytest.mark.parametrize("kind", ["409", "412"])
def test_a_row_that_loses_each_race_is_left_to_the_images_event(system: System, kind: Any) -> None:
    system.proxy.break_("PUT", "encodings/", kind)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["pending"]) == (200, True)
    writes = [
        request for request in system.proxy.requests if request[0] == "PUT" and "encodings/" in request[1]
    ]
    assert len(writes) == APPEND_ATTEMPTS
    system.proxy.mend()
    system.tell(answer["appended"])
    assert system.deliver() == 0
    assert system.rows() == sorted([image_key(TYPE, "1.png"), answer["appended"]])


@pytest.mark.parametrize("kind", ["500", "503", "reset"])
def test_a_row_that_storage_refuses_is_left_to_the_images_event(system: System, kind: Any) -> None:
    system.proxy.break_("PUT", "encodings/", kind)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["pending"]) == (200, True)
    system.proxy.mend()
    assert system.deliver() == 0
    assert answer["appended"] in system.rows()


@pytest.mark.parametrize("kind", ["409", "412"])
def test_an_image_that_loses_each_race_is_an_answer_all_the_same(system: System, kind: Any) -> None:
    system.proxy.break_("PUT", "/images/", kind)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["match"], answer["appended"]) == (200, True, None)
    assert system.rows() == [image_key(TYPE, "1.png")]


@pytest.mark.parametrize("kind", ["500", "503", "reset", "hang"])
def test_storage_that_is_down_is_an_answer_in_time(system: System, kind: Any) -> None:
    system.proxy.break_("", "encodings/", kind)
    started = time.monotonic()
    status, answer = system.ask(photograph(1, 9))
    assert time.monotonic() - started < API_SECONDS
    assert status == 503
    assert answer["message"] == "storage can't be reached just now: try again in a moment"
    system.proxy.mend()
    assert system.ask(photograph(1, 9))[0] == 200


def test_storage_that_is_slow_at_each_call_is_an_answer_in_time(system: System) -> None:
    """Each call hangs until its last try but one: together they would outlast the function."""
    for call in (("GET", "settings"), ("GET", "encodings/"), ("PUT", "/images/"), ("PUT", "encodings/")):
        system.proxy.break_(*call, "hang", times=2)
    started = time.monotonic()
    status, _ = system.ask(photograph(1, 9))
    assert time.monotonic() - started < API_SECONDS
    assert status in (200, 503)


@pytest.mark.parametrize("kind", ["500", "reset", "hang"])
def test_a_bus_that_is_down_stops_no_answer_and_no_rebuild(system: System, kind: Any) -> None:
    system.proxy.break_("POST", "/", kind)
    assert system.ask(photograph(1, 9))[0] == 200
    key = system.upload("2.png", photograph(1, 2))
    assert system.deliver() == 0
    assert key in system.rows()


def test_a_queue_that_is_down_is_an_answer_too(system: System) -> None:
    store = system.recognize.store
    store.client.delete_object(
        Bucket=store.bucket, Key=f"encodings/{store.model.model_id}/{TYPE}.safetensors"
    )
    system.proxy.break_("POST", "/", "reset")
    assert system.ask(photograph(1, 9))[0] == 503
    system.proxy.mend()
    assert system.ask(photograph(1, 9))[0] == 503
    assert system.deliver() == 0
    assert system.ask(photograph(1, 9))[0] == 200


@pytest.mark.parametrize("kind", ["500", "503", "reset", "409", "412"])
def test_a_rebuild_that_fails_comes_again(system: System, kind: Any) -> None:
    key = system.upload("2.png", photograph(1, 2))
    system.proxy.break_("PUT", "encodings/", kind)
    system.deliver()
    assert key not in system.rows()
    system.proxy.mend()
    assert system.deliver() == 0
    assert key in system.rows()


def test_an_image_that_can_not_be_read_is_no_image_that_can_not_be_encoded(system: System) -> None:
    system.upload("2.png", photograph(1, 2))
    system.proxy.break_("GET", "2.png", "cut answer")
    assert system.deliver() == 1
    system.proxy.mend()
    assert system.deliver() == 0
    encodings, _ = system.recognize.store.read_encodings(TYPE)
    assert len(encodings.rows) == 2
    assert not encodings.rejected


def test_a_message_that_always_fails_becomes_a_dead_letter_that_can_be_redriven(system: System) -> None:
    key = system.upload("2.png", photograph(1, 2))
    system.proxy.break_("PUT", "encodings/", "503")
    tries = 0
    while not system.waiting(system.dead_letters_url):
        tries += system.deliver()
        assert tries <= 5
    assert tries == 5
    assert not system.waiting(system.queue_url)
    system.proxy.mend()
    assert redrive(system.sqs, system.dead_letters_url, system.queue_url) == 1
    assert not system.waiting(system.dead_letters_url)
    assert system.deliver() == 0
    assert key in system.rows()


def test_a_killed_rebuild_goes_on_from_what_was_saved(system: System) -> None:
    keys = [system.upload(f"{index:02}.png", photograph(1, index)) for index in range(10, 40)]
    system.proxy.break_("GET", "30.png", "hang")
    script = (
        "import sys, time; from lookalike import rebuilding; rebuilding.SAVE_SECONDS = 0;"
        "sys.path.insert(0, 'functions'); from rebuild_encodings.app import encoder, store;"
        f"rebuilding.rebuild(encoder, store, {TYPE!r}, time.monotonic() + 60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])  # noqa: S603
    assert system.proxy.hanging.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    saved = system.rows()
    assert 1 < len(saved) < len(keys)
    system.proxy.mend()
    system.proxy.requests.clear()
    system.deliver()
    read = [path for method, path in system.proxy.requests if method == "GET" and "/images/" in path]
    assert len(read) == len(keys) + 1 - len(saved)
    assert system.rows() == sorted([image_key(TYPE, "1.png"), *keys])
