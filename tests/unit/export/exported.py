"""Exported models, and pictures to try them with."""

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

from lookalike.vision.encoder import Encoder
from lookalike.vision.model import GRAPH_FILE, ModelDescription
from lookalike_tools.export.exporter import Precision, export_model
from support.encodings.tiny_clip import MODULE_FOLDER

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


def change_preprocessor(source: Path, copy: Path, **changes: object) -> Path:
    shutil.copytree(source, copy)
    path = copy / MODULE_FOLDER / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return copy


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
