"""An exported model folder gives what sentence-transformers gives, and says what it is."""

import io
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from lookalike.errors import ModelError
from lookalike.vision.encoder import Encoder
from lookalike.vision.model import (
    DESCRIPTION_FILE,
    GRAPH_FILE,
    WEIGHTS_FILE,
    ModelDescription,
    read_description,
)
from lookalike_tools.export.exporter import LEAST_COSINE, Precision, export_model
from lookalike_tools.export.source import ExportError
from support.tiny_clip import MODULE_FOLDER, save_tiny_clip

pytestmark = pytest.mark.slow

SHAPES = [(224, 224), (640, 480), (37, 500), (900, 41), (3, 2), (1, 1)]
MODES = {"RGB": "PNG", "L": "PNG", "RGBA": "PNG", "P": "PNG", "LA": "PNG", "1": "PNG", "CMYK": "TIFF"}


class Exported(NamedTuple):
    source: Path
    model_dir: Path
    encoder: Encoder

    @property
    def description(self) -> ModelDescription:
        return self.encoder.description

    @property
    def graph_bytes(self) -> int:
        return (self.model_dir / GRAPH_FILE).stat().st_size


def export(source: Path, precision: Precision, model_dir: Path) -> Exported:
    export_model(str(source), precision, model_dir)
    return Exported(source, model_dir, Encoder(model_dir))


