"""What Lookalike needs on a machine and of a stack, looked at part by part."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lookalike.errors import LookalikeError, ModelError
from lookalike.vision.model import ModelDescription, read_description
from lookalike_tools.export.default_model import CLIP_DIR, STAND_IN_DIR
from lookalike_tools.live.api import get_json
from lookalike_tools.live.stack import Stack, find_stack

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Attributes:
        part: what was looked at.
        found: how it stands.
        advice: what to do about it; None if all is well.
    """

    part: str
    found: str
    advice: str | None = None


def examine(stack_name: str, model_dir: Path | None) -> Iterator[Finding]:
    """Look at this machine, then at a stack; yields a finding for each part.

    Args:
        stack_name: as `find_stack` takes it.
        model_dir: the local model; else the one that commands use by default.
    """
    yield _examine_python()
    yield _examine_torch()
    model, finding = _examine_model(model_dir)
    yield finding
    try:
        stack = find_stack(stack_name)
    except LookalikeError as error:
        if not Path(stack_name).is_file():
            session = boto3.Session()
            yield _examine_credentials(session)
            yield _examine_region(session.region_name)
        start = "deploy one ('make deploy'), or run one here ('lookalike local --ready-file FILE')"
        yield Finding("stack", str(error), f"{start} and name it: --stack NAME_OR_FILE")
        return
    yield _examine_credentials(stack.session)
    yield _examine_region(stack.region)
    yield from _examine_stack(stack, model)


def _examine_python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info[:2] < OLDEST_PYTHON
    return Finding(
        "Python", found, "install Python 3.11 or later, and run 'make setup' again" if old else None
    )


def _examine_torch() -> Finding:
    try:
        return Finding("torch", version("torch"))
    except PackageNotFoundError:
        return Finding("torch", "not installed", "'make setup' installs it; exporting a model needs it")


def _examine_model(model_dir: Path | None) -> tuple[ModelDescription | None, Finding]:
    folders = [model_dir] if model_dir else [CLIP_DIR, STAND_IN_DIR]
    error = ""
    for folder in folders:
        try:
            model = read_description(folder)
        except ModelError as reason:
            error = error or str(reason)
            continue
        stand_in = "it is a stand-in, not CLIP: 'make model' exports CLIP" if model.stand_in else None
        return model, Finding("model", f"{model.model_id} in {folder}", stand_in)
    return None, Finding("model", error, "'make model' exports CLIP to .model")


def _examine_credentials(session: boto3.Session) -> Finding:
    try:
        found = session.get_credentials()
    except BotoCoreError as error:
        return Finding("credentials", str(error), "mend the AWS profile that AWS_PROFILE names")
    if found is None:
        return Finding("credentials", "none", "set AWS_PROFILE to a profile of yours, or run 'aws configure'")
    by = "the stack's ready file" if found.method == "explicit" else found.method
    return Finding("credentials", f"by {by}")


def _examine_region(region: str | None) -> Finding:
    if region is None:
        return Finding("region", "none", "set AWS_REGION to the region that the stack is in")
    return Finding("region", region)


def _examine_stack(stack: Stack, model: ModelDescription | None) -> Iterator[Finding]:
    try:
        health = get_json(stack, "/health")
    except LookalikeError as error:
        yield Finding("stack", str(error), "see the recognising function's log")
        return
    yield Finding("stack", f"{stack.api_url}, version {health['version']}")
    try:
        waiting = _count_messages(stack, stack.queue_url)
        dead = _count_messages(stack, stack.dead_letter_queue_url)
        inbox = _count_messages(stack, stack.inbox_queue_url)
        unanswered = _count_messages(stack, stack.inbox_dead_letter_queue_url)
    except (BotoCoreError, ClientError) as error:
        yield Finding("queue", str(error), "allow these credentials sqs:GetQueueAttributes")
    else:
        yield Finding("queue", f"{waiting} waiting or being worked on")
        redrive = "see the rebuild function's log, mend the reason, then 'lookalike redrive'"
        yield Finding("dead letters", str(dead), redrive if dead else None)
        yield Finding("inbox", f"{inbox} waiting or being worked on")
        redrive = "see the recognising function's log, mend the reason, then 'lookalike redrive'"
        yield Finding("inbox's dead letters", str(unanswered), redrive if unanswered else None)
    if health["stand_in"]:
        found = f"{health['model']}, a stand-in"
        yield Finding(
            "stack's model", found, "it is not CLIP: 'make model', then start or deploy the stack anew"
        )
    elif model and model.model_id != health["model"]:
        found = f"{health['model']}; here it is {model.model_id}"
        advice = "figures of 'evaluate' are not the stack's: 'make deploy' brings the local model to it"
        yield Finding("stack's model", found, advice)
    else:
        yield Finding("stack's model", health["model"])


def _count_messages(stack: Stack, queue_url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)
