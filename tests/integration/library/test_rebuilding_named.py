"""A message names images: these are looked at, each is encoded once, and nothing is listed."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from lookalike.errors import EncodingsNotReadyError, TooManyImagesError
from lookalike.keys import claim_key, encodings_key
from lookalike.matching.encodings import Encodings
from lookalike.rebuilding import reconciling
from lookalike.rebuilding.reconciling import Rebuilt, rebuild_named
from lookalike.storage.claims import ClaimedError, claimed
from lookalike.storage.store import Store
from lookalike.vision.encoder import BATCH, Encoder
from support.photos.photographs import photograph
from support.querying import ask
from support.rebuilds import TYPE, bring_up_to_date, encoded_images, upload, upload_and_build, version


def look_at(encoder: Encoder, store: Store, *images: str, seconds: float = 60) -> Rebuilt:
    return rebuild_named(encoder, store, TYPE, time.monotonic() + seconds, images)


@contextmanager
def calls(store: Store) -> Iterator[list[str]]:
    """The calls to S3 as they come: their operation, and the key or prefix that they are of."""
    made: list[str] = []

    def note(request: Any, event_name: str, **_: Any) -> None:
        path = unquote(urlsplit(request.url).path).lstrip("/").partition("/")[2]
        made.append(f"{event_name.rpartition('.')[2]} {path}")

    events = store.bucket.client.meta.events
    events.register("before-send.s3", note)
    try:
        yield made
    finally:
        events.unregister("before-send.s3", note)


@contextmanager
def before_the_write(store: Store, act: Callable[[], object]) -> Iterator[None]:
    """Do something once, when the encodings were read and are about to be written."""
    waiting = [act]

    def interrupt(request: Any, **_: Any) -> None:
        if waiting and request.url.endswith(encodings_key(store.model_id, TYPE)):
            waiting.pop()()

    events = store.bucket.client.meta.events
    events.register("before-send.s3.PutObject", interrupt)
    try:
        yield
    finally:
        events.unregister("before-send.s3.PutObject", interrupt)
    assert not waiting


@pytest.fixture
def first(encoder: Encoder, store: Store) -> str:
    """The one image of a type that is built."""
    return upload_and_build(encoder, store, "0.png", photograph(1))


def test_no_other_image_is_looked_at(encoder: Encoder, store: Store, first: str) -> None:
    named, other = (upload(store, f"{index}.png", photograph(1, index)) for index in (1, 2))
    assert look_at(encoder, store, named).complete
    assert encoded_images(store) == [first, named]
    assert look_at(encoder, store, other).added == 1


def test_a_changed_image_costs_a_few_calls_and_no_listing(encoder: Encoder, store: Store, first: str) -> None:
    encodings = encodings_key(store.model_id, TYPE)
    upload(store, "0.png", photograph(1, 1))
    with calls(store) as made:
        look_at(encoder, store, first)
    assert made == [
        f"GetObject {encodings}",
        f"HeadObject {first}",
        f"GetObject {first}",
        f"GetObject {encodings}",
        f"PutObject {encodings}",
        # Whether it went meanwhile.
        f"GetObject {encodings}",
        f"HeadObject {first}",
    ]


@pytest.mark.usefixtures("first")
def test_the_event_of_an_appended_image_costs_one_look(encoder: Encoder, store: Store) -> None:
    appended = ask(encoder, store, TYPE, photograph(1, 9)).appended.image
    assert appended
    before = version(store)
    with calls(store) as made:
        assert not look_at(encoder, store, appended).changed
    assert made == [f"GetObject {encodings_key(store.model_id, TYPE)}", f"HeadObject {appended}"]
    assert version(store) == before


def test_the_row_of_an_image_that_is_gone_goes(encoder: Encoder, store: Store, first: str) -> None:
    second = upload_and_build(encoder, store, "1.png", photograph(1, 1))
    store.delete_image(first)
    assert look_at(encoder, store, first).removed == 1
    assert encoded_images(store) == [second]


def test_the_last_row_goes_too(encoder: Encoder, store: Store, first: str) -> None:
    store.delete_image(first)
    assert look_at(encoder, store, first).removed == 1
    assert encoded_images(store) == []


def test_events_that_come_late_or_twice_change_nothing(encoder: Encoder, store: Store, first: str) -> None:
    key = upload(store, "1.png", photograph(1, 1))
    look_at(encoder, store, key)
    before = version(store)
    for images in ([key], [key, first], [f"types/{TYPE}/images/never-there.png"], []):
        assert not look_at(encoder, store, *images).changed
    assert version(store) == before


def test_a_type_that_was_never_built_is_looked_at_whole(encoder: Encoder, store: Store) -> None:
    keys = [upload(store, f"{index}.png", photograph(1, index)) for index in range(3)]
    with pytest.raises(EncodingsNotReadyError):
        look_at(encoder, store, keys[0])
    reconciling.bring_up_to_date(encoder, store, TYPE, time.monotonic() + 60, keys[:1])
    assert encoded_images(store) == keys


def test_one_at_a_time_looks_at_all(encoder: Encoder, store: Store, first: str) -> None:
    deadline = time.monotonic() + 60
    key = upload(store, "1.png", photograph(1, 1))
    with claimed(store.work, claim_key(store.model_id, TYPE), 60):
        with pytest.raises(ClaimedError):
            reconciling.bring_up_to_date(encoder, store, TYPE, deadline, everything=True)
        # Who looks at some images of a type that is built waits for nobody.
        reconciling.bring_up_to_date(encoder, store, TYPE, deadline, [key])
    assert encoded_images(store) == [first, key]


def test_a_type_that_another_has_just_built_is_not_looked_at_whole(encoder: Encoder, store: Store) -> None:
    """Images that came since have messages of their own: others may be at them."""
    keys = [upload(store, f"{index}.png", photograph(1, index)) for index in range(2)]

    class InterruptedStore(Store):
        def read_encodings(self, type_id: str) -> tuple[Encodings | None, str | None]:
            read = super().read_encodings(type_id)
            if len(keys) == 2:
                bring_up_to_date(encoder, store)
                keys.append(upload(store, "2.png", photograph(1, 2)))
            return read

    late = InterruptedStore(store.bucket, store.work, store.model_id, store.dimension)
    reconciling.bring_up_to_date(encoder, late, TYPE, time.monotonic() + 60, keys[:1])
    assert encoded_images(store) == keys[:2]


def test_encodings_that_vanish_meanwhile_are_built_anew(encoder: Encoder, store: Store, first: str) -> None:
    key = upload(store, "1.png", photograph(1, 1))
    with before_the_write(store, lambda: store.work.delete(encodings_key(store.model_id, TYPE))):
        reconciling.bring_up_to_date(encoder, store, TYPE, time.monotonic() + 60, [key])
    assert encoded_images(store) == [first, key]


def test_an_image_removed_while_its_row_is_written_leaves_none(
    encoder: Encoder, store: Store, first: str
) -> None:
    """The look of its removal's own event comes before the write, and finds nothing to remove."""
    key = upload(store, "1.png", photograph(1, 1))

    def remove() -> None:
        store.delete_image(key)
        assert not look_at(encoder, store, key).changed

    with before_the_write(store, remove):
        look_at(encoder, store, key)
    assert encoded_images(store) == [first]


