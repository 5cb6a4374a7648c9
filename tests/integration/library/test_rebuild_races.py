"""What happens to a type while its rebuild runs is neither lost nor undone."""

from collections.abc import Iterator
from typing import Any

import pytest

from lookalike.keys import encodings_key
from lookalike.matching.encodings import Encodings
from lookalike.storage.bucket import StoredObject
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.photos.photographs import photograph
from support.querying import ask
from support.rebuilds import TYPE, bring_up_to_date, encoded_images, upload, upload_and_build


def test_an_image_that_comes_while_encoding_is_kept_by_the_writer_that_lost(
    encoder: Encoder, store: Store
) -> None:
    """Between this rebuild's read and its write, another one encodes a new image."""
    first = upload(store, "1.png", photograph(1))
    arrived: list[str] = []

    class InterruptedStore(Store):
        def all_images(self, type_id: str) -> Iterator[StoredObject]:
            listed = list(super().all_images(type_id))
            if not arrived:
                arrived.append(upload(store, "2.png", photograph(2)))
                bring_up_to_date(encoder, store)
            return iter(listed)

    interrupted = InterruptedStore(store.bucket, store.work, store.model_id, store.dimension)
    assert bring_up_to_date(encoder, interrupted).complete
    assert encoded_images(store) == [first, *arrived]


def test_a_row_appended_between_the_two_looks_of_a_rebuild_is_not_dropped(
    encoder: Encoder, store: Store
) -> None:
    """A rebuild looks at the encodings and at the images; the row of a recognised image comes in between."""
    first = upload_and_build(encoder, store, "1.png", photograph(1))
    looks: list[str] = []
    appended: list[str | None] = []

    class InterruptedStore(Store):
        def look(self, at: str) -> None:
            looks.append(at)
            if len(looks) == 2:
                appended.append(ask(encoder, store, TYPE, photograph(1, 9)).appended.image)

        def read_encodings(self, type_id: str) -> tuple[Encodings | None, str | None]:
            self.look("encodings")
            return super().read_encodings(type_id)

        def all_images(self, type_id: str) -> Iterator[StoredObject]:
            self.look("images")
            return super().all_images(type_id)

    interrupted = InterruptedStore(store.bucket, store.work, store.model_id, store.dimension)
    assert bring_up_to_date(encoder, interrupted).removed == 0
    assert set(encoded_images(store)) == {first, *appended}


def test_a_row_appended_while_a_rebuild_encodes_is_not_dropped(encoder: Encoder, store: Store) -> None:
    first = upload_and_build(encoder, store, "1.png", photograph(1))
    second = upload(store, "2.png", photograph(1, 2))
    appended: list[str | None] = []

    class InterruptedStore(Store):
        def get_image(self, key: str) -> StoredObject:
            appended.append(ask(encoder, store, TYPE, photograph(1, 9)).appended.image)
            return super().get_image(key)

    interrupted = InterruptedStore(store.bucket, store.work, store.model_id, store.dimension)
    assert bring_up_to_date(encoder, interrupted).removed == 0
    assert len(appended) == 1
    assert set(encoded_images(store)) == {first, second, *appended}


def test_an_image_overwritten_while_it_is_encoded_is_encoded_again(encoder: Encoder, store: Store) -> None:
    key = upload(store, "1.png", photograph(1))

    class InterruptedStore(Store):
        def get_image(self, key: str) -> StoredObject:
            image = super().get_image(key)
            if image.data == photograph(1):
                upload(store, "1.png", photograph(2))
            return image

    bring_up_to_date(encoder, InterruptedStore(store.bucket, store.work, store.model_id, store.dimension))
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert [row.image for row in encodings.rows] == [key]
    assert encodings.matrix[0] == pytest.approx(encoder.encode([photograph(2)])[0])


def test_an_image_deleted_while_a_rebuild_runs_has_no_row_and_no_rejection(
    encoder: Encoder, store: Store
) -> None:
    kept, deleted = (upload(store, f"{index}.png", photograph(index)) for index in range(2))

    class InterruptedStore(Store):
        def all_images(self, type_id: str) -> Iterator[StoredObject]:
            listed = list(super().all_images(type_id))
            if deleted in [image.key for image in listed]:
                store.delete_image(deleted)
            return iter(listed)

    rebuilt = bring_up_to_date(
        encoder, InterruptedStore(store.bucket, store.work, store.model_id, store.dimension)
    )
    assert (rebuilt.rejected, rebuilt.failure) == ((), None)
    assert encoded_images(store) == [kept]


@pytest.mark.parametrize("written", ["row", "rejection"])
def test_an_image_removed_while_it_is_written_down_leaves_nothing(
    encoder: Encoder, store: Store, written: str
) -> None:
    """Its removal's own rebuild comes before the write, and finds nothing to remove."""
    key = upload(store, "1.png", photograph(1) if written == "row" else b"no image")
    waiting = [key]

    def remove(request: Any, **_: Any) -> None:
        if waiting and request.url.endswith(encodings_key(store.model_id, TYPE)):
            store.delete_image(waiting.pop())
            bring_up_to_date(encoder, store)

    events = store.bucket.client.meta.events
    events.register("before-send.s3.PutObject", remove)
    try:
        bring_up_to_date(encoder, store)
    finally:
        events.unregister("before-send.s3.PutObject", remove)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert not encodings.etags()


def test_an_image_that_comes_after_the_first_look_is_left_to_its_message(
    encoder: Encoder, store: Store
) -> None:
    """Else it would be encoded twice; its message is heard when the rebuild has ended."""
    first = upload(store, "1.png", photograph(1))

    class InterruptedStore(Store):
        def get_image(self, key: str) -> StoredObject:
            upload(store, "2.png", photograph(2))
            return super().get_image(key)

    interrupted = InterruptedStore(store.bucket, store.work, store.model_id, store.dimension)
    rebuilt = bring_up_to_date(encoder, interrupted)
    assert (rebuilt.added, rebuilt.complete) == (1, True)
    assert encoded_images(store) == [first]
