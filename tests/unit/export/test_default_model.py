"""CLIP is sought once: commands keep what they made, say which it is, and seek no further unasked."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from lookalike_tools.export import exporter
from lookalike_tools.export.default_model import CLIP, prepare_model
from lookalike_tools.export.source import ExportError
from support.encodings.thumbnail_model import save_thumbnail_model


class Hub:
    """Stands for the exporter: has the stand-in, and CLIP if it is said to."""

    def __init__(self) -> None:
        self.exported: list[str] = []
        self.has_clip = False

    def export_model(self, source: str, _: str, out: Path) -> None:
        self.exported.append(source)
        if source == CLIP and not self.has_clip:
            raise ExportError("the hub does not answer")
        save_thumbnail_model(out, model_id=source)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    hub = Hub()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exporter, "export_model", hub.export_model)
    return hub


def prepare() -> tuple[Path, str]:
    """The model folder, and what people are told."""
    told = io.StringIO()
    return prepare_model(Console(file=told, width=200)), told.getvalue()


def test_where_clip_can_not_be_had_the_stand_in_is_made_once_and_clip_not_sought_again(hub: Hub) -> None:
    first, told = prepare()
    assert hub.exported == [CLIP, "efficientnet-lite0"]
    assert "NOT CLIP" in told
    second, told_again = prepare()
    assert (first, hub.exported) == (second, [CLIP, "efficientnet-lite0"])
    for text in ("NOT CLIP", "the hub does not answer", "make model", "efficientnet-lite0"):
        assert text in told_again


def test_clip_is_taken_once_it_has_been_exported(hub: Hub) -> None:
    prepare()
    hub.has_clip = True
    hub.export_model(CLIP, "fp32", Path(".model"))
    folder, told = prepare()
    assert folder == Path(".model")
    assert f"Model {CLIP} in .model" in told
    assert "NOT CLIP" not in told


def test_without_the_stand_ins_folder_clip_is_sought_anew(hub: Hub) -> None:
    folder, _ = prepare()
    (folder / "encoder.json").unlink()
    prepare()
    assert hub.exported.count(CLIP) == 2


def test_a_stand_in_of_an_earlier_run_without_a_note_is_kept_and_clip_sought_once(hub: Hub) -> None:
    hub.export_model("efficientnet-lite0", "fp32", Path(".model-stand-in"))
    for _ in range(2):
        folder, told = prepare()
        assert folder == Path(".model-stand-in")
        assert "the hub does not answer" in told
    assert hub.exported == ["efficientnet-lite0", CLIP]
