"""The books of a bucket's life: what must lie in it, by what people do and by what S3 carries out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote_plus
from uuid import uuid4

from hypothesis.stateful import RuleBasedStateMachine
from mypy_boto3_s3 import S3Client

from integration.histories.interleaving import Task, current_task
from lookalike.keys import (
    Folder,
    content_digest,
    image_key,
    is_counterexample,
    parse_image_key,
    parse_missed_key,
)
from lookalike.matching.encodings import Origin
from lookalike.storage.bucket import Bucket, Page, StoredObject
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class TimelessBucket(Bucket):
    """A bucket that tells no times: what has changed must be found by what messages name.

    Else the seconds that a test takes would decide which way it goes.
    """

    def head(self, key: str) -> StoredObject | None:
        found = super().head(key)
        return found and replace(found, modified=LONG_AGO)

    def list_page(self, prefix: str, token: str | None = None, limit: int = 1000) -> Page[StoredObject]:
        page = super().list_page(prefix, token, limit)
        return page._replace(items=[replace(entry, modified=LONG_AGO) for entry in page.items])


class Copy(NamedTuple):
    """Where a photo lies that a task may remove elsewhere, and how much was in the books then."""

    key: str
    taken_out: int
    moved: int


class Books(RuleBasedStateMachine):
    """What each image's bytes must be, its origin, and the box that people gave it.

    Attributes:
        came: keys in the order in which anything came there.
        taken_out: bytes that people deleted or overwrote.
        moved: bytes that functions removed.
        copies: of each task, what it must not lose.
    """

    s3: S3Client
    encoders: tuple[Encoder, Encoder]
    current: "Books"

    def __init__(self) -> None:
        super().__init__()
        Books.current = self
        bucket, work = (TimelessBucket(self.s3, f"life-{uuid4().hex}") for _ in range(2))
        for each in (bucket, work):
            self.s3.create_bucket(Bucket=each.name)
        self.stores = [Store(bucket, work, encoder.model_id, encoder.dimension) for encoder in self.encoders]
        self.images: dict[str, tuple[bytes, Origin]] = {}
        self.boxes: dict[str, str] = {}
        self.missed: dict[str, bytes] = {}
        self.removed: set[str] = set()
        # Each model has functions and queues of its own.
        self.queues: tuple[list[str], list[str]] = ([], [])
        self.queries: dict[str, bytes] = {}
        self.came: list[str] = []
        self.taken_out: list[bytes] = []
        self.moved: list[bytes] = []
        self.copies: dict[Task | None, Copy] = {}

    def succeeded(self, method: str, key: str, metadata: Mapping[str, str]) -> None:
        """S3 has carried out a call: what must be true of it, and the event it makes of it."""
        if method == "DELETE" and (key in self.images or key in self.missed):
            self._removed_by_a_function(key)
        if method not in ("PUT", "DELETE") or not parse_image_key(key):
            return
        if method == "PUT":
            self.came.append(key)
        if method == "PUT" and "verdict" in metadata:
            self._moved_by_a_verdict(key, metadata)
        elif method == "PUT" and key not in self.images:
            (digest,) = (digest for digest in self.queries if digest in key)
            self.images[key] = self.queries[digest], Origin.RECOGNIZED
            self.boxes.pop(key, None)
            self._note_copy(key.replace(f"/{Folder.IMAGES}/", f"/{Folder.COUNTEREXAMPLES}/"))
        elif method == "PUT":
            assert self.images[key][1] is not Origin.RECOGNIZED, "a recognised image overwrote another"
        name = "ObjectCreated:Put" if method == "PUT" else "ObjectRemoved:Delete"
        record = {"eventName": name, "s3": {"object": {"key": quote_plus(key, safe="/")}}}
        for queue in self.queues:
            queue.append(json.dumps({"Records": [record]}))

    def holds(self, key: str, data: bytes) -> bool:
        """Whether an image with these bytes lies there."""
        return key in self.images and self.images[key][0] == data

    def _moved_by_a_verdict(self, key: str, metadata: Mapping[str, str]) -> None:
        data = self.queries[metadata["digest"]]
        assert key not in self.images or self.holds(key, data), "a verdict overwrote another photo"
        self.images[key] = data, Origin.COUNTEREXAMPLE if is_counterexample(key) else Origin.UPLOADED
        self.boxes.pop(key, None)
        if "box" in metadata:
            self.boxes[key] = metadata["box"]
        self._note_copy(key)

    def _note_copy(self, key: str) -> None:
        self.copies[current_task()] = Copy(key, len(self.taken_out), len(self.moved))

    def _removed_by_a_function(self, key: str) -> None:
        """What a function removes lies elsewhere, unless a person has removed it there since."""
        data = self.missed.pop(key) if parse_missed_key(key) else self.images.pop(key)[0]
        self.removed.add(key)
        copy = self.copies[current_task()]
        moved_on = data in self.moved[copy.moved :] and any(self.holds(each, data) for each in self.images)
        kept = self.holds(copy.key, data) or moved_on
        assert kept or data in self.taken_out[copy.taken_out :], f"{key} is lost"
        self.moved.append(data)

    def _put(self, key: str, data: bytes, box: str | None = None) -> None:
        if key in self.images:
            self.taken_out.append(self.images[key][0])
        self.images[key] = data, Origin.COUNTEREXAMPLE if is_counterexample(key) else Origin.UPLOADED
        self.queries[content_digest(data)] = data
        self.boxes.pop(key, None)
        if box:
            self.boxes[key] = box
        self.stores[0].bucket.put(key, data, "image/png", {"box": box} if box else None)

    def _delete(self, key: str) -> None:
        # Before the call: its event must find it gone.
        self.taken_out.append(self.images.pop(key)[0])
        self.removed.add(key)
        self.stores[0].delete_image(key)

    def _is_rejected(self, type_id: str, name: str) -> bool:
        """Whether a photo of this name lies with the counterexamples and not with the images."""
        image, counterexample = (image_key(type_id, name, folder) for folder in Folder)
        return counterexample in self.images and image not in self.images
