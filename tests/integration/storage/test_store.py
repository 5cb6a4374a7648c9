"""Writers never overwrite each other, and nothing is read that should not be."""

import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session
from botocore.response import StreamingBody

from lookalike.errors import ImageTooLargeError, InvalidTokenError, NotFoundError, TooManyImagesError
from lookalike.keys import Folder, encodings_key, gallery_key, image_key, images_prefix, settings_key
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.settings import DEFAULTS, TypeSettings
from lookalike.storage.bucket import Bucket, Page, StoredObject
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.provenance import Provenance, from_metadata
from lookalike.storage.store import Store
from lookalike.vision.images import MAX_BYTES

TYPE = "hex-nut"


def with_row(current: Encodings, name: str) -> Encodings:
    vector = np.zeros(current.matrix.shape[1], np.float32)
    vector[0] = 1
    return current.append([EncodedImage(Row(name, "etag", Origin.UPLOADED, ""), vector)])


def names(store: Store) -> list[str]:
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    return [row.image for row in encodings.rows]


def test_a_lost_race_is_tried_again_from_a_fresh_read(store: Store) -> None:
    seen = []

    def change(current: Encodings) -> Encodings:
        seen.append(len(current.rows))
        if len(seen) == 1:
            store.update_encodings(TYPE, lambda other: with_row(other, "faster"))
        return with_row(current, "slower")

    store.update_encodings(TYPE, change)
    assert seen == [0, 1]
    assert names(store) == ["faster", "slower"]


def test_a_writer_that_always_loses_gives_up(store: Store) -> None:
    def change(current: Encodings) -> Encodings:
        store.update_encodings(TYPE, lambda other: with_row(other, f"faster-{len(other.rows)}"))
        return with_row(current, "slower")

    with pytest.raises(ContentionError, match="each of 3 attempts"):
        store.update_encodings(TYPE, change, attempts=3)
    assert names(store) == ["faster-0", "faster-1", "faster-2"]


def test_encodings_deleted_between_read_and_write_are_written_again(store: Store) -> None:
    store.update_encodings(TYPE, lambda current: with_row(current, "before"))
    seen = []

    def change(current: Encodings) -> Encodings:
        seen.append([row.image for row in current.rows])
        if len(seen) == 1:
            store.bucket.client.delete_object(Bucket=store.work.name, Key=encodings_key(store.model_id, TYPE))
        return with_row(current, "after")

    store.update_encodings(TYPE, change)
    assert seen == [["before"], []]
    assert names(store) == ["after"]


def test_many_writers_lose_nothing(store: Store) -> None:
    def add(name: str) -> None:
        store.update_encodings(TYPE, lambda current: with_row(current, name), attempts=200)

    expected = [f"{index:02}" for index in range(24)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, expected))
    assert sorted(names(store)) == expected


def test_the_same_object_back_means_no_write(store: Store) -> None:
    store.update_encodings(TYPE, lambda current: with_row(current, "1"))
    before = store.read_encodings(TYPE)[1]
    store.update_encodings(TYPE, lambda current: current)
    assert store.read_encodings(TYPE)[1] == before


def test_an_appended_image_overwrites_nothing(store: Store) -> None:
    key = image_key(TYPE, "1.png")
    provenance = Provenance(Origin.RECOGNIZED)
    first = store.add_recognized_image(key, b"first", "image/png", provenance)
    later = Provenance(Origin.RECOGNIZED, 0.9, image_key(TYPE, "2.png"))
    assert store.add_recognized_image(key, b"second", "image/png", later) == first
    assert store.get_image(key).data == b"first"


def test_a_write_whose_answer_was_lost_is_no_lost_race(store: Store) -> None:
    """What botocore does then: the same write once more, which finds its own."""
    writes: list[Any] = []

    def twice(request: Any, **_: Any) -> None:
        if request.method == "PUT" and not writes:
            writes.append(request)
            assert URLLib3Session().send(request).status_code == 200
            request.reset_stream()

    store.bucket.client.meta.events.register("before-send.s3", twice)
    try:
        seen: list[int] = []

        def add(current: Encodings) -> Encodings:
            seen.append(len(current.rows))
            return with_row(current, "1")

        store.update_encodings(TYPE, add)
    finally:
        store.bucket.client.meta.events.unregister("before-send.s3", twice)
    assert writes
    assert len(seen) == 1
    assert names(store) == ["1"]


def test_a_type_has_a_most_of_images(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Store.__module__], "MAX_IMAGES", 2)
    keys = [image_key(TYPE, f"{index}.png") for index in range(3)]
    for key in keys[:2]:
        store.put_image(key, b"", "image/png")
    assert [*store.image_etags(TYPE)] == keys[:2]
    store.put_image(keys[2], b"", "image/png")
    with pytest.raises(TooManyImagesError, match="more than 2 images"):
        store.image_etags(TYPE)


def test_where_a_recognised_image_comes_from_is_kept_with_it(store: Store) -> None:
    key = image_key(TYPE, "1.png")
    nearest = image_key(TYPE, "ナ" * 300)
    store.add_recognized_image(key, b"", "image/png", Provenance(Origin.RECOGNIZED, 0.9731, nearest))
    assert from_metadata(store.get_image(key).metadata) == Provenance(Origin.RECOGNIZED, 0.9731, nearest)


@pytest.mark.parametrize(
    "metadata",
    [{}, {"origin": "elsewhere"}, {"similarity": "0.9", "nearest": "YQ=="}],
)
def test_other_images_are_uploaded(store: Store, metadata: dict[str, str]) -> None:
    key = image_key(TYPE, "1.png")
    store.bucket.client.put_object(Bucket=store.bucket.name, Key=key, Body=b"", Metadata=metadata)
    assert from_metadata(store.get_image(key).metadata) == Provenance(Origin.UPLOADED)


