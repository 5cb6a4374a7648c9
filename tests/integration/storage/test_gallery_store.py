"""The gallery is what the types' encodings say, whoever writes it, and is read no more than it must be."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from lookalike.keys import gallery_key, is_type_id
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.gallery import Gallery
from lookalike.rebuilding.gallery_refresh import refresh_gallery
from lookalike.storage.store import Store
from support.encodings.synthetic_encodings import around, centres


def write_type(store: Store, type_id: str, seed: int, rows: int = 3) -> None:
    (centre,) = centres(1, store.dimension, seed=seed)
    matrix = around(centre, rows, 0.3, seed)
    images = [
        EncodedImage(Row(f"types/{type_id}/images/{i}.jpg", "etag", Origin.UPLOADED, ""), row)
        for i, row in enumerate(matrix)
    ]
    empty = Encodings.empty(store.model_id, type_id, store.dimension)
    store.update_encodings(type_id, lambda _: empty.append(images))


@contextmanager
def answers_to_reads(store: Store) -> Iterator[list[int]]:
    """The HTTP status of each answer to GetObject, as they come."""
    statuses: list[int] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        statuses.append(parsed["ResponseMetadata"]["HTTPStatusCode"])

    store.work.client.meta.events.register("after-call.s3.GetObject", note)
    yield statuses
    store.work.client.meta.events.unregister("after-call.s3.GetObject", note)


def read(store: Store) -> Gallery:
    gallery = store.read_gallery()
    assert gallery
    return gallery


def test_there_is_none_at_first(store: Store) -> None:
    assert store.read_gallery() is None


def test_types_join_it_change_and_leave(store: Store) -> None:
    for seed, type_id in enumerate(("nut", "bolt")):
        write_type(store, type_id, seed)
    refresh_gallery(store, ["nut", "bolt"])
    before = read(store)
    assert before.type_ids == ("bolt", "nut")
    write_type(store, "nut", seed=7)
    store.update_encodings("bolt", lambda encodings: encodings.keep_only({}))
    refresh_gallery(store, ["nut", "bolt"])
    assert read(store).type_ids == ("nut",)
    assert read(store).means[0] @ before.means[1] < 0.9


def test_nothing_is_written_when_nothing_has_changed(store: Store) -> None:
    write_type(store, "nut", 1)
    key = gallery_key(store.model_id)
    refresh_gallery(store, ["nut"])
    before = store.work.client.head_object(Bucket=store.work.name, Key=key)["ETag"]
    refresh_gallery(store, ["nut", "no-such-type"])
    refresh_gallery(store, [])
    assert store.work.client.head_object(Bucket=store.work.name, Key=key)["ETag"] == before


@pytest.mark.parametrize("damage", [None, b"", b"not safetensors", b"\x10" * 500])
def test_a_gallery_that_is_gone_or_damaged_is_made_anew_of_all_types(
    store: Store, damage: bytes | None
) -> None:
    for seed, type_id in enumerate(("nut", "bolt", "gear")):
        write_type(store, type_id, seed)
    if damage is not None:
        store.work.client.put_object(Bucket=store.work.name, Key=gallery_key(store.model_id), Body=damage)
    assert store.read_gallery() is None
    refresh_gallery(store, ["nut"])
    assert read(store).type_ids == ("bolt", "gear", "nut")


def test_writers_at_once_lose_no_type(store: Store) -> None:
    type_ids = [f"type-{index:02}" for index in range(12)]
    for seed, type_id in enumerate(type_ids):
        write_type(store, type_id, seed)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda type_id: refresh_gallery(store, [type_id]), type_ids))
    assert list(read(store).type_ids) == type_ids


@contextmanager
def before_the_first_write(store: Store, act: Callable[[], object]) -> Iterator[None]:
    """Do something once, when the gallery was read and is about to be written."""
    waiting = [act]

    def interrupt(request: Any, **_: Any) -> None:
        if waiting and request.url.endswith(gallery_key(store.model_id)):
            waiting.pop()()

    store.work.client.meta.events.register("before-send.s3.PutObject", interrupt)
    try:
        yield
    finally:
        store.work.client.meta.events.unregister("before-send.s3.PutObject", interrupt)
    assert not waiting


def test_a_writer_that_lost_adds_its_type_to_what_the_faster_one_wrote(store: Store) -> None:
    write_type(store, "gear", 0)
    refresh_gallery(store, ["gear"])
    for seed, type_id in enumerate(("nut", "bolt"), 1):
        write_type(store, type_id, seed)
    with before_the_first_write(store, lambda: refresh_gallery(store, ["bolt"])):
        refresh_gallery(store, ["nut"])
    assert read(store).type_ids == ("bolt", "gear", "nut")


def test_a_writer_that_lost_reads_the_encodings_again(store: Store) -> None:
    """Else it would put back a prototype of what they said before."""
    write_type(store, "nut", 1)

    def change_and_refresh() -> None:
        write_type(store, "nut", 7)
        refresh_gallery(store, ["nut"])

    with before_the_first_write(store, change_and_refresh):
        refresh_gallery(store, ["nut"])
    encodings, _ = store.read_encodings("nut")
    assert encodings
    assert read(store).means[0] == pytest.approx(encodings.matrix.mean(axis=0), abs=1e-3)


def test_a_gallery_has_a_most_of_types(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[refresh_gallery.__module__], "MAX_TYPES", 2)
    for seed, type_id in enumerate(("nut", "bolt", "gear")):
        write_type(store, type_id, seed)
        refresh_gallery(store, [type_id])
    assert read(store).type_ids == ("bolt", "nut")
    before = read(store)
    write_type(store, "nut", 7)
    refresh_gallery(store, ["nut"])
    assert read(store).means[1] @ before.means[1] < 0.9


def test_a_full_gallery_loses_types_and_takes_as_many_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[refresh_gallery.__module__], "MAX_TYPES", 2)
    for seed, type_id in enumerate(("nut", "bolt", "gear", "key")):
        write_type(store, type_id, seed)
    assert refresh_gallery(store, ["nut", "bolt"]) == 2
    assert read(store).type_ids == ("bolt", "gear")
    store.update_encodings("bolt", lambda encodings: encodings.keep_only({}))
    assert refresh_gallery(store, ["bolt", "key", "nut"]) == 1
    assert read(store).type_ids == ("gear", "key")
    store.update_encodings("gear", lambda encodings: encodings.keep_only({}))
    assert refresh_gallery(store, ["gear"]) == 0
    assert read(store).type_ids == ("key",)


def test_it_is_read_once_and_again_when_another_has_written_it(store: Store) -> None:
    write_type(store, "nut", 1)
    refresh_gallery(store, ["nut"])
    reader = Store(store.bucket, store.work, store.model_id, store.dimension)
    with answers_to_reads(store) as statuses:
        first, second, third = reader.read_gallery(), reader.read_gallery(), reader.read_gallery()
        assert statuses == [200, 304, 304]
    assert first is second is third
    write_type(store, "bolt", 2)
    refresh_gallery(store, ["bolt"])
    again = reader.read_gallery()
    assert again
    assert again.type_ids == ("bolt", "nut")


def test_no_type_can_take_its_name() -> None:
    assert not is_type_id(gallery_key("model").rpartition("/")[2].removesuffix(".safetensors"))


def test_it_learns_anew_once_the_catalogue_has_grown(store: Store) -> None:
    for seed in range(10):
        write_type(store, f"type-{seed}", seed)
    refresh_gallery(store, ["type-0"])
    first = read(store).fit
    assert (first.types, first.rows, first.photos) == (10, 30, 30)
    write_type(store, "type-new", 77)
    refresh_gallery(store, ["type-new"])
    assert read(store).fit == first
    write_type(store, "type-newer", 78)
    refresh_gallery(store, ["type-newer"])
    assert (read(store).fit.types, read(store).fit.rows) == (12, 36)


def test_only_uploaded_photos_teach(store: Store) -> None:
    """A run of false matches moves its type's prototype, but nothing that is known of all types."""
    for seed in range(4):
        write_type(store, f"type-{seed}", seed)
    refresh_gallery(store, ["type-0"])
    before = read(store)
    (elsewhere,) = centres(1, store.dimension, seed=99)
    matches = [
        EncodedImage(Row(f"types/type-0/images/{i}.jpg", "m", Origin.RECOGNIZED, ""), row)
        for i, row in enumerate(around(elsewhere, 40, 0.1, seed=5), 100)
    ]
    store.update_encodings("type-0", lambda current: current.append(matches))
    refresh_gallery(store, ["type-0"])
    after = read(store)
    assert after.fit.rows == before.fit.rows + 40
    assert after.fit.photos == before.fit.photos
    for name in ("mean", "basis", "variances", "rest", "between"):
        assert getattr(after.fit.metric, name) == pytest.approx(getattr(before.fit.metric, name), rel=1e-6)
    assert after.fit.calibration == before.fit.calibration