def export_again(before: Exported, precision: Precision, model_dir: Path) -> Exported:
    """Export a float32 model's source once more, from the graph that was traced for it.

    Tracing takes most of an export's time. What comes after it goes its usual way.
    """

    def copy_graph(_: object, path: Path) -> None:
        shutil.copy(before.model_dir / GRAPH_FILE, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lookalike_tools.export.exporter.write_graph", copy_graph)
        return export(before.source, precision, model_dir)


@pytest.fixture(scope="module")
def clip(clip_source: Path, clip_model_dir: Path) -> Exported:
    return Exported(clip_source, clip_model_dir, Encoder(clip_model_dir))


@pytest.fixture(scope="module")
def clip_int8(clip: Exported, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_again(clip, "int8", tmp_path_factory.mktemp("int8") / "model")


@pytest.fixture(scope="module")
def resaved_clip(clip: Exported, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("resaved")
    SentenceTransformer(str(clip.source), device="cpu").save(str(folder / "another-name"))
    return export(folder / "another-name", "fp32", folder / "model")


@pytest.fixture(scope="module")
def stand_in(stand_in_model_dir: Path) -> Exported:
    return Exported(Path("efficientnet-lite0"), stand_in_model_dir, Encoder(stand_in_model_dir))


@pytest.fixture(scope="module")
def reference(clip: Exported) -> SentenceTransformer:
    return SentenceTransformer(str(clip.source), device="cpu")


def picture(width: int, height: int, mode: str = "RGB") -> bytes:
    rng = np.random.default_rng(width * height)
    image = Image.fromarray(rng.integers(0, 256, (5, 7, 4), dtype=np.uint8), "RGBA").resize((width, height))
    buffer = io.BytesIO()
    (image if mode == "RGBA" else image.convert("RGB").convert(mode)).save(buffer, MODES[mode])
    return buffer.getvalue()


def cosines(reference: SentenceTransformer, encoder: Encoder, images: list[bytes]) -> NDArray[np.float32]:
    expected = reference.encode(
        [Image.open(io.BytesIO(image)) for image in images], normalize_embeddings=True
    )
    cosines: NDArray[np.float32] = np.sum(expected * encoder.encode(images), axis=1)
    return cosines


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


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_an_encoding_does_not_depend_on_its_batch(
    clip: Exported, clip_int8: Exported, precision: str
) -> None:
    encoder = (clip if precision == "fp32" else clip_int8).encoder
    images = [picture(*shape) for shape in SHAPES]
    one_by_one = np.concatenate([encoder.encode([image]) for image in images])
    assert encoder.encode(images) == pytest.approx(one_by_one, abs=1e-5)


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


def change_preprocessor(source: Path, copy: Path, **changes: object) -> Path:
    shutil.copytree(source, copy)
    path = copy / MODULE_FOLDER / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return copy


def test_another_preprocessing_is_another_model(clip: Exported, tmp_path: Path) -> None:
    source = change_preprocessor(clip.source, tmp_path / "tiny", image_mean=[0.5, 0.5, 0.5])
    description = export_model(str(source), "fp32", tmp_path / "model")
    assert description.model_id != clip.description.model_id
    assert description.mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("changes", [{"resample": 2}, {"do_center_crop": False}, {"size": 256}])
def test_images_prepared_in_another_way_are_refused(
    clip: Exported, tmp_path: Path, changes: dict[str, object]
) -> None:
    source = change_preprocessor(clip.source, tmp_path / "tiny", **changes)
    with pytest.raises(ExportError, match=f"tiny prepares images with {next(iter(changes))}="):
        export_model(str(source), "fp32", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_int8_is_smaller_and_stays_close(
    clip: Exported, clip_int8: Exported, reference: SentenceTransformer
) -> None:
    images = [picture(*shape) for shape in SHAPES]
    assert min(cosines(reference, clip_int8.encoder, images)) >= 0.99
    assert clip_int8.description.agreement.cosine_worst >= 0.99
    assert clip_int8.graph_bytes < 0.35 * clip.graph_bytes


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


def test_int8_is_another_model(clip: Exported, clip_int8: Exported) -> None:
    assert clip_int8.description.model_id.startswith("clip-ViT-64-32-int8-")
    assert clip_int8.description.model_id[-12:] != clip.description.model_id[-12:]


def test_the_stand_in_says_that_it_is_one(stand_in: Exported) -> None:
    description = stand_in.description
    assert description.stand_in
    assert description.source == "efficientnet-lite0"
    assert description.model_id.startswith("efficientnet-lite0-fp32-")
    assert (description.dimension, description.image_size) == (1280, 224)
    assert description.agreement.cosine_worst >= 0.9999


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


def test_a_model_of_text_only_is_refused(tmp_path: Path) -> None:
    text = StaticEmbedding(Tokenizer(WordLevel({"hex": 0, "nut": 1}, "nut")), embedding_dim=8)
    SentenceTransformer(modules=[text], device="cpu").save(str(tmp_path / "text"))
    with pytest.raises(ExportError, match="has no CLIP image tower"):
        export_model(str(tmp_path / "text"), "fp32", tmp_path / "model")


def test_a_model_that_goes_on_after_clip_is_refused(clip: Exported, tmp_path: Path) -> None:
    model = SentenceTransformer(str(clip.source), device="cpu")
    model.append(Dense(32, 8))
    model.save(str(tmp_path / "dense"))
    with pytest.raises(ExportError, match="puts Dense behind CLIP"):
        export_model(str(tmp_path / "dense"), "fp32", tmp_path / "model")


def test_a_failed_export_leaves_the_model_that_is_there(clip: Exported, tmp_path: Path) -> None:
    model_dir = shutil.copytree(clip.model_dir, tmp_path / "model")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportError, match=r"can't load .*empty"):
        export_model(str(tmp_path / "empty"), "fp32", model_dir)
    assert read_description(model_dir) == clip.description
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "model"]


def test_an_encoder_that_strays_too_far_is_not_written(
    clip: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LEAST_COSINE, "fp32", 1.1)
    with pytest.raises(ExportError, match=r"fp32 encoder strays from tiny: .* at least 1\.1 is right"):
        export_again(clip, "fp32", tmp_path / "model")
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_holds_something_else_is_not_overwritten(clip: Exported, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match=r"holds thesis\.txt, which is no part of a model"):
        export_model(str(clip.source), "fp32", tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is no folder: give clip-ViT-B-32, a folder"):
        export_model(str(tmp_path / "missing"), "fp32", tmp_path / "model")
