"""Clients give up in time, and only then."""

import time
from typing import Any
from uuid import uuid4

import boto3
import pytest

from lookalike.aws.clients import OutOfTimeError, make_client, no_calls_after
from lookalike.storage.bucket import Bucket
from lookalike.storage.query_uploads import presign_query_upload
from lookalike.storage.store import Store
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator


@pytest.fixture
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of S3, as functions make theirs."""
    environment = {"AWS_ENDPOINT_URL": emulator.endpoint_url, "AWS_DEFAULT_REGION": REGION}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return make_client("s3")


def test_no_call_begins_after_the_deadline_and_each_does_again_once_it_is_lifted(client: Any) -> None:
    bucket = f"clients-{uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    with no_calls_after(time.monotonic() - 1), pytest.raises(OutOfTimeError):
        client.head_bucket(Bucket=bucket)
    client.head_bucket(Bucket=bucket)
    with no_calls_after(time.monotonic() + 60):
        client.head_bucket(Bucket=bucket)


def test_uploads_are_signed_by_the_one_signature_that_all_regions_take(client: Any, store: Store) -> None:
    upload = presign_query_upload(Bucket(client, store.work.name), "image/png")
    assert upload.post.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
