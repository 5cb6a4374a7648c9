"""The models that were exported for all tests, and what they were exported from."""

from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

from lookalike.vision.encoder import Encoder
from unit.export.exported import Exported


@pytest.fixture(scope="session")
def clip(clip_source: Path, clip_model_dir: Path) -> Exported:
    return Exported(clip_source, clip_model_dir, Encoder(clip_model_dir))


@pytest.fixture(scope="session")
def stand_in(stand_in_model_dir: Path) -> Exported:
    return Exported(Path("efficientnet-lite0"), stand_in_model_dir, Encoder(stand_in_model_dir))


@pytest.fixture(scope="session")
def reference(clip: Exported) -> SentenceTransformer:
    return SentenceTransformer(str(clip.source), device="cpu")
