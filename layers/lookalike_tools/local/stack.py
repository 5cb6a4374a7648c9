"""The project's template deployed on an emulated AWS."""

import http.client
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import WaiterError

from lookalike.vision.model import read_description
from lookalike_tools.live.stack import LOCAL_STACK_NAME, Stack, local_session, make_client, read_outputs
from lookalike_tools.local.emulator import REGION, Emulator, LocalStackError, running_emulator
from lookalike_tools.local.template import (
    as_zip_functions,
    drop_alarms_by_rate,
    drop_bucket_policies,
    image_functions,
    package_of,
    read_template,
    spell_out_routes,
    translate,
)

ROOT = Path(__file__).resolve().parents[3]
CODE_BUCKET = "lookalike-code"
READY_FIELDS = ("api_url", "bucket", "work_bucket", "endpoint_url", "region")
PLATFORM_LINES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


@dataclass(frozen=True)
class LocalStack(Stack):
    """A stack on an emulated AWS on this machine."""

    emulator: Emulator


@contextmanager
def local_stack(
    model_dir: Path,
    port: int | None = None,
    *,
    auth: bool = False,
    root: Path = ROOT,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[LocalStack]:
    """Run the whole stack on this machine: the template in `root` on an emulated AWS.

    It is ready when the block is entered, and leaves nothing behind when the block ends.

    Args:
        model_dir: the model folder that the functions use.
        port: TCP port on the loopback interface; a free one if None.
        auth: enforce IAM: API calls must be signed, and the functions have no more rights than their roles.
        root: the project's folder.
        parameters: of the template, beside the threshold, which is the model's.

    Raises:
        ModelError: `model_dir` holds no model.
        LocalStackError: the stack can't be started.
    """
    threshold = read_description(model_dir).default_threshold
    if not (root / "template.yaml").is_file():
        raise LocalStackError(
            f"no template.yaml in {root}: the local stack runs from a checkout of the project"
        )
    with running_emulator(port, auth=auth) as emulator:
        given = {"Threshold": str(threshold)} | dict(parameters or {})
        stack = _deploy(emulator, root, model_dir, given, auth=auth)
        _check_health(stack)
        yield stack


def write_ready_file(path: Path, stack: Stack) -> None:
    """Write where the stack is, as JSON: the fields of `READY_FIELDS`; never half of it."""
    ready = {name: getattr(stack, name) for name in READY_FIELDS}
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(ready))
    partial.replace(path)


def follow_logs(stack: LocalStack) -> Iterator[str]:
    """The lines that the functions log, as they appear.

    Raises:
        LocalStackError: the emulator stopped by itself.
    """
    logs = stack.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    overlap_ms = 10_000
    # Each invocation has a stream of its own, which the emulator writes at once.
    seen: dict[str, int] = {}
    while stack.emulator.process.poll() is None:
        since = int(time.time() * 1000) - overlap_ms
        new: dict[str, int] = {}
        for group in groups:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
            for event in (event for page in pages for event in page["events"]):
                if event["logStreamName"] not in seen:
                    new[event["logStreamName"]] = event["timestamp"]
                    if not event["message"].startswith(PLATFORM_LINES):
                        yield event["message"]
        seen = {stream: timestamp for stream, timestamp in (seen | new).items() if timestamp >= since}
        time.sleep(0.5)
    raise LocalStackError(f"the emulator stopped by itself:\n{stack.emulator.log_tail()}")


def _deploy(
    emulator: Emulator, root: Path, model_dir: Path, parameters: Mapping[str, str], *, auth: bool
) -> LocalStack:
    template = read_template(root / "template.yaml")
    session = local_session(REGION)
    s3 = make_client(session, "s3", emulator.endpoint_url)
    s3.create_bucket(Bucket=CODE_BUCKET)
    for function in image_functions(template).values():
        package = package_of(function)
        sources = [root / "functions" / package, root / "layers" / "lookalike"]
        s3.put_object(Bucket=CODE_BUCKET, Key=f"{package}.zip", Body=_zip_packages(sources))
    as_zip_functions(template, CODE_BUCKET, model_dir)
    template = translate(template, REGION)
    drop_bucket_policies(template)
    drop_alarms_by_rate(template)
    spell_out_routes(template, auth=auth)

    cloudformation = make_client(session, "cloudformation", emulator.endpoint_url)
    cloudformation.create_stack(
        StackName=LOCAL_STACK_NAME,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=LOCAL_STACK_NAME, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    except WaiterError:
        events = cloudformation.describe_stack_events(StackName=LOCAL_STACK_NAME)["StackEvents"]
        reasons = [
            f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}"
            for e in events
            if "FAILED" in e["ResourceStatus"]
        ]
        raise LocalStackError("the template can't be deployed: " + "; ".join(reasons)) from None
    stack = read_outputs(session, LOCAL_STACK_NAME, emulator.endpoint_url)
    api = cloudformation.describe_stack_resource(StackName=LOCAL_STACK_NAME, LogicalResourceId="Api")
    api_id = api["StackResourceDetail"]["PhysicalResourceId"]
    api_url = f"{emulator.endpoint_url}/_aws/execute-api/{api_id}/$default"
    return LocalStack(**vars(stack) | {"api_url": api_url}, emulator=emulator)


def _zip_packages(packages: list[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for package in packages:
            for path in sorted(package.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(package.parent))
    return buffer.getvalue()


def _check_health(stack: Stack) -> None:
    response = stack.call("GET", "/health")
    if response.status_code != http.client.OK:
        raise LocalStackError(f"GET /health answers {response.status_code}: {response.text}")
