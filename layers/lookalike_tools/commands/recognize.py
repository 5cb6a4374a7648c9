"""Ask a live stack: what photos show, and which types there are."""

import mimetypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike.keys import images_prefix
from lookalike_tools.live.stack import REQUEST_SECONDS, Stack, StackError
from lookalike_tools.live.upkeep import get_json, list_types

MAX_BODY_BYTES = 4_500_000
"""Larger photos go through an upload of their own."""

console = Console()


def recognize_photos(stack: Stack, type_id: str, paths: Sequence[Path], *, append: bool) -> bool:
    """Ask whether photos show an object of a type, and print the answers; whether all got one.

    Args:
        stack: the live stack.
        type_id: the type.
        paths: the photos.
        append: whether matches join the type's images.

    Raises:
        StackError: the API can't be reached.
    """
    failures: list[str] = []
    fallbacks: set[str] = set()
    for path in paths:
        answer = _recognize(stack, type_id, path, append=append)
        body = answer.json()
        if answer.status_code != requests.codes.ok:
            failures.append(f"{path}: {answer.status_code} {body['message']}")
            continue
        fallbacks |= {body["fallback"]} - {None}
        verdict = "no match" if not body["match"] else "appended" if body["appended"] else "match"
        console.print(
            f"{verdict:<8}  {body['score']:7.4f} (threshold {body['threshold']:.4g}, {body['rule']}, "
            f"{body['threshold_source']})  {path}  nearest "
            f"{body['nearest'][0]['image'].removeprefix(images_prefix(type_id))}",
            style="green" if body["match"] else None,
            soft_wrap=True,
            highlight=False,
        )
    for fallback in fallbacks:
        console.print(
            f"Similarity decided, not the relative rule: {fallback}", style="yellow", soft_wrap=True
        )
    for failure in failures:
        console.print(failure, style="red", soft_wrap=True)
    return not failures


def print_types(stack: Stack) -> None:
    """Print a line for each type of a stack.

    Raises:
        StackError: the API can't be reached.
    """
    type_ids = list_types(stack)
    if not type_ids:
        console.print("There are no types: `lookalike import DIR` brings some.")
        return
    with ThreadPoolExecutor() as threads:
        states = list(threads.map(lambda type_id: get_json(stack, f"/types/{type_id}", {}), type_ids))
    table = Table(box=SIMPLE_HEAD)
    for heading in ("type", "uploaded", "recognized", "rejected", "settings", ""):
        table.add_column(heading, overflow="fold")
    for state in states:
        settings = ", ".join(f"{name} {value}" for name, value in state["settings"].items())
        table.add_row(
            state["type_id"],
            *(str(state["origins"][origin]) for origin in ("uploaded", "recognized")),
            str(len(state["rejected"]) or ""),
            settings,
            "" if state["up_to_date"] else "[yellow]being built",
        )
    console.print(table)


def _recognize(stack: Stack, type_id: str, path: Path, *, append: bool) -> requests.Response:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StackError(f"{path} can't be read: {error.strerror}") from None
    request: dict[str, Any] = {"data": data, "headers": {"Content-Type": "application/octet-stream"}}
    if len(data) > MAX_BODY_BYTES:
        request = {"json": {"query_key": _upload(stack, path, data)}}
    params = {"append": str(append).lower(), "filename": path.name}
    return stack.call("POST", f"/types/{type_id}/recognize", params=params, **request)


def _upload(stack: Stack, path: Path, data: bytes) -> str:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    answer = stack.call("POST", "/uploads", params={"content_type": media_type})
    if answer.status_code != requests.codes.ok:
        raise StackError(f"{path} can't be uploaded: {answer.text}")
    upload = answer.json()
    try:
        with requests.Session() as session:
            # An emulated AWS is on this machine: no proxy knows the way.
            session.trust_env = stack.endpoint_url is None
            put = session.post(upload["url"], upload["fields"], files={"file": data}, timeout=REQUEST_SECONDS)
    except requests.RequestException as error:
        raise StackError(f"{path} can't be uploaded: {error}") from None
    if not put.ok:
        raise StackError(f"{path} can't be uploaded: {put.status_code} {put.text}")
    query_key: str = upload["query_key"]
    return query_key
