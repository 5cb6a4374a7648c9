"""An encoder of int8 weights is smaller, another model, and close to the one of float32."""

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from unit.export.exported import SHAPES, Exported, cosines, export_again, picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip_int8(clip: Exported, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_again(clip, "int8", tmp_path_factory.mktemp("int8") / "model")


def test_int8_is_smaller_and_stays_close(
    clip: Exported, clip_int8: Exported, reference: SentenceTransformer
) -> None:
    images = [picture(*shape) for shape in SHAPES]
    assert min(cosines(reference, clip_int8.encoder, images)) >= 0.99
    assert clip_int8.description.agreement.cosine_worst >= 0.99
    assert clip_int8.graph_bytes < 0.35 * clip.graph_bytes


def test_int8_is_another_model(clip: Exported, clip_int8: Exported) -> None:
    assert clip_int8.description.model_id.startswith("clip-ViT-64-32-int8-")
    assert clip_int8.description.model_id[-12:] != clip.description.model_id[-12:]


def test_int8_that_strays_by_the_fast_way_is_made_by_the_exact_one(
    clip: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike_tools.export.int8.LEVELS", 2)
    int8 = export_again(clip, "int8", tmp_path / "model")
    assert int8.description.agreement.cosine_worst >= 0.99
    assert int8.graph_bytes < 0.4 * clip.graph_bytes  # blocks of 128 pad a tower of 64


def test_the_stand_in_in_int8_is_smaller_and_stays_close(stand_in: Exported, tmp_path: Path) -> None:
    int8 = export_again(stand_in, "int8", tmp_path / "model")
    assert int8.description.agreement.cosine_worst >= 0.99
    assert int8.graph_bytes < 0.35 * stand_in.graph_bytes


def test_an_int8_encoding_does_not_depend_on_its_batch(clip_int8: Exported) -> None:
    images = [picture(*shape) for shape in SHAPES]
    one_by_one = np.concatenate([clip_int8.encoder.encode([image]) for image in images])
    assert clip_int8.encoder.encode(images) == pytest.approx(one_by_one, abs=1e-5)
