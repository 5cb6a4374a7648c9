"""The inbox of a live stack: photos are put there, and events answer."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.keys import inbox_key
from lookalike_tools.live.bucket.photos import THREADS
from lookalike_tools.live.queries import read_photo
from lookalike_tools.live.queues.event_stream import listening
from lookalike_tools.live.stack import Stack, StackError

LONGEST_WAIT_SECONDS = 1800
"""How long no further answer may come: the stack tries a photo for 20 minutes whose type is being built."""


def recognize_by_inbox(
    stack: Stack, type_id: str, photos: Sequence[Path]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Put photos into the inbox, and yield each with its answer, in the order in which the answers come.

    An answer is the detail of the photo's event; of one that is refused it has the reason as `message`.

    Raises:
        StackError: a photo can't be put, or no answer comes for long.
    """
    folder = uuid4().hex
    keys = {inbox_key(type_id, f"{folder}/{number}/{path.name}"): path for number, path in enumerate(photos)}
    with listening(stack, {"photo": [{"prefix": inbox_key(type_id, folder)}]}) as receive:
        _put(stack, keys)
        give_up = time.monotonic() + LONGEST_WAIT_SECONDS
        while keys:
            for event in receive():
                detail = event["detail"]
                # What comes twice is told once.
                if path := keys.pop(detail.pop("photo"), None):
                    give_up = time.monotonic() + LONGEST_WAIT_SECONDS
                    message = {"message": detail["reason"]} if "reason" in detail else {}
                    yield path, detail | message
            if time.monotonic() > give_up:
                raise StackError(
                    f"{len(keys)} photos of the inbox got no answer: 'lookalike doctor' tells of its queue"
                )


def _put(stack: Stack, photos: Mapping[str, Path]) -> None:
    s3 = stack.client("s3")

    def put(key: str, path: Path) -> None:
        try:
            s3.put_object(Bucket=stack.work_bucket, Key=key, Body=read_photo(path))
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"{path} can't be put into the inbox: {error}") from None

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(put, photos, photos.values()))
