"""The local stack with the project's template and functions that echo: what reaches them, and its end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from lookalike.errors import ModelError
from lookalike_tools.live.stack import Stack
from lookalike_tools.local.emulator import LocalStackError
from lookalike_tools.local.stack import local_stack

ROOT = Path(__file__).parents[3]
DESCRIPTION = {
    "model_id": "echo",
    "source": "none",
    "precision": "fp32",
    "dimension": 4,
    "image_size": 8,
    "mean": [0, 0, 0],
    "std": [1, 1, 1],
    "default_threshold": 0.87,
    "stand_in": True,
    "agreement": {"images": 1, "cosine_worst": 1, "cosine_median": 1},
}
RECOGNIZE = """
import json, os, lookalike
def handler(event, context):
    names = ("THRESHOLD", "MODEL_DIR", "BUCKET_NAME", "WORK_BUCKET_NAME", "QUEUE_URL", "EVENT_BUS_NAME")
    body = {"event": event, "process": os.getpid(), "environment": {name: os.environ[name] for name in names}}
    return {"statusCode": 200, "body": json.dumps(body)}
"""
REBUILD = """
def handler(event, context):
    print(event)
    failures = [r["messageId"] for r in event["Records"] if r["body"] == "poison"]
    return {"batchItemFailures": [{"itemIdentifier": failure} for failure in failures]}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "encoder.json").write_text(json.dumps(DESCRIPTION))
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "template.yaml", root)
    shutil.copytree(ROOT / "layers" / "lookalike", root / "layers" / "lookalike")
    for package, source in (("recognize", RECOGNIZE), ("rebuild_encodings", REBUILD)):
        folder = root / "functions" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "app.py").write_text(source)
    return root


@pytest.fixture(scope="module")
def stack(model: Path, project: Path) -> Iterator[Stack]:
    with local_stack(model, root=project) as stack:
        yield stack


def call(stack: Stack, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, stack.api_url + path, timeout=60, **options)


