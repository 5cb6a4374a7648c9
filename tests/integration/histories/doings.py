"""How things are done in a bucket's life: people's puts, and functions' work in tasks that may be halted."""

import json
import time
from typing import Any

from integration.histories.books import Books
from integration.histories.interleaving import Task, stop_here
from lookalike.aws.inbox_queue import Put
from lookalike.aws.messages import read_message, wanted_of_types
from lookalike.errors import EncodingsNotReadyError, ImageError, NotFoundError
from lookalike.inbox import take
from lookalike.keys import Folder, claim_key, content_digest, image_key, parse_inbox_key, recognized_name
from lookalike.matching.encodings import Row
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Look, Rule
from lookalike.rebuilding.reconciling import bring_up_to_date
from lookalike.recognition import recognize
from lookalike.storage.claims import ClaimedError
from lookalike.storage.compare_and_swap import ContentionError
from support.querying import ask


class Doings(Books):
    """What people and functions do in a bucket's life."""

    def __init__(self) -> None:
        super().__init__()
        self.dead_letters: tuple[list[str], list[str]] = ([], [])
        self.tasks: list[Task] = []
        self.after: dict[Task, Any] = {}
        self.asked_again: list[dict[str, Any]] = []
        self.inbox: list[Put] = []
        self.put_in_inbox: list[Put] = []
        self.told: set[str] = set()

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
        name = recognized_name(query, "png")
        rejected, came = self._is_rejected(type_id, name), len(self.came)
        gone = len(self.taken_out), len(self.moved)

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
            still = rejected and image_key(type_id, name, Folder.COUNTEREXAMPLES) not in self.came[came:]
            others = self.came[came:].count(image_key(type_id, name)) > 1
            if still and not others and query not in [*self.taken_out[gone[0] :], *self.moved[gone[1] :]]:
                assert found.appended.image is None, "a photo that a person rejected was appended again"
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