def test_an_image_that_comes_again_while_its_row_is_dropped_has_one(
    encoder: Encoder, store: Store, first: str
) -> None:
    """The look of its return's own event comes before the write, and finds the row."""
    key = upload_and_build(encoder, store, "1.png", photograph(1, 1))
    store.delete_image(key)

    def put_again() -> None:
        store.put_image(key, photograph(1, 1), "image/png")
        look_at(encoder, store, key)

    with before_the_write(store, put_again):
        look_at(encoder, store, key)
    assert encoded_images(store) == [first, key]


def test_who_lost_a_race_puts_back_nothing_older(encoder: Encoder, store: Store, first: str) -> None:
    key = upload(store, "1.png", photograph(1, 1))

    def overwrite() -> None:
        upload(store, "1.png", photograph(2))
        assert look_at(encoder, store, key).added == 1

    with before_the_write(store, overwrite):
        # The look after the write would mend it, but for a function that is killed before.
        assert not look_at(encoder, store, key).changed
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert [row.image for row in encodings.rows] == [first, key]
    assert encodings.matrix[1] == pytest.approx(encoder.encode([photograph(2)])[0])


def test_many_at_once_encode_each_image_once(encoder: Encoder, store: Store, first: str) -> None:
    keys = [upload(store, f"{index:02}.png", photograph(1, index)) for index in range(1, 41)]
    parts = [keys[start::8] for start in range(8)]
    with calls(store) as made, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda part: look_at(encoder, store, *part), parts))
    assert encoded_images(store) == [first, *keys]
    assert sum(call.startswith("GetObject types/") for call in made) == len(keys)


@pytest.mark.usefixtures("first")
def test_work_that_outlives_its_time_is_saved(encoder: Encoder, store: Store) -> None:
    keys = [upload(store, f"{index:02}.png", photograph(1, index)) for index in range(1, BATCH + 2)]
    runs = [look_at(encoder, store, *keys, seconds=-1) for _ in range(2)]
    assert [(run.added, run.complete) for run in runs] == [(BATCH, False), (1, True)]


def test_images_are_removed_from_a_type_that_has_too_many_and_none_is_added(
    encoder: Encoder, store: Store, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [upload_and_build(encoder, store, f"{index}.png", photograph(1, index)) for index in (1, 2)]
    monkeypatch.setattr(reconciling, "MAX_IMAGES", 1)
    fourth = upload(store, "3.png", photograph(1, 3))
    with pytest.raises(TooManyImagesError, match="remove some"):
        look_at(encoder, store, fourth)
    store.delete_image(first)
    look_at(encoder, store, first)
    assert encoded_images(store) == others