def eventually(check: Callable[[], Any], seconds: float = 20) -> Any:
    """What `check` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
    return result


def test_the_functions_see_the_model_folder_and_its_threshold(stack: Stack, model: Path) -> None:
    seen = call(stack, "GET", "/health").json()["environment"]
    assert seen == {
        "THRESHOLD": "0.87",
        "MODEL_DIR": str(model),
        "BUCKET_NAME": stack.bucket,
        "WORK_BUCKET_NAME": stack.work_bucket,
        "QUEUE_URL": stack.queue_url,
        "EVENT_BUS_NAME": "default",
    }


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/types/nut/recognize", "POST /types/{type_id}/recognize"),
        ("POST", "/uploads", "POST /uploads"),
        ("GET", "/types", "GET /types"),
        ("GET", "/types/nut", "GET /types/{type_id}"),
        ("GET", "/types/nut/images", "GET /types/{type_id}/images"),
        ("PUT", "/types/nut/images/a/b%20%C3%A9%2B.jpg", "PUT /types/{type_id}/images/{proxy+}"),
        ("DELETE", "/types/nut/images/a.jpg", "DELETE /types/{type_id}/images/{proxy+}"),
        ("PUT", "/types/nut/settings", "PUT /types/{type_id}/settings"),
        ("GET", "/openapi.json", "GET /openapi.json"),
    ],
)
def test_every_route_of_the_template_leads_to_the_function(
    stack: Stack, method: str, path: str, route: str
) -> None:
    event = call(stack, method, path).json()["event"]
    assert event["routeKey"] == route


def test_names_of_images_reach_the_function_decoded(stack: Stack) -> None:
    event = call(stack, "PUT", "/types/nut/images/a/b%20%C3%A9%2B.jpg").json()["event"]
    assert event["rawPath"] == "/types/nut/images/a/b é+.jpg"


def test_binary_bodies_reach_the_function_as_base64(stack: Stack) -> None:
    headers = {"Content-Type": "image/jpeg"}
    event = call(stack, "POST", "/uploads", data=b"\xff\xd8\x00", headers=headers).json()["event"]
    assert (event["isBase64Encoded"], event["body"]) == (True, "/9gA")


def test_a_burst_of_requests_succeeds_in_few_processes(stack: Stack) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: call(stack, "GET", "/types"), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["process"] for answer in answers}) <= (os.cpu_count() or 1)


def test_photos_put_into_the_bucket_reach_the_rebuild_function(stack: Stack) -> None:
    stack.client("s3").put_object(Bucket=stack.bucket, Key="types/nut/images/é 1.jpg", Body=b"photo")
    logs = stack.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    (rebuild_logs,) = (group for group in groups if "Rebuild" in group)

    def logged() -> bool:
        events = logs.filter_log_events(logGroupName=rebuild_logs)["events"]
        return any("types/nut/images/%C3%A9+1.jpg" in event["message"] for event in events)

    eventually(logged)


def test_what_keeps_failing_ends_among_the_dead_letters(stack: Stack) -> None:
    sqs = stack.client("sqs")
    sqs.set_queue_attributes(QueueUrl=stack.queue_url, Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=stack.queue_url, MessageBody="poison")
    messages = eventually(lambda: sqs.receive_message(QueueUrl=stack.dead_letter_queue_url).get("Messages"))
    assert [message["Body"] for message in messages] == ["poison"]


# ---------------------------------------------------------------------------------------------------------
# Its life as a process


class Command:
    """`run_stack` in a process of its own, as the command line has it."""

    def __init__(self, model: Path, project: Path, directory: Path) -> None:
        self.directory = directory
        self.ready_file = directory / "ready.json"
        program = (
            "import sys; from pathlib import Path; "
            "from lookalike_tools.commands.stacks.local import run_stack; "
            "model, ready_file, root = map(Path, sys.argv[1:]); "
            "run_stack(model, ready_file=ready_file, root=root)"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(model), str(self.ready_file), str(project)],
            env=os.environ | {"TMPDIR": str(directory)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def emulator(self) -> int | None:
        """The emulator's process id, which is its process group too."""
        return next((child.pid for child in psutil.Process(self.process.pid).children()), None)

    def leftovers(self) -> list[Path]:
        return [*self.directory.glob("lookalike-*"), *self.directory.glob("ready.json*")]

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


def group_is_gone(group: int) -> bool:
    return group not in {
        os.getpgid(process.pid)
        for process in psutil.process_iter(["status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
    }


@pytest.fixture
def command(model: Path, project: Path, tmp_path: Path) -> Iterator[Command]:
    command = Command(model, project, tmp_path)
    yield command
    command.process.kill()
    command.process.wait()


def test_sigterm_ends_a_ready_stack_without_a_trace(command: Command) -> None:
    eventually(command.ready_file.exists)
    ready = json.loads(command.ready_file.read_text())
    assert set(ready) == {"api_url", "bucket", "work_bucket", "endpoint_url", "region"}
    assert requests.get(f"{ready['api_url']}/health", timeout=60).status_code == 200
    emulator = eventually(command.emulator)

    assert command.stop(signal.SIGTERM) == 0
    assert group_is_gone(emulator)
    assert command.leftovers() == []


def test_ctrl_c_ends_a_starting_stack_without_a_trace(command: Command) -> None:
    emulator = eventually(command.emulator)

    assert command.stop(signal.SIGINT) == 0
    assert group_is_gone(emulator)
    assert command.leftovers() == []


def test_a_hard_kill_takes_the_emulator_along(command: Command) -> None:
    emulator = eventually(command.emulator)

    command.stop(signal.SIGKILL)
    eventually(lambda: group_is_gone(emulator))
    assert command.leftovers() == []


def test_a_taken_port_is_named(model: Path, project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(LocalStackError, match=f"port {port}.*--port"),
            local_stack(model, port, root=project),
        ):
            pass


def test_a_folder_without_a_model_is_refused(tmp_path: Path, project: Path) -> None:
    with pytest.raises(ModelError, match="export-model"), local_stack(tmp_path, root=project):
        pass
