"""The deployed API and its bucket, as a client sees them."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from lookalike.keys import image_key
from lookalike_tools.live.stack import Stack
from lookalike_tools.local.emulator import Emulator

WAIT_SECONDS = 120


def eventually(condition: Callable[[], Any]) -> Any:
    """What `condition` returns once it is true; fails when it takes too long."""
    give_up = time.monotonic() + WAIT_SECONDS
    while not (result := condition()):
        if time.monotonic() > give_up:
            pytest.fail(f"not true within {WAIT_SECONDS} s")
        time.sleep(0.1)
    return result


class Api:
    """Calls over HTTP and S3 to a deployed stack."""

    def __init__(self, stack: Stack, emulator: Emulator) -> None:
        self.stack, self.emulator = stack, emulator
        self.s3 = stack.client("s3")

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.stack.call(method, path, **options)

    def recognize(self, type_id: str, image: bytes, **params: Any) -> requests.Response:
        return self.call(
            "POST",
            f"/types/{type_id}/recognize",
            data=image,
            headers={"Content-Type": "image/png"},
            params={"threshold": 0.9} | params,
        )

    def upload(self, type_id: str, name: str, data: bytes) -> str:
        key = image_key(type_id, name)
        self.s3.put_object(Bucket=self.stack.bucket, Key=key, Body=data)
        return key

    def type(self, type_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("GET", f"/types/{type_id}").json()
        return answer

    def wait_until_built(self, type_id: str, rows: int) -> dict[str, Any]:
        def built() -> dict[str, Any] | None:
            state = self.type(type_id)
            return state if state.get("up_to_date") and state["encodings"] == rows else None

        state: dict[str, Any] = eventually(built)
        return state

    def objects(self) -> dict[str, str]:
        """ETag of each object in the buckets, by its key; without the gallery, which all types share."""
        listing = self.s3.get_paginator("list_objects_v2")
        buckets = (self.stack.bucket, self.stack.work_bucket)
        pages = (page for bucket in buckets for page in listing.paginate(Bucket=bucket))
        entries = (entry for page in pages for entry in page.get("Contents", []))
        return {entry["Key"]: entry["ETag"] for entry in entries if "/_gallery" not in entry["Key"]}

    def wait_until_quiet(self) -> None:
        """Until no message waits in the queue or is being worked on."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs = self.stack.client("sqs")

        def quiet() -> bool:
            attributes = sqs.get_queue_attributes(QueueUrl=self.stack.queue_url, AttributeNames=counts)
            return all(attributes["Attributes"][count] == "0" for count in counts)

        eventually(quiet)


def log_lines(api: Api, group: str) -> list[str]:
    """All that a function has logged, by the end of its log group's name."""
    logs = api.stack.client("logs")
    (name,) = (
        entry["logGroupName"]
        for entry in logs.describe_log_groups()["logGroups"]
        if entry["logGroupName"].endswith(group)
    )
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
    return [event["message"] for page in pages for event in page["events"]]


def logged(api: Api, group: str) -> list[dict[str, Any]]:
    """What a function has logged as JSON, by the end of its log group's name."""
    return [json.loads(line) for line in log_lines(api, group) if line.startswith("{")]