@pytest.mark.parametrize("similarity", ["", "high", "nan", "1e999"])
@pytest.mark.parametrize("nearest", ["", "?", "_w==", "YQ=="])
def test_what_others_write_as_a_provenance_does_no_harm(similarity: str, nearest: str) -> None:
    metadata = {"origin": "recognized", "similarity": similarity, "nearest": nearest}
    assert from_metadata(metadata).origin is Origin.RECOGNIZED
    assert from_metadata(metadata).similarity is None


def test_an_image_of_one_byte_too_many_is_not_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    key = image_key(TYPE, "1.png")
    store.bucket.client.put_object(Bucket=store.bucket.name, Key=key, Body=bytes(MAX_BYTES))
    assert len(store.get_image(key).data) == MAX_BYTES
    store.bucket.client.put_object(Bucket=store.bucket.name, Key=key, Body=bytes(MAX_BYTES + 1))
    monkeypatch.setattr(StreamingBody, "read", lambda *_: pytest.fail("its bytes are read"))
    with pytest.raises(ImageTooLargeError):
        store.get_image(key)


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="there is no queries/none"):
        store.get_query("queries/none")
    with pytest.raises(NotFoundError):
        store.delete_image(image_key(TYPE, "none.png"))


def test_listings_come_in_pages(store: Store) -> None:
    keys = [image_key(TYPE, f"{index}.png") for index in range(5)]
    for key in keys:
        store.put_image(key, b"", "image/png")
    first = store.list_images(TYPE, limit=3)
    second = store.list_images(TYPE, first.next_token, limit=3)
    assert [image.key for image in (*first.items, *second.items)] == keys
    assert second.next_token is None


def test_a_type_has_the_images_of_all_pages(store: Store) -> None:
    class SmallPages(Bucket):
        def list_page(self, prefix: str, token: str | None = None, limit: int = 1000) -> Page[StoredObject]:
            return super().list_page(prefix, token, min(limit, 2))

    keys = [image_key(TYPE, f"{index}.png", folder) for folder in Folder for index in range(5)]
    for key in keys:
        store.put_image(key, b"", "image/png")
    small = SmallPages(store.bucket.client, store.bucket.name)
    assert [*Store(small, store.work, store.model_id, store.dimension).image_etags(TYPE)] == keys


def test_types_with_encodings_are_those_of_all_pages(store: Store) -> None:
    class SmallPages(Bucket):
        def list_page(self, prefix: str, token: str | None = None, limit: int = 2) -> Page[StoredObject]:
            return super().list_page(prefix, token, limit)

    type_ids = [f"type-{index}" for index in range(5)]
    for type_id in type_ids:
        store.work.put(encodings_key(store.model_id, type_id), b"", "application/octet-stream")
    store.work.put(gallery_key(store.model_id), b"", "application/octet-stream")
    small = SmallPages(store.work.client, store.work.name)
    assert [*Store(store.bucket, small, store.model_id, store.dimension).list_encoded_types()] == type_ids


def test_a_token_of_no_page_is_told(store: Store) -> None:
    """S3 answers 400 then; the emulator takes any token."""

    def refuse(**_: Any) -> Any:
        error = b"<Error><Code>InvalidArgument</Code><Message>incorrect token</Message></Error>"
        return AWSResponse("", 400, HTTPHeaders(), SimpleNamespace(stream=lambda: iter([error])))

    event = "before-send.s3.ListObjectsV2"
    store.bucket.client.meta.events.register(event, refuse)
    try:
        with pytest.raises(InvalidTokenError, match="no page gave this next_token"):
            store.list_images(TYPE, "never given")
    finally:
        store.bucket.client.meta.events.unregister(event, refuse)


def test_a_folder_marker_is_no_image(store: Store) -> None:
    """What the S3 console makes where people create a folder."""
    key = image_key(TYPE, "folder/1.png")
    for marker in ("", "folder/"):
        store.bucket.client.put_object(Bucket=store.bucket.name, Key=images_prefix(TYPE) + marker, Body=b"")
    store.put_image(key, b"", "image/png")
    assert [*store.image_etags(TYPE)] == [key]


def test_types_are_listed_and_other_folders_are_not(store: Store) -> None:
    for key in ("types/b/images/1.png", "types/a/settings.json", "types/no type/images/1.png", "queries/1"):
        store.bucket.client.put_object(Bucket=store.bucket.name, Key=key, Body=b"")
    assert store.list_types().items == ["a", "b"]


def test_settings_are_kept(store: Store) -> None:
    assert store.read_settings(TYPE).settings == DEFAULTS
    store.write_settings(TYPE, TypeSettings(threshold=0.8))
    assert store.read_settings(TYPE).settings.threshold == 0.8


@pytest.mark.parametrize("body", [b"", b"no JSON", b'{"threshold": 0.8}' + b" " * 65_536])
def test_settings_that_can_not_be_read_are_told_from_none(store: Store, body: bytes) -> None:
    assert store.read_settings(TYPE).readable
    store.bucket.client.put_object(Bucket=store.bucket.name, Key=settings_key(TYPE), Body=body)
    assert store.read_settings(TYPE).settings == DEFAULTS
    assert not store.read_settings(TYPE).readable


def test_settings_that_are_too_large_tell_their_size(store: Store) -> None:
    body = b'{"threshold": 0.8}' + b" " * 65_536
    store.bucket.client.put_object(Bucket=store.bucket.name, Key=settings_key(TYPE), Body=body)
    assert "65,554 bytes; at most 65,536" in (store.read_settings(TYPE).notice or "")
