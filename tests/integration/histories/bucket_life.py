"""A bucket's life as a state machine: what people and functions may do, and what must hold in the end."""

import json
import time
from collections.abc import Collection
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from mypy_boto3_s3 import S3Client

from integration.histories.interleaving import Task, stop_here
from lookalike.aws.queue import images_to_look_at, types_to_rebuild
from lookalike.errors import EncodingsNotReadyError, NotFoundError
from lookalike.keys import content_digest, encodings_key, image_key, parse_image_key
from lookalike.matching.encodings import Origin, Row
from lookalike.matching.settings import Look
from lookalike.rebuilding import rebuild
from lookalike.storage import compare_and_swap
from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.boxes import Box, format_box
from lookalike.vision.encoder import Encoder
from lookalike.vision.views import windows
from support.photographs import photograph, scene
from support.querying import ask

SUBJECT_OF_TYPE = {"hex-nut": 0, "gear": 1}
TYPES = st.sampled_from([*SUBJECT_OF_TYPE])
SHOTS = st.integers(0, 4)
CALLS = st.integers(0, 9)
NAMES = st.sampled_from(["a.png", "ä +.png", "c.jpg"])
FILENAMES = st.sampled_from([None, "b.png"])
MODELS = st.integers(0, 1)
INDEX = st.integers(0, 99)
NO_IMAGE = b"no image"
WRONG_BOX = "0.5,0.5,0.1"
BOXES = st.sampled_from(["0.1,0.1,0.6,0.6", "0.5,0.25,1,0.75", WRONG_BOX])


