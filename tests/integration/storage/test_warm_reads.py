"""Encodings kept in memory save their transfer, and are never out of date."""

from functools import partial

import numpy as np
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from lookalike.keys import encodings_key
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.photos.photographs import photograph
from support.querying import ask

TYPE = "hex-nut"


def same_bucket(store: Store) -> Store:
    """What another function with a memory of its own sees."""
    return Store(store.bucket, store.work, store.model_id, store.dimension)


def with_photo(encoder: Encoder, current: Encodings, subject: int) -> Encodings:
    (encoding,) = encoder.encode([photograph(subject)])
    return current.append([EncodedImage(Row(f"{subject}.png", "etag", Origin.UPLOADED, ""), encoding)])


def images(store: Store) -> list[str]:
    encodings, _ = store.read_encodings(TYPE)
    return [row.image for row in encodings.rows] if encodings else []


def test_what_another_writer_changed_counts_in_the_very_next_query(store: Store, encoder: Encoder) -> None:
    def matches() -> bool:
        return ask(encoder, store, TYPE, photograph(2), threshold=0.9, append=False).comparison.decision.match

    other = same_bucket(store)
    other.update_encodings(TYPE, lambda current: with_photo(encoder, current, 1))
    assert not matches()
    other.update_encodings(TYPE, lambda current: with_photo(encoder, current, 2))
    assert matches()
    other.update_encodings(TYPE, lambda current: current.keep_only({"1.png": "etag"}))
    assert not matches()


def test_what_this_writer_changed_is_read_back(store: Store, encoder: Encoder) -> None:
    for subject in (1, 2):
        store.update_encodings(TYPE, partial(with_photo, encoder, subject=subject))
    ours, etag = store.read_encodings(TYPE)
    theirs, other_etag = same_bucket(store).read_encodings(TYPE)
    assert ours
    assert theirs
    assert (ours.rows, ours.built_at, etag) == (theirs.rows, theirs.built_at, other_etag)
    assert np.array_equal(ours.matrix, theirs.matrix)


def test_encodings_that_are_deleted_or_damaged_are_gone(store: Store, encoder: Encoder) -> None:
    key = encodings_key(encoder.model_id, TYPE)
    store.update_encodings(TYPE, lambda current: with_photo(encoder, current, 1))
    store.work.client.put_object(Bucket=store.work.name, Key=key, Body=b"damaged")
    assert images(store) == []
    store.work.client.delete_object(Bucket=store.work.name, Key=key)
    assert store.read_encodings(TYPE) == (None, None)


def test_what_is_unchanged_is_not_sent_again(store: Store, encoder: Encoder) -> None:
    store.update_encodings(TYPE, lambda current: with_photo(encoder, current, 1))
    statuses = []

    def note(http_response: AWSResponse, **_: object) -> None:
        statuses.append(http_response.status_code)

    def asked(request: AWSPreparedRequest, **_: object) -> None:
        statuses.append(bool(request.headers.get("If-None-Match")))

    events = store.bucket.client.meta.events
    events.register("before-send.s3.GetObject", asked, unique_id="asked")
    events.register("after-call.s3.GetObject", note, unique_id="note")
    try:
        assert images(store) == ["1.png"]
    finally:
        events.unregister("before-send.s3.GetObject", unique_id="asked")
        events.unregister("after-call.s3.GetObject", unique_id="note")
    assert statuses == [True, 304]


def test_what_another_wrote_is_sent_once(store: Store, encoder: Encoder) -> None:
    store.update_encodings(TYPE, lambda current: with_photo(encoder, current, 1))
    reader, statuses = same_bucket(store), []

    def note(http_response: AWSResponse, **_: object) -> None:
        statuses.append(http_response.status_code)

    events = store.bucket.client.meta.events
    events.register("after-call.s3.GetObject", note)
    try:
        assert images(reader) == images(reader) == ["1.png"]
    finally:
        events.unregister("after-call.s3.GetObject", note)
    assert statuses == [200, 304]
