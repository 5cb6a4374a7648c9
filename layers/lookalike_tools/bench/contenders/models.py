"""The models to measure: CLIP if this machine has it, else a CLIP of the same size with random weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import onnx
import torch
from sentence_transformers import SentenceTransformer
from torch import nn

from lookalike.errors import LookalikeError
from lookalike_tools.export.exporter import export_model
from lookalike_tools.export.random_clip import save_random_clip

NAME = "clip-ViT-B-32"


@dataclass(frozen=True)
class Models:
    """Folders and files of the same weights, in each contender's format."""

    source: Path | str
    plain_graph: Path
    fp32: Path
    int8: Path
    random: bool


class _Plain(nn.Module):
    """CLIP's image half, exported the plain way: normalised floats in, features out."""

    def __init__(self, source: str) -> None:
        super().__init__()
        clip: Any = cast(Any, SentenceTransformer(source, device="cpu")[0]).model.eval()
        self.vision_model, self.visual_projection = clip.vision_model, clip.visual_projection

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.visual_projection(self.vision_model(pixel_values).pooler_output)
        return features


def make_models(folder: Path, *, clip: bool) -> Models:
    """Export what is missing in a folder.

    Args:
        folder: kept from run to run.
        clip: measure CLIP; else random weights of the same size.
    """
    folder = folder / ("clip" if clip else "random")
    folder.mkdir(parents=True, exist_ok=True)
    source: Path | str = NAME
    if not clip:
        source = folder / NAME
        if not (source / "modules.json").exists():
            save_random_clip(source)
    plain = folder / "plain.onnx"
    if not plain.exists():
        _export_plain(str(source), plain)
    precisions: tuple[Literal["fp32", "int8"], ...] = ("fp32", "int8")
    for precision in precisions:
        if not (folder / precision).exists():
            export_model(str(source), precision, folder / precision)
    return Models(
        source=source, plain_graph=plain, fp32=folder / "fp32", int8=folder / "int8", random=not clip
    )


def is_clip_cached() -> bool:
    """Whether sentence-transformers can load CLIP without the network."""
    try:
        SentenceTransformer(NAME, device="cpu", local_files_only=True)
    except Exception:  # it loads other people's files, and raises nearly anything
        return False
    return True


def _export_plain(source: str, path: Path) -> None:
    program = torch.onnx.export(
        _Plain(source).eval(),
        (torch.zeros((2, 3, 224, 224)),),
        input_names=["pixels"],
        output_names=["features"],
        dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
        opset_version=18,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise LookalikeError("torch exported no graph")
    onnx.save(program.model_proto, path)
