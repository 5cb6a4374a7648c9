"""Query photos: ask the API whether they show an object of a type."""

import mimetypes
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from lookalike.matching.settings import Look
from lookalike_tools.live.stack import Stack, StackError, WrongUseError

MAX_BODY_BYTES = 4_500_000
"""Larger photos are uploaded to the bucket first: a Lambda request takes 6 MB, in base64."""

CALLS = 8
"""Photos asked about at once."""

OCTET_STREAM = "application/octet-stream"


def recognize_photo(
    stack: Stack,
    type_id: str | None,
    photo: bytes,
    filename: str,
    *,
    append: bool,
    threshold: float | None = None,
    look: Look | None = None,
) -> requests.Response:
    """The API's answer to a photo, whatever its status.

    Args:
        stack: the live stack.
        type_id: the type that is asked for; None for all types.
        photo: bytes of an image file.
        filename: what the photo is called.
        append: whether a match joins the type's images.
        threshold: what a match must exceed; the type's or the stack's if None.
        look: where in the photo the object is looked for; the type's or the stack's if None.

    Raises:
        StackError: the API can't be reached, or a large photo can't be uploaded.
    """
    body: dict[str, Any] = {"data": photo, "headers": {"Content-Type": OCTET_STREAM}}
    if len(photo) > MAX_BODY_BYTES:
        body = {"json": {"query_key": _upload(stack, photo, filename)}}
    params = {"append": str(append).lower(), "filename": filename, "threshold": threshold, "look": look}
    path = f"/types/{type_id}/recognize" if type_id else "/recognize"
    return stack.call("POST", path, params=params, **body)


def recognize_photos(
    stack: Stack, type_id: str, photos: Sequence[Path], *, append: bool, look: Look | None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Ask about photos, several at once; yields each with the API's answer or error, in the order given.

    Raises:
        WrongUseError: there is no such type, or a photo can't be read.
        StackError: the API can't be reached, or a large photo can't be uploaded.
    """

    def ask(path: Path) -> dict[str, Any]:
        response = recognize_photo(stack, type_id, read_photo(path), path.name, append=append, look=look)
        answer: dict[str, Any] = response.json()
        if response.status_code == requests.codes.not_found:
            raise WrongUseError(answer["message"])
        return answer

    with ThreadPoolExecutor(CALLS) as threads:
        answers = [(path, threads.submit(ask, path)) for path in photos]
        try:
            for path, answer in answers:
                yield path, answer.result()
        finally:
            threads.shutdown(cancel_futures=True)


def read_photo(path: Path) -> bytes:
    """The bytes of a photo that a command was given.

    Raises:
        WrongUseError: it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUseError(f"{path} can't be read: {error.strerror}") from None


def _upload(stack: Stack, photo: bytes, filename: str) -> str:
    media_type = mimetypes.guess_type(filename)[0] or OCTET_STREAM
    answer = stack.call("POST", "/uploads", params={"content_type": media_type})
    if answer.status_code != requests.codes.ok:
        raise StackError(f"{filename} can't be uploaded: {answer.text}")
    upload = answer.json()
    try:
        put = stack.send("POST", upload["url"], data=upload["fields"], files={"file": photo})
    except requests.RequestException as error:
        raise StackError(f"{filename} can't be uploaded: {error}") from None
    if not put.ok:
        raise StackError(f"{filename} can't be uploaded: {put.status_code} {put.text}")
    query_key: str = upload["query_key"]
    return query_key
