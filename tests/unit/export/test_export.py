"""An exported model folder gives what sentence-transformers gives, and says what it is."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lookalike.errors import ModelError
from lookalike.vision.encoder import Encoder
from lookalike.vision.model import (
    DESCRIPTION_FILE,
    GRAPH_FILE,
    WEIGHTS_FILE,
    read_description,
)
from lookalike_tools.export.exporter import export_model
from support.encodings.tiny_clip import save_tiny_clip
from unit.export.exported import (
    MODES,
    SHAPES,
    Exported,
    change_preprocessor,
    cosines,
    export,
    export_again,
    picture,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def resaved_clip(clip: Exported, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("resaved")
    SentenceTransformer(str(clip.source), device="cpu").save(str(folder / "another-name"))
    return export(folder / "another-name", "fp32", folder / "model")


@pytest.mark.parametrize("mode", MODES)
def test_encodes_like_sentence_transformers(
    clip: Exported, reference: SentenceTransformer, mode: str
) -> None:
    images = [picture(*shape, mode) for shape in SHAPES]
    assert min(cosines(reference, clip.encoder, images)) >= 0.9999


def test_different_images_get_different_encodings(clip: Exported) -> None:
    first, second = clip.encoder.encode([picture(300, 200), picture(200, 301)])
    assert first @ second < 0.95


def test_encodings_have_length_1(clip: Exported) -> None:
    encodings = clip.encoder.encode([picture(*shape) for shape in SHAPES])
    assert np.linalg.norm(encodings, axis=1) == pytest.approx(1, abs=1e-5)


def test_an_encoding_does_not_depend_on_its_batch(clip: Exported) -> None:
    images = [picture(*shape) for shape in SHAPES]
    one_by_one = np.concatenate([clip.encoder.encode([image]) for image in images])
    assert clip.encoder.encode(images) == pytest.approx(one_by_one, abs=1e-5)


def test_the_folder_says_what_it_holds(clip: Exported) -> None:
    description = clip.description
    assert description.model_id.startswith("clip-ViT-64-32-fp32-")
    assert (description.source, description.precision) == ("tiny", "fp32")
    assert (description.dimension, description.image_size) == (32, 224)
    assert description.mean == (0.48145466, 0.4578275, 0.40821073)
    assert description.std == (0.26862954, 0.26130258, 0.27577711)
    assert (description.default_threshold, description.stand_in) == (0.92, False)
    assert description.agreement.images >= 20
    assert description.agreement.cosine_worst >= 0.9999


def test_the_folder_names_no_path_of_the_machine_it_was_made_on(clip: Exported) -> None:
    for name in (GRAPH_FILE, DESCRIPTION_FILE):
        content = (clip.model_dir / name).read_bytes()
        assert str(clip.source.parent).encode() not in content
        assert b"site-packages" not in content


def test_the_same_weights_give_the_same_model_whatever_their_folder(
    clip: Exported, resaved_clip: Exported
) -> None:
    assert resaved_clip.description.source == "another-name"
    assert resaved_clip.description.model_id == clip.description.model_id
    assert (resaved_clip.model_dir / GRAPH_FILE).read_bytes() == (clip.model_dir / GRAPH_FILE).read_bytes()


def test_other_weights_replace_the_model_and_its_id(clip: Exported, tmp_path: Path) -> None:
    model_dir = shutil.copytree(clip.model_dir, tmp_path / "model")
    export_model(str(save_tiny_clip(tmp_path / "tiny", seed=1)), "fp32", model_dir)
    assert read_description(model_dir).model_id != clip.description.model_id
    assert (model_dir / GRAPH_FILE).read_bytes() != (clip.model_dir / GRAPH_FILE).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "tiny"]


def test_another_preprocessing_is_another_model(clip: Exported, tmp_path: Path) -> None:
    source = change_preprocessor(clip.source, tmp_path / "tiny", image_mean=[0.5, 0.5, 0.5])
    description = export_model(str(source), "fp32", tmp_path / "model")
    assert description.model_id != clip.description.model_id
    assert description.mean == (0.5, 0.5, 0.5)


def test_the_weights_of_a_large_model_lie_beside_its_graph(
    clip: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike_tools.export.graph.LARGE_BYTES", clip.graph_bytes - 1)
    large = export_again(clip, "fp32", tmp_path / "model")
    assert sorted(path.name for path in large.model_dir.iterdir()) == [
        DESCRIPTION_FILE,
        GRAPH_FILE,
        WEIGHTS_FILE,
    ]
    assert large.graph_bytes < clip.graph_bytes / 2
    assert large.description == clip.description
    images = [picture(*shape) for shape in SHAPES]
    assert np.array_equal(large.encoder.encode(images), clip.encoder.encode(images))


def test_a_small_model_takes_the_place_of_a_large_one_whole(
    clip: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("lookalike_tools.export.graph.LARGE_BYTES", 0)
        export_again(clip, "fp32", tmp_path / "model")
    export_again(clip, "fp32", tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [DESCRIPTION_FILE, GRAPH_FILE]


def test_a_model_without_its_weights_is_refused(
    clip: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike_tools.export.graph.LARGE_BYTES", 0)
    model_dir = export_again(clip, "fp32", tmp_path / "model").model_dir
    (model_dir / WEIGHTS_FILE).unlink()
    with pytest.raises(ModelError, match=r"encoder\.onnx can't be opened"):
        Encoder(model_dir)


def test_the_stand_in_says_that_it_is_one(stand_in: Exported) -> None:
    description = stand_in.description
    assert description.stand_in
    assert description.source == "efficientnet-lite0"
    assert description.model_id.startswith("efficientnet-lite0-fp32-")
    assert (description.dimension, description.image_size) == (1280, 224)
    assert description.agreement.cosine_worst >= 0.9999
