"""The cohort is what the types' encodings say, whoever writes it, and is read no more than it must be."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from lookalike.cohort import Cohort, prototype
from lookalike.cohort_store import CohortStore
from lookalike.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.keys import cohort_key, is_type_id
from lookalike.store import Store
from synthetic_encodings import around, centres


def write_type(store: Store, type_id: str, seed: int, rows: int = 3) -> None:
    (centre,) = centres(1, store.model.dimension, seed=seed)
    matrix = around(centre, rows, 0.3, seed)
    images = [
        EncodedImage(Row(f"types/{type_id}/images/{i}.jpg", "etag", Origin.UPLOADED, ""), row)
        for i, row in enumerate(matrix)
    ]
    empty = Encodings.empty(store.model.model_id, type_id, store.model.dimension)
    store.update_encodings(type_id, lambda _: empty.append(images))


@contextmanager
def answers_to_reads(store: Store) -> Iterator[list[int]]:
    """The HTTP status of each answer to GetObject, as they come."""
    statuses: list[int] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        statuses.append(parsed["ResponseMetadata"]["HTTPStatusCode"])

    store.client.meta.events.register("after-call.s3.GetObject", note)
    yield statuses
    store.client.meta.events.unregister("after-call.s3.GetObject", note)


def read(store: Store) -> Cohort:
    cohort = CohortStore(store).read()
    assert cohort
    return cohort


def test_there_is_none_at_first(store: Store) -> None:
    assert CohortStore(store).read() is None


def test_types_join_it_change_and_leave(store: Store) -> None:
    for seed, type_id in enumerate(("nut", "bolt")):
        write_type(store, type_id, seed)
    CohortStore(store).refresh(["nut", "bolt"])
    before = read(store)
    assert before.type_ids == ("bolt", "nut")
    write_type(store, "nut", seed=7)
    store.update_encodings("bolt", lambda encodings: encodings.keep_only({}))
    CohortStore(store).refresh(["nut", "bolt"])
    assert read(store).type_ids == ("nut",)
    assert read(store).matrix[0] @ before.matrix[1] < 0.9


def test_nothing_is_written_when_nothing_has_changed(store: Store) -> None:
    write_type(store, "nut", 1)
    cohorts, key = CohortStore(store), cohort_key(store.model.model_id)
    cohorts.refresh(["nut"])
    before = store.client.head_object(Bucket=store.bucket, Key=key)["ETag"]
    cohorts.refresh(["nut", "no-such-type"])
    CohortStore(store).refresh([])
    assert store.client.head_object(Bucket=store.bucket, Key=key)["ETag"] == before


@pytest.mark.parametrize("damage", [None, b"", b"not safetensors", b"\x10" * 500])
def test_a_cohort_that_is_gone_or_damaged_is_made_anew_of_all_types(
    store: Store, damage: bytes | None
) -> None:
    for seed, type_id in enumerate(("nut", "bolt", "gear")):
        write_type(store, type_id, seed)
    if damage is not None:
        store.client.put_object(Bucket=store.bucket, Key=cohort_key(store.model.model_id), Body=damage)
    assert CohortStore(store).read() is None
    CohortStore(store).refresh(["nut"])
    assert read(store).type_ids == ("bolt", "gear", "nut")


def test_writers_at_once_lose_no_type(store: Store) -> None:
    type_ids = [f"type-{index:02}" for index in range(12)]
    for seed, type_id in enumerate(type_ids):
        write_type(store, type_id, seed)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda type_id: CohortStore(store).refresh([type_id]), type_ids))
    assert list(read(store).type_ids) == type_ids


@contextmanager
def before_the_first_write(store: Store, act: Callable[[], None]) -> Iterator[None]:
    """Do something once, when the cohort was read and is about to be written."""
    waiting = [act]

    def interrupt(request: Any, **_: Any) -> None:
        if waiting and request.url.endswith(cohort_key(store.model.model_id)):
            waiting.pop()()

    store.client.meta.events.register("before-send.s3.PutObject", interrupt)
    try:
        yield
    finally:
        store.client.meta.events.unregister("before-send.s3.PutObject", interrupt)
    assert not waiting


def test_a_writer_that_lost_adds_its_type_to_what_the_faster_one_wrote(store: Store) -> None:
    write_type(store, "gear", 0)
    CohortStore(store).refresh(["gear"])
    for seed, type_id in enumerate(("nut", "bolt"), 1):
        write_type(store, type_id, seed)
    with before_the_first_write(store, lambda: CohortStore(store).refresh(["bolt"])):
        CohortStore(store).refresh(["nut"])
    assert read(store).type_ids == ("bolt", "gear", "nut")


def test_a_writer_that_lost_reads_the_encodings_again(store: Store) -> None:
    """Else it would put back a prototype of what they said before."""
    write_type(store, "nut", 1)

    def change_and_refresh() -> None:
        write_type(store, "nut", 7)
        CohortStore(store).refresh(["nut"])

    with before_the_first_write(store, change_and_refresh):
        CohortStore(store).refresh(["nut"])
    encodings, _ = store.read_encodings("nut")
    assert encodings
    assert read(store).matrix[0] @ prototype(encodings.matrix) > 0.999


def test_a_cohort_has_a_most_of_types(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[CohortStore.__module__], "MAX_TYPES", 2)
    cohorts = CohortStore(store)
    for seed, type_id in enumerate(("nut", "bolt", "gear")):
        write_type(store, type_id, seed)
        cohorts.refresh([type_id])
    assert read(store).type_ids == ("bolt", "nut")
    before = read(store)
    write_type(store, "nut", 7)
    cohorts.refresh(["nut"])
    assert read(store).matrix[1] @ before.matrix[1] < 0.9


def test_it_is_read_once_and_again_when_another_has_written_it(store: Store) -> None:
    write_type(store, "nut", 1)
    cohorts = CohortStore(store)
    cohorts.refresh(["nut"])
    with answers_to_reads(store) as statuses:
        first, second, third = cohorts.read(), cohorts.read(), cohorts.read()
        assert statuses == [200, 304, 304]
    assert first is second is third
    write_type(store, "bolt", 2)
    CohortStore(store).refresh(["bolt"])
    again = cohorts.read()
    assert again
    assert again.type_ids == ("bolt", "nut")


def test_no_type_can_take_its_name() -> None:
    assert not is_type_id(cohort_key("model").rpartition("/")[2].removesuffix(".safetensors"))
