"""A bucket of its own for each test, on real S3 semantics; or the functions in front of one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from mypy_boto3_s3 import S3Client

from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator
from support.photos.photographs import photograph
from support.system import System, running_system


@pytest.fixture(scope="session")
def s3(emulator: Emulator) -> S3Client:
    return boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    return make_store()


@pytest.fixture(scope="session")
def make_store(s3: S3Client, encoder: Encoder) -> Callable[[], Store]:
    def make_store() -> Store:
        bucket, work = (Bucket(s3, f"test-{uuid4().hex}") for _ in range(2))
        for each in (bucket, work):
            s3.create_bucket(Bucket=each.name)
        return Store(bucket, work, encoder.model_id, encoder.dimension)

    return make_store


@pytest.fixture
def system(emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The functions, in front of an empty bucket."""
    with running_system(emulator, model_dir, monkeypatch) as system:
        yield system


@pytest.fixture(scope="module")
def shared_system(emulator: Emulator, model_dir: Path) -> Iterator[System]:
    """The functions, in front of a bucket that the tests of a module share."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        running_system(emulator, model_dir, monkeypatch) as system,
    ):
        yield system


@pytest.fixture(scope="module")
def built(shared_system: System) -> System:
    """The functions, in front of a type of one photo."""
    shared_system.upload("1.png", photograph(1))
    shared_system.deliver_all()
    return shared_system


@pytest.fixture
def new_type() -> str:
    """The name of a type that nothing else uses."""
    return f"type-{uuid4().hex[:12]}"
