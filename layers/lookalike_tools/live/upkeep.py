"""Upkeep of a live stack: rebuild encodings, and remove those of models that are gone."""

import json
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import requests

from lookalike.keys import gallery_key
from lookalike_tools.live.stack import Stack, StackError

MESSAGES_A_CALL = 10  # SQS takes no more in one SendMessageBatch
DELETES_A_CALL = 1000  # S3 takes no more in one DeleteObjects
PATIENCE_SECONDS = 600
POLL_SECONDS = 0.5


def list_types(stack: Stack) -> list[str]:
    """All types of a stack.

    Raises:
        StackError: the API can't be asked.
    """
    types: list[str] = []
    token = None
    while True:
        page = get_json(stack, "/types", {"next_token": token})
        types += [entry["type_id"] for entry in page["types"]]
        if not (token := page["next_token"]):
            return types


def rebuild_types(stack: Stack, type_ids: Iterable[str]) -> Iterator[str]:
    """Queue types to be brought up to date; yields each once it is, with the model that is running.

    Raises:
        StackError: nothing got done for `PATIENCE_SECONDS`.
    """
    waiting = list(type_ids)
    sqs = stack.client("sqs")
    for batch in _batches(waiting, MESSAGES_A_CALL):
        entries = [
            {"Id": str(number), "MessageBody": json.dumps({"rebuild": type_id})}
            for number, type_id in enumerate(batch)
        ]
        sqs.send_message_batch(QueueUrl=stack.queue_url, Entries=entries)
    yield from wait_until_built(stack, waiting)


def wait_until_built(stack: Stack, type_ids: Iterable[str]) -> Iterator[str]:
    """Wait until types are up to date; yields each once it is.

    Raises:
        StackError: nothing got done for `PATIENCE_SECONDS`.
    """
    waiting = list(type_ids)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        done = [type_id for type_id in waiting if get_json(stack, f"/types/{type_id}", {})["up_to_date"]]
        for type_id in done:
            waiting.remove(type_id)
            yield type_id
        if done:
            give_up = time.monotonic() + PATIENCE_SECONDS
        elif time.monotonic() > give_up:
            raise StackError(
                f"{len(waiting)} types are still not up to date, {waiting[0]} among them: see the rebuild "
                "function's logs and the dead-letter queue"
            )
        else:
            time.sleep(POLL_SECONDS)


def old_models(stack: Stack) -> list[str]:
    """The models that have encodings in the bucket, but are not the one that is running."""
    running = get_json(stack, "/health", {})["model"]
    pages = stack.client("s3").get_paginator("list_objects_v2")
    prefixes = [
        entry["Prefix"]
        for page in pages.paginate(Bucket=stack.bucket, Prefix="encodings/", Delimiter="/")
        for entry in page.get("CommonPrefixes", [])
    ]
    models = [prefix.removeprefix("encodings/").rstrip("/") for prefix in prefixes]
    return [model for model in models if model != running]


def remove_encodings(stack: Stack, model_id: str) -> int:
    """Remove all encodings of a model; they can be built again from the images. Returns of how many types.

    Raises:
        StackError: some of them could not be removed.
    """
    s3 = stack.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix=f"encodings/{model_id}/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    for batch in _batches(keys, DELETES_A_CALL):
        objects = [{"Key": key} for key in batch]
        answer = s3.delete_objects(Bucket=stack.bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            raise StackError(f"{errors[0]['Key']} could not be removed: {errors[0]['Message']}")
    return len(set(keys) - {gallery_key(model_id)})


def get_json(stack: Stack, path: str, params: dict[str, str | None]) -> Any:
    """What the API answers to a GET.

    Raises:
        StackError: anything but 200.
    """
    return _json(stack, "GET", path, params=params)


def put_json(stack: Stack, path: str, body: dict[str, Any]) -> Any:
    """What the API answers to a PUT of JSON.

    Raises:
        StackError: anything but 200.
    """
    return _json(stack, "PUT", path, json=body)


def _json(stack: Stack, method: str, path: str, **options: Any) -> Any:
    answer = stack.call(method, path, **options)
    if answer.status_code != requests.codes.ok:
        raise StackError(f"{method} {path} answers {answer.status_code}: {_message(answer)}")
    return answer.json()


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
