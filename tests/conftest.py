"""What tests of several kinds stand on: models, and an emulated AWS started once a run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import Phase, settings

from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import Emulator, running_emulator
from support.encodings.thumbnail_model import save_thumbnail_model

# Torch takes seconds to import, and most tests need none: what exports is imported where it is needed.

# How long an example takes says something of the machine: no test fails by it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
# As many more examples as `make soak` takes: pytest --hypothesis-profile soak.
settings.register_profile("soak", max_examples=1600, deadline=None)
# As many as `make mutants` takes, for each of its thousands of mutants, and the same each time.
settings.register_profile(
    "mutants",
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # nobody reads the example that kills a mutant
)


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_thumbnail_model(tmp_path_factory.mktemp("thumbnail-model"))


@pytest.fixture(scope="session")
def encoder(model_dir: Path) -> Encoder:
    return Encoder(model_dir)


@pytest.fixture(scope="session")
def other_encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(save_thumbnail_model(tmp_path_factory.mktemp("other-model"), "thumbnail-2"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers share, so that each model is exported once a run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "models"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def clip_source(models: Path) -> Path:
    """A small CLIP, as sentence-transformers saves it."""
    with FileLock(models / "clip-source.lock"):
        if not (models / "tiny").exists():
            from support.encodings.tiny_clip import save_tiny_clip

            save_tiny_clip(models / "tiny")
    return models / "tiny"


@pytest.fixture(scope="session")
def clip_model_dir(clip_source: Path, models: Path) -> Path:
    """That CLIP, exported as float32; not to be changed."""
    return _exported(str(clip_source), models / "clip")


@pytest.fixture(scope="session")
def stand_in_model_dir(models: Path) -> Path:
    """The stand-in, exported as float32; not to be changed."""
    return _exported("efficientnet-lite0", models / "stand-in")


def _exported(source: str, model_dir: Path) -> Path:
    with FileLock(model_dir.with_suffix(".lock")):
        if not model_dir.exists():
            from lookalike_tools.export.exporter import export_model

            export_model(source, "fp32", model_dir)
    return model_dir


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with running_emulator() as emulator:
        yield emulator
