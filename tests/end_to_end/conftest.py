"""The real template, deployed once a run, with a CLIP in it, and IAM to say who may do what."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deployed import Api
from lookalike_tools.export.exporter import export_model
from lookalike_tools.local.stack import local_stack
from photographs import photograph
from tiny_clip import save_tiny_clip


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-clip")
    export_model(str(save_tiny_clip(folder / "clip")), "fp32", folder / "model")
    return folder / "model"


@pytest.fixture(scope="session")
def api(model_dir: Path) -> Iterator[Api]:
    with local_stack(model_dir, auth=True) as stack:
        yield Api(stack)


@pytest.fixture
def new_type() -> str:
    """The name of a type that nothing else uses."""
    return f"type-{uuid4().hex[:12]}"


@pytest.fixture
def built_type(api: Api, new_type: str) -> str:
    """A type with three photos of subject 1, built."""
    for shot in range(3):
        api.upload(new_type, f"{shot}.png", photograph(1, shot))
    api.wait_until_built(new_type, 3)
    return new_type
