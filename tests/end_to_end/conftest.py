"""The real template, deployed once a run, with a CLIP in it, and IAM to say who may do what."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lookalike_tools.local.stack import local_stack
from support.deployed import Api
from support.photos.photographs import photograph


@pytest.fixture(scope="session")
def model_dir(clip_model_dir: Path) -> Path:
    return clip_model_dir


@pytest.fixture(scope="session")
def api(model_dir: Path) -> Iterator[Api]:
    with local_stack(model_dir, auth=True) as stack:
        yield Api(stack, stack.emulator)


@pytest.fixture
def new_type() -> str:
    """The name of a type that nothing else uses."""
    return f"type-{uuid4().hex[:12]}"


@pytest.fixture
def built_type(api: Api, new_type: str) -> str:
    """A type with three photos of subject 1, built."""
    return _built(api, new_type)


@pytest.fixture(scope="session")
def shared_type(api: Api) -> str:
    """Such a type for all tests that leave it as it is."""
    return _built(api, "shared-type")


def _built(api: Api, type_id: str) -> str:
    for shot in range(3):
        api.upload(type_id, f"{shot}.png", photograph(1, shot))
    api.wait_until_built(type_id, 3)
    return type_id
