"""How things are done in a bucket's life: people's puts, and functions' work in tasks that may be halted."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from hypothesis.stateful import (
    RuleBasedStateMachine,
)
from mypy_boto3_s3 import S3Client

from integration.histories.interleaving import Task, stop_here
from lookalike.aws.inbox_queue import Put
from lookalike.aws.messages import read_message, wanted_of_types
from lookalike.errors import EncodingsNotReadyError, ImageError, NotFoundError
from lookalike.inbox import take
from lookalike.keys import claim_key, content_digest, parse_image_key, parse_inbox_key
from lookalike.matching.encodings import Origin, Row
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Look, Rule
from lookalike.rebuilding import bring_up_to_date
from lookalike.recognition import recognize
from lookalike.storage.bucket import Bucket, Page, StoredObject
from lookalike.storage.claims import ClaimedError
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.querying import ask

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


class Doings(RuleBasedStateMachine):
    """The life of a bucket: what each image's bytes must be, its origin, and the box that people gave it."""

    s3: S3Client
    encoders: tuple[Encoder, Encoder]
    current: "Doings"

    def __init__(self) -> None:
        super().__init__()
        Doings.current = self
        bucket, work = (TimelessBucket(self.s3, f"life-{uuid4().hex}") for _ in range(2))
        for each in (bucket, work):
            self.s3.create_bucket(Bucket=each.name)
        self.stores = [Store(bucket, work, encoder.model_id, encoder.dimension) for encoder in self.encoders]
        self.images: dict[str, tuple[bytes, Origin]] = {}
        self.boxes: dict[str, str] = {}
        self.removed: set[str] = set()
        # Each model has functions and queues of its own.
        self.queues: tuple[list[str], list[str]] = ([], [])
        self.dead_letters: tuple[list[str], list[str]] = ([], [])
        self.tasks: list[Task] = []
        self.after: dict[Task, Any] = {}
        self.asked_again: list[dict[str, Any]] = []
        self.queries: dict[str, bytes] = {}
        self.inbox: list[Put] = []
        self.put_in_inbox: list[Put] = []
        self.told: set[str] = set()

    def succeeded(self, method: str, key: str) -> None:
        """S3 has carried out a call: what must be true of it, and the event it makes of it."""
        if method not in ("PUT", "DELETE") or not parse_image_key(key):
            return
        if method == "DELETE" and key in self.images:
            del self.images[key]
            self.removed.add(key)
        elif method == "PUT" and key not in self.images:
            (digest,) = (digest for digest in self.queries if digest in key)
            self.images[key] = self.queries[digest], Origin.RECOGNIZED
            self.boxes.pop(key, None)
        elif method == "PUT":
            assert self.images[key][1] is Origin.UPLOADED, "a recognised image overwrote another"
        name = "ObjectCreated:Put" if method == "PUT" else "ObjectRemoved:Delete"
        record = {"eventName": name, "s3": {"object": {"key": quote_plus(key, safe="/")}}}
        for queue in self.queues:
            queue.append(json.dumps({"Records": [record]}))

    def _put(self, key: str, data: bytes, box: str | None = None) -> None:
        self.images[key] = data, Origin.UPLOADED
        self.boxes.pop(key, None)
        if box:
            self.boxes[key] = box
        self.stores[0].bucket.put(key, data, "image/png", {"box": box} if box else None)

    def _recognize(
        self,
        model: int,
        type_id: str,
        query: bytes,
        append: bool = True,
        filename: str | None = None,
        look: Look = Look.CENTRE,
    ) -> Task:
        self.queries[content_digest(query)] = query

        def work() -> str | None:
            try:
                found = ask(
                    self.encoders[model],
                    self.stores[model],
                    type_id,
                    query,
                    threshold=0.95,
                    append=append,
                    filename=filename,
                    look=look,
                )
            except NotFoundError:
                return None
            except EncodingsNotReadyError:
                self._request_rebuild(model, type_id, [])
                return None
            if found.appended.doubtful:
                self._request_rebuild(model, type_id, [found.appended.doubtful])
            assert found.appended.image is None or (append and found.comparison.decision.match)
            return found.appended.image

        task = Task(work)
        # Who gets no answer asks again.
        again = {"model": model, "type_id": type_id, "query": query, "look": look}
        self.after[task] = lambda: self.asked_again.append(again) if append else None
        self.tasks.append(task)
        return task

    def _put_in_inbox(self, key: str, data: bytes) -> None:
        self.queries[content_digest(data)] = data
        etag = self.stores[0].work.put(key, data, "image/png").strip('"')
        put = Put(key, etag, str(len(self.put_in_inbox)))
        self.put_in_inbox.append(put)
        self.inbox.append(put)

    def _answer(self, model: int, put: Put) -> Task:
        """Answer a photo of the inbox: its message is gone only when the bus has been told."""

        def work() -> str | None:
            encoder, store = self.encoders[model], self.stores[model]
            asked, taken, appended = parse_inbox_key(put.key), take(encoder, store, [put])[put], None
            assert asked
            assert asked.type_id
            if taken.photo:
                policy = Policy(Rule.SIMILARITY, 0.95)
                try:
                    found = recognize(encoder, store, asked.type_id, taken.photo, policy)
                except NotFoundError:
                    pass
                except EncodingsNotReadyError:
                    self._request_rebuild(model, asked.type_id, [])
                    self.inbox.append(put)
                    return None
                else:
                    appended = found.appended.image
                    if found.appended.doubtful:
                        self._request_rebuild(model, asked.type_id, [found.appended.doubtful])
            else:
                assert isinstance(taken.error, NotFoundError | ImageError)
            stop_here()
            self.told.add(put.id)
            return appended

        task = Task(work)
        self.after[task] = lambda: self.inbox.append(put)
        self.tasks.append(task)
        return task

    def _request_rebuild(self, model: int, type_id: str, images: list[str] | None = None) -> None:
        stop_here()
        message = {"rebuild": type_id} | ({} if images is None else {"images": images})
        self.queues[model].append(json.dumps(message))

    def _rebuild(self, model: int, messages: list[str], seconds: int) -> Task:
        ((type_id, wanted),) = wanted_of_types(map(read_message, messages)).items()
        encoder, store = self.encoders[model], self.stores[model]

        def work() -> None:
            deadline = time.monotonic() + seconds
            rebuilt = bring_up_to_date(
                encoder, store, type_id, deadline, wanted.images, everything=wanted.everything
            )
            assert rebuilt.failure is None
            if not rebuilt.complete:
                stop_here()
                self.queues[model].extend(messages)

        def failed() -> None:
            self.queues[model].extend(messages)
            if task.crashed:
                # By the time that they come again, the claim of the one that was killed has ended.
                self.s3.delete_object(Bucket=store.work.name, Key=claim_key(store.model_id, type_id))

        task = Task(work)
        self.after[task] = failed
        self.tasks.append(task)
        return task

    def _hear_all(self, model: int) -> None:
        """Rebuild each type that messages tell of; one rebuild hears all that is told of a type."""
        by_type: dict[str, list[str]] = {}
        for message in self.queues[model]:
            (type_id,) = read_message(message).type_ids
            by_type.setdefault(type_id, []).append(message)
        self.queues[model].clear()
        for messages in by_type.values():
            self._finish(self._rebuild(model, messages, 60))

    def _go_on(self, task: Task, calls: int) -> None:
        for _ in range(calls):
            if not task.done:
                task.go_on()
        self._look_at(task)

    def _finish(self, task: Task) -> None:
        while not task.done:
            task.go_on()
        self._look_at(task)

    def _look_at(self, task: Task) -> None:
        if not task.done or task not in self.tasks:
            return
        self.tasks.remove(task)
        failed = self.after.pop(task)
        if task.crashed or isinstance(task.error, ContentionError | ClaimedError):
            failed()
        elif task.error:
            raise task.error
        elif task.result:
            assert task.result in self.images or task.result in self.removed

    def _rows(self, model: int, type_id: str) -> list[Row]:
        encodings, _ = self.stores[model].read_encodings(type_id)
        return list(encodings.rows) if encodings else []
