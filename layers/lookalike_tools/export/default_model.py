"""The model that commands use by default: CLIP if it can be had, else a stand-in, with a loud warning."""

from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from lookalike.vision.model import DESCRIPTION_FILE, read_description

CLIP = "clip-ViT-B-32"
CLIP_DIR = Path(".model")
STAND_IN = "efficientnet-lite0"
STAND_IN_DIR = Path(".model-stand-in")
NOTE = "why-not-clip.txt"
"""In the stand-in's folder: why CLIP could not be had."""


def prepare_model(console: Console) -> Path:
    """The folder of CLIP, or of the stand-in if CLIP can't be had; exported first if need be.

    CLIP is sought once: what came of it is kept, until CLIP is exported or the stand-in's folder is removed.

    Raises:
        ExportError: the stand-in can't be exported either.
    """
    if (CLIP_DIR / DESCRIPTION_FILE).exists():
        model_dir = CLIP_DIR
    elif _why_not_clip() is not None or not _export_clip(console):
        model_dir = _take_stand_in(console)
    else:
        model_dir = CLIP_DIR
    description = read_description(model_dir)
    console.print(
        f"Model {description.model_id} in {model_dir}; a match exceeds a similarity of "
        f"{description.default_threshold}",
        soft_wrap=True,
    )
    return model_dir


def _why_not_clip() -> str | None:
    """Why CLIP could not be had, as the stand-in's folder says; None if it holds no stand-in."""
    if not (STAND_IN_DIR / DESCRIPTION_FILE).exists():
        return None
    note = STAND_IN_DIR / NOTE
    return note.read_text(encoding="utf-8") if note.exists() else None


def _export_clip(console: Console) -> bool:
    """Export CLIP, or else the stand-in with a note why; whether it is CLIP."""
    from lookalike_tools.export.exporter import export_model
    from lookalike_tools.export.source import ExportError

    console.print(f"Exporting {CLIP} ...")
    try:
        export_model(CLIP, "fp32", CLIP_DIR)
        return True
    except ExportError as error:
        if not (STAND_IN_DIR / DESCRIPTION_FILE).exists():
            export_model(STAND_IN, "fp32", STAND_IN_DIR)
        (STAND_IN_DIR / NOTE).write_text(str(error), encoding="utf-8")
        return False


def _take_stand_in(console: Console) -> Path:
    console.print(
        Panel(
            f"CLIP can't be had: {_why_not_clip()}\n\n[bold]This runs on a stand-in, {STAND_IN}. It is not "
            "CLIP: it tells objects apart less well, and has other similarities and thresholds.[/]\n\n"
            "'make model' tries again to get CLIP.",
            title="NOT CLIP",
            border_style="red",
        )
    )
    return STAND_IN_DIR
