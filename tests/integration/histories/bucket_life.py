"""A bucket's life as a state machine: what people and functions may do, and what must hold in the end."""

import time

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from integration.histories.correcting import Corrections
from integration.histories.draws import (
    BOXES,
    CALLS,
    FILENAMES,
    INDEX,
    MODELS,
    NAMES,
    NO_IMAGE,
    SHOTS,
    SUBJECT_OF_TYPE,
    TYPES,
    WRONG_BOX,
)
from lookalike.keys import encodings_key, image_key, inbox_key
from lookalike.matching.encodings import Origin, Row
from lookalike.matching.settings import Look
from lookalike.rebuilding.reconciling import rebuild
from lookalike.vision.boxes import Box, format_box
from lookalike.vision.views import windows
from support.photos.photographs import photograph, scene


class Life(Corrections):
    """The life of a bucket; what holds in the end is checked when it is torn down."""

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
        self._delete(key)

    @precondition(lambda self: any(o is Origin.RECOGNIZED for _, o in self.images.values()))
    @rule()
    def delete_what_was_recognised(self) -> None:
        keys = [key for key, (_, origin) in sorted(self.images.items()) if origin is Origin.RECOGNIZED]
        self._delete(keys[-1])

    @rule(type_id=TYPES, name=NAMES, subject=st.integers(0, 1), shot=SHOTS)
    def put_in_the_inbox(self, type_id: str, name: str, subject: int, shot: int) -> None:
        """What is there under the same name may be waiting still: it is overwritten."""
        self._put_in_inbox(inbox_key(type_id, name), photograph(subject, shot))

    @rule(type_id=TYPES, name=NAMES)
    def put_what_is_no_image_in_the_inbox(self, type_id: str, name: str) -> None:
        self._put_in_inbox(inbox_key(type_id, name), NO_IMAGE)

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

    @precondition(lambda self: len(self.tasks) < 4 and self.inbox)
    @rule(model=MODELS, index=INDEX, twice=st.booleans(), calls=CALLS)
    def deliver_from_the_inbox(self, model: int, index: int, twice: bool, calls: int) -> None:
        put = self.inbox[index % len(self.inbox)]
        if not twice:
            self.inbox.remove(put)
        self._go_on(self._answer(model, put), calls)

    @rule()
    def deliver_all(self) -> None:
        """All events are heard while tasks that were begun are still halted."""
        for model in (0, 1):
            self._hear_all(model)

    @rule(model=MODELS, type_id=TYPES)
    def request_a_look_at_all(self, model: int, type_id: str) -> None:
        self._request_rebuild(model, type_id)

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
        assert self.told == {put.id for put in self.put_in_inbox}
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
        boxes = {
            row.image: format_box(row.box) for row in rows if row.box and row.origin is not Origin.RECOGNIZED
        }
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

    def _settle(self) -> None:
        """Until everything that was begun is done, and every event has been heard."""
        self.redrive()
        while self.tasks or self.asked_again or self.told_again or self.inbox or any(self.queues):
            for task in list(self.tasks):
                self._finish(task)
            self._tell_again()
            for again in [*self.asked_again]:
                self.asked_again.remove(again)
                self._finish(self._recognize(**again))
            for put in [*self.inbox]:
                self.inbox.remove(put)
                self._finish(self._answer(0, put))
            self.deliver_all()
