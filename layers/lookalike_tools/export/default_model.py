"""The model that commands use by default: CLIP if it can be had, else a stand-in, with a loud warning."""

from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from lookalike.vision.model import DESCRIPTION_FILE, read_description

CLIP = "clip-ViT-B-32"
CLIP_DIR = Path(".model")
STAND_IN = "efficientnet-lite0"
STAND_IN_DIR = Path(".model-stand-in")


def prepare_model(console: Console) -> Path:
    """The folder of CLIP, or of the stand-in if CLIP can't be had; exported first if need be.

    Raises:
        ExportError: the stand-in can't be exported either.
    """
    model_dir = CLIP_DIR if (CLIP_DIR / DESCRIPTION_FILE).exists() else _export_model(console)
    description = read_description(model_dir)
    console.print(f"{description.model_id}; a match exceeds a similarity of {description.default_threshold}")
    return model_dir


def _export_model(console: Console) -> Path:
    # Torch takes seconds to import: only what exports loads it.
    from lookalike_tools.export.exporter import export_model  # noqa: PLC0415 - torch is slow
    from lookalike_tools.export.source import ExportError  # noqa: PLC0415 - torch is slow

    console.print(f"Exporting {CLIP} ...")
    try:
        export_model(CLIP, "fp32", CLIP_DIR)
        return CLIP_DIR
    except ExportError as error:
        console.print(
            Panel(
                f"CLIP can't be had: {error}\n\n[bold]This runs on a stand-in, {STAND_IN}. It is not CLIP: "
                "it tells objects apart less well, and has other similarities and thresholds.",
                title="NOT CLIP",
                border_style="red",
            )
        )
    if not (STAND_IN_DIR / DESCRIPTION_FILE).exists():
        export_model(STAND_IN, "fp32", STAND_IN_DIR)
    return STAND_IN_DIR
