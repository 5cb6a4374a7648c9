"""What can't be exported is refused with the reason, and leaves what is there."""

import shutil
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from lookalike.vision.model import read_description
from lookalike_tools.export.exporter import LEAST_COSINE, export_model
from lookalike_tools.export.source import ExportError
from unit.export.exported import Exported, change_preprocessor, export_again

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("changes", [{"resample": 2}, {"do_center_crop": False}, {"size": 256}])
def test_images_prepared_in_another_way_are_refused(
    clip: Exported, tmp_path: Path, changes: dict[str, object]
) -> None:
    source = change_preprocessor(clip.source, tmp_path / "tiny", **changes)
    with pytest.raises(ExportError, match=f"tiny prepares images with {next(iter(changes))}="):
        export_model(str(source), "fp32", tmp_path / "model")
    assert not (tmp_path / "model").exists()


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
