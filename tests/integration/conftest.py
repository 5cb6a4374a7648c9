"""A bucket of its own for each test, on real S3 semantics."""

from collections.abc import Callable
from uuid import uuid4

import boto3
import pytest
from mypy_boto3_s3 import S3Client

from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator


@pytest.fixture(scope="session")
def s3(emulator: Emulator) -> S3Client:
    return boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    return make_store()


@pytest.fixture(scope="session")
def make_store(s3: S3Client, encoder: Encoder) -> Callable[[], Store]:
    def make_store() -> Store:
        bucket = f"test-{uuid4().hex}"
        s3.create_bucket(Bucket=bucket)
        return Store(s3, bucket, encoder.description)

    return make_store
