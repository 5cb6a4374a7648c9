"""From a source to a model folder, checked against the source."""

import contextlib
import hashlib
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from lookalike.vision.images import resize_and_crop
from lookalike.vision.model import DESCRIPTION_FILE, GRAPH_FILE, WEIGHTS_FILE, Agreement, ModelDescription
from lookalike_tools.export.clip import load_clip
from lookalike_tools.export.graph import move_weights_out, write_graph
from lookalike_tools.export.int8 import quantize_graph
from lookalike_tools.export.int8_blocks import quantize_graph_in_blocks
from lookalike_tools.export.samples import sample_images
from lookalike_tools.export.source import ExportError, PixelsToEncoding, Source
from lookalike_tools.export.stand_in import STAND_IN, load_stand_in

Precision = Literal["fp32", "int8"]

LEAST_COSINE: dict[Precision, float] = {"fp32": 0.9995, "int8": 0.99}
"""An encoder with a lower cosine similarity to its source, on any sample image, is not written."""


def export_model(source: str, precision: Precision, out_dir: Path) -> ModelDescription:
    """Make a model folder from CLIP or from the stand-in; returns its description.

    Args:
        source: a name on the Hugging Face hub such as `clip-ViT-B-32`, a folder that sentence-transformers
            saved, or `efficientnet-lite0`, the stand-in.
        precision: of the weights; int8 is a quarter the size.
        out_dir: the folder to make; it replaces an older model folder once it is complete.

    Raises:
        ExportError: the source can't be loaded or exported, or `out_dir` holds something else.

    Example:
        >>> export_model("clip-ViT-B-32", "fp32", Path(".model")).model_id
        'clip-ViT-B-32-fp32-...'
    """
    out_dir = out_dir.resolve()
    _check_replaceable(out_dir)
    with _quiet():
        loaded = load_stand_in() if source == STAND_IN else load_clip(source)
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out_dir.name}-", dir=out_dir.parent) as staging:
            model_dir = Path(staging) / "new"
            model_dir.mkdir()
            write_graph(loaded.encoder, model_dir / GRAPH_FILE)
            if precision == "int8":
                _quantize(loaded, model_dir / GRAPH_FILE)
            move_weights_out(model_dir / GRAPH_FILE, model_dir / WEIGHTS_FILE)
            description = _describe(loaded, precision, model_dir / GRAPH_FILE)
            (model_dir / DESCRIPTION_FILE).write_text(description.model_dump_json(indent=2) + "\n")
            _put_in_place(model_dir, out_dir, Path(staging) / "old")
    return description


def _quantize(source: Source, graph: Path) -> None:
    """To int8: the fast way if it is exact enough, else the slower and more exact way."""
    exact = graph.read_bytes()
    quantize_graph(graph, _sample_pixels(source.encoder.image_size))
    cosines, _ = _compare(source, graph)
    if not cosines.min() >= LEAST_COSINE["int8"]:
        graph.write_bytes(exact)
        quantize_graph_in_blocks(graph)


def _describe(source: Source, precision: Precision, graph: Path) -> ModelDescription:
    cosines, dimension = _compare(source, graph)
    worst = float(cosines.min())
    if not worst >= LEAST_COSINE[precision]:
        raise ExportError(
            f"the {precision} encoder strays from {source.name}: cosine similarity {worst:.4f} at worst, "
            f"at least {LEAST_COSINE[precision]} is right; nothing was written"
        )
    encoder = source.encoder
    return ModelDescription(
        model_id=f"{source.family}-{precision}-{_digest(encoder, precision)[:12]}",
        source=source.name,
        precision=precision,
        dimension=dimension,
        image_size=encoder.image_size,
        mean=encoder.mean,
        std=encoder.std,
        default_threshold=source.default_threshold,
        stand_in=source.stand_in,
        agreement=Agreement(images=len(cosines), cosine_worst=worst, cosine_median=float(np.median(cosines))),
    )


def _compare(source: Source, graph: Path) -> tuple[NDArray[np.float32], int]:
    """Cosine similarity between source and graph on each sample image, and the encodings' dimension."""
    images = list(sample_images())
    expected = source.encode(images)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    (encodings,) = session.run(["encoding"], {"pixels": _sample_pixels(source.encoder.image_size)})
    return np.sum(expected * encodings, axis=1), encodings.shape[1]


@cache
def _sample_pixels(image_size: int) -> NDArray[np.uint8]:
    return np.stack([np.asarray(resize_and_crop(image, image_size)) for image in sample_images()])


def _digest(encoder: PixelsToEncoding, precision: Precision) -> str:
    """SHA-256 over what encodings depend on: weights, precision, preprocessing."""
    settings = {"precision": precision, "size": encoder.image_size, "mean": encoder.mean, "std": encoder.std}
    digest = hashlib.sha256(json.dumps(settings).encode())
    for name, tensor in sorted(encoder.tower.state_dict().items()):
        digest.update(f"{name}{list(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _check_replaceable(out_dir: Path) -> None:
    if not out_dir.exists():
        return
    if not out_dir.is_dir():
        raise ExportError(f"{out_dir} is a file: give a folder to make")
    others = {path.name for path in out_dir.iterdir()} - {GRAPH_FILE, WEIGHTS_FILE, DESCRIPTION_FILE}
    if others:
        raise ExportError(f"{out_dir} holds {min(others)}, which is no part of a model: give another folder")


def _put_in_place(new: Path, out_dir: Path, old: Path) -> None:
    if not out_dir.exists():
        new.rename(out_dir)
        return
    out_dir.rename(old)
    try:
        new.rename(out_dir)
    except OSError:
        old.rename(out_dir)
        raise


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' progress bars and warnings off the terminal."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logging.disable(logging.WARNING)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        transformers_logging.enable_progress_bar()
        logging.disable(logging.NOTSET)
        root.handlers[:] = handlers
        root.setLevel(level)