class Life(RuleBasedStateMachine):
    """The life of a bucket: what each image's bytes must be, its origin, and the box that people gave it."""

    s3: S3Client
    encoders: tuple[Encoder, Encoder]
    current: "Life"

    def __init__(self) -> None:
        super().__init__()
        Life.current = self
        bucket = f"life-{uuid4().hex}"
        self.s3.create_bucket(Bucket=bucket)
        self.stores = [
            Store(Bucket(self.s3, bucket), encoder.model_id, encoder.dimension) for encoder in self.encoders
        ]
        self.images: dict[str, tuple[bytes, Origin]] = {}
        self.boxes: dict[str, str] = {}
        self.removed: set[str] = set()
        # Each model has functions and queues of its own.
        self.queues: tuple[list[str], list[str]] = ([], [])
        self.dead_letters: tuple[list[str], list[str]] = ([], [])
        self.tasks: list[Task] = []
        self.after: dict[Task, Any] = {}
        self.asked_again: list[tuple[int, str, bytes]] = []
        self.queries: dict[str, bytes] = {}

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

    # What people do

    @initialize()
    def start(self) -> None:
        for type_id in SUBJECT_OF_TYPE:
            self.upload(type_id, "0.png", 0)
        self._settle()

    @rule(type_id=TYPES, name=NAMES, shot=SHOTS)
    def upload(self, type_id: str, name: str, shot: int) -> None:
        self._put(image_key(type_id, name), photograph(SUBJECT_OF_TYPE[type_id], shot))

    @rule(type_id=TYPES, name=NAMES, shot=SHOTS, box=BOXES)
    def upload_with_a_box(self, type_id: str, name: str, shot: int, box: str) -> None:
        self._put(image_key(type_id, name), photograph(SUBJECT_OF_TYPE[type_id], shot), box)

    @precondition(lambda self: self.images)
    @rule(index=INDEX, box=st.one_of(st.none(), BOXES))
    def change_only_the_box(self, index: int, box: str | None) -> None:
        key = sorted(self.images)[index % len(self.images)]
        self._put(key, self.images[key][0], box)

    @rule(type_id=TYPES, name=NAMES)
    def upload_what_is_no_image(self, type_id: str, name: str) -> None:
        self._put(image_key(type_id, name), NO_IMAGE)

    @precondition(lambda self: self.images)
    @rule(index=INDEX)
    def delete(self, index: int) -> None:
        key = sorted(self.images)[index % len(self.images)]
        # Before the call: its event must find it gone.
        del self.images[key]
        self.removed.add(key)
        self.stores[0].delete_image(key)

    @precondition(lambda self: any(o is Origin.RECOGNIZED for _, o in self.images.values()))
    @rule()
    def delete_what_was_recognised(self) -> None:
        keys = [key for key, (_, origin) in sorted(self.images.items()) if origin is Origin.RECOGNIZED]
        del self.images[keys[-1]]
        self.removed.add(keys[-1])
        self.stores[0].delete_image(keys[-1])

    # What functions do

    @precondition(lambda self: len(self.tasks) < 4)
    @rule(model=MODELS, type_id=TYPES, shot=SHOTS, filename=FILENAMES, calls=CALLS)
    def ask(self, model: int, type_id: str, shot: int, filename: str | None, calls: int) -> None:
        task = self._recognize(model, type_id, photograph(SUBJECT_OF_TYPE[type_id], shot), filename=filename)
        self._go_on(task, calls)

    @precondition(lambda self: len(self.tasks) < 4)
    @rule(model=MODELS, type_id=TYPES, place=st.sampled_from([-1, 7]), calls=CALLS)
    def ask_anywhere(self, model: int, type_id: str, place: int, calls: int) -> None:
        photo = scene((SUBJECT_OF_TYPE[type_id], windows(320, 240, 8)[place]))
        self._go_on(self._recognize(model, type_id, photo, look=Look.ANYWHERE), calls)

    @precondition(lambda self: len(self.tasks) < 4)
    @rule(model=MODELS, type_id=TYPES, subject=st.integers(0, 2), append=st.booleans())
    def recognize_what_may_be_another(self, model: int, type_id: str, subject: int, append: bool) -> None:
        self._finish(self._recognize(model, type_id, photograph(subject, 9), append))

    @precondition(lambda self: len(self.tasks) < 4)
    @rule(model=MODELS, index=INDEX, seconds=st.sampled_from([-1, 60]), twice=st.booleans(), calls=CALLS)
    def deliver(self, model: int, index: int, seconds: int, twice: bool, calls: int) -> None:
        if queue := self.queues[model]:
            message = queue[index % len(queue)]
            if not twice:
                queue.remove(message)
            self._go_on(self._rebuild(model, [message], seconds), calls)

    @rule()
    def deliver_all(self) -> None:
        """All events are heard while tasks that were begun are still halted."""
        for model, queue in enumerate(self.queues):
            while queue:
                self._hear(model)

    @rule(model=MODELS, index=INDEX)
    def drop(self, model: int, index: int) -> None:
        if queue := self.queues[model]:
            self.dead_letters[model].append(queue.pop(index % len(queue)))

    @precondition(lambda self: any(self.dead_letters))
    @rule()
    def redrive(self) -> None:
        for queue, dead_letters in zip(self.queues, self.dead_letters, strict=True):
            queue.extend(dead_letters)
            dead_letters.clear()

    @precondition(lambda self: self.tasks)
    @rule(index=INDEX, calls=st.integers(1, 4))
    def go_on(self, index: int, calls: int) -> None:
        self._go_on(self.tasks[index % len(self.tasks)], calls)

    @precondition(lambda self: self.tasks)
    @rule(index=INDEX)
    def crash(self, index: int) -> None:
        task = self.tasks[index % len(self.tasks)]
        if not task.done:
            task.crash()
        self._look_at(task)

    # What must hold

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            for task in self.tasks:
                if not task.done:
                    task.crash()
        in_bucket = {
            key: self.stores[0].get_image(key).data
            for type_id in SUBJECT_OF_TYPE
            for key in self.stores[0].image_etags(type_id)
        }
        assert in_bucket == {key: data for key, (data, _) in self.images.items()}
        for model in (0, 1):
            for type_id in SUBJECT_OF_TYPE:
                self._check(model, type_id)

    def _check(self, model: int, type_id: str) -> None:
        store = self.stores[model]
        expected = {
            key: origin
            for key, (data, origin) in self.images.items()
            if data != NO_IMAGE and self.boxes.get(key) != WRONG_BOX and key.startswith(f"types/{type_id}/")
        }
        rows = self._rows(model, type_id)
        assert sorted(row.image for row in rows) == sorted(expected)
        assert {row.image: row.origin for row in rows} == expected
        boxes = {row.image: format_box(row.box) for row in rows if row.box and row.origin is Origin.UPLOADED}
        assert boxes == {key: box for key, box in self.boxes.items() if key in expected}
        encodings, _ = store.read_encodings(type_id)
        if encodings:
            assert encodings.is_current(store.image_etags(type_id))
        # What the rows say lies with the images too, and outlives the encodings.
        key = encodings_key(store.model_id, type_id)
        self.s3.delete_object(Bucket=store.bucket.name, Key=key)
        rebuild(self.encoders[model], store, type_id, time.monotonic() + 60)
        again = self._rows(model, type_id)
        assert {(row.image, row.etag) for row in again} == {(row.image, row.etag) for row in rows}
        assert self._found(again) == self._found(rows)

    def _found(self, rows: list[Row]) -> set[tuple[str, float | None, str | None, Box | None]]:
        """What recognised images were found to resemble.

        One that was removed, and came again before a rebuild looked, may keep the row of its first coming.
        """
        return {
            (row.image, row.similarity, row.nearest, row.box) for row in rows if row.image not in self.removed
        }

    # How it is done

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
                self._request_rebuild(model, type_id)
                return None
            if found.appended.stale:
                self._request_rebuild(model, type_id)
            assert found.appended.image is None or (append and found.comparison.decision.match)
            return found.appended.image

        task = Task(work)
        # Who gets no answer asks again.
        self.after[task] = lambda: self.asked_again.append((model, type_id, query)) if append else None
        self.tasks.append(task)
        return task

    def _request_rebuild(self, model: int, type_id: str, named: Collection[str] = ()) -> None:
        stop_here()
        message = {"rebuild": type_id} | ({"images": sorted(named)} if named else {})
        self.queues[model].append(json.dumps(message))

    def _rebuild(self, model: int, messages: list[str], seconds: int) -> Task:
        def work() -> None:
            (type_id,) = types_to_rebuild(messages[0])
            named = {key for message in messages for key in images_to_look_at(message)}
            deadline = time.monotonic() + seconds
            rebuilt = rebuild(self.encoders[model], self.stores[model], type_id, deadline, named)
            assert rebuilt.failure is None
            if not rebuilt.complete:
                self._request_rebuild(model, type_id, named)

        task = Task(work)
        self.after[task] = lambda: self.queues[model].extend(messages)
        self.tasks.append(task)
        return task

    def _hear(self, model: int) -> None:
        """Rebuild the type that the next message tells of; one rebuild hears all that is told of it."""
        queue = self.queues[model]
        of_type = types_to_rebuild(queue[0])
        heard = [message for message in queue if types_to_rebuild(message) == of_type]
        queue[:] = [message for message in queue if types_to_rebuild(message) != of_type]
        self._finish(self._rebuild(model, heard, 60))

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
        if task.crashed or isinstance(task.error, compare_and_swap.ContentionError):
            failed()
        elif task.error:
            raise task.error
        elif task.result:
            assert task.result in self.images or task.result in self.removed

    def _settle(self) -> None:
        """Until everything that was begun is done, and every event has been heard."""
        self.redrive()
        while self.tasks or self.asked_again or any(self.queues):
            for task in list(self.tasks):
                self._finish(task)
            for again in [*self.asked_again]:
                self.asked_again.remove(again)
                self._finish(self._recognize(*again))
            self.deliver_all()

    def _rows(self, model: int, type_id: str) -> list[Row]:
        encodings, _ = self.stores[model].read_encodings(type_id)
        return list(encodings.rows) if encodings else []
