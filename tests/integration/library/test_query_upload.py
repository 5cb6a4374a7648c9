"""A presigned upload takes one query photo, and nothing else."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
import requests

from lookalike.errors import NotFoundError
from lookalike.storage.query_uploads import presign_query_upload
from lookalike.storage.store import Store
from lookalike.vision.images import MAX_BYTES
from support.photos.photographs import photograph


def test_an_upload_is_bound_to_its_key_type_and_size(store: Store) -> None:
    upload = presign_query_upload(store.work, "image/png")
    file = {"file": photograph(1)}
    assert requests.post(upload.post.url, upload.post.fields, files=file, timeout=10).status_code == 204
    assert store.get_query(upload.query_key).data == photograph(1)
    for field in ({"key": "types/hex-nut/images/1.png"}, {"Content-Type": "text/html"}):
        answer = requests.post(upload.post.url, upload.post.fields | field, files=file, timeout=10)
        assert answer.status_code == 403
    empty = requests.post(upload.post.url, upload.post.fields, files={"file": b""}, timeout=10)
    assert empty.status_code == 400


def test_an_upload_expires(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.storage.query_uploads.UPLOAD_SECONDS", -1)
    upload = presign_query_upload(store.work, "image/png")
    answer = requests.post(upload.post.url, upload.post.fields, files={"file": photograph(1)}, timeout=10)
    assert answer.status_code == 403
    with pytest.raises(NotFoundError):
        store.get_query(upload.query_key)


def test_an_upload_takes_no_more_bytes_than_an_image_may_have(store: Store) -> None:
    upload = presign_query_upload(store.work, "image/png")
    largest, too_large = {"file": bytes(MAX_BYTES)}, {"file": bytes(MAX_BYTES + 1)}
    assert requests.post(upload.post.url, upload.post.fields, files=largest, timeout=30).status_code == 204
    assert len(store.get_query(upload.query_key).data) == MAX_BYTES
    other = presign_query_upload(store.work, "image/png")
    assert requests.post(other.post.url, other.post.fields, files=too_large, timeout=30).status_code == 400


def test_each_upload_has_a_key_of_its_own_and_a_quarter_of_an_hour(store: Store) -> None:
    first, second = (presign_query_upload(store.work, "image/png") for _ in range(2))
    assert first.query_key != second.query_key
    policy = json.loads(b64decode(first.post.fields["policy"]))
    left = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
