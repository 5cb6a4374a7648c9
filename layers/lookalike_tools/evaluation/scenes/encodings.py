"""Encodings of scenes: of their views, and of the squares around their objects; cached between runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lookalike.errors import ImageError
from lookalike.keys import content_digest
from lookalike.vision import views
from lookalike.vision.boxes import REFERENCE_MARGIN, Box
from lookalike.vision.encoder import Encoder
from lookalike.vision.views import cut_views, preprocess_box
from lookalike_tools.evaluation.photos import CACHE_DIR
from lookalike_tools.evaluation.scenes.folder import Scene

Matrix = NDArray[np.float32]

_LAYOUT = (views.SIZES, views.MAX_VIEWS, views.STRIDES, views.SMALLEST, REFERENCE_MARGIN)


class EncodedScene(NamedTuple):
    """A scene and its encodings.

    Attributes:
        scene: its file and objects.
        boxes: where its views are; the first is the middle square.
        views: encodings of the views, (views, dimension).
        references: encodings of the squares around its objects, (objects, dimension).
    """

    scene: Scene
    boxes: tuple[Box, ...]
    views: Matrix
    references: Matrix


def encode_scenes(
    encoder: Encoder, scenes: Sequence[Scene], console: Console, cache_dir: Path = CACHE_DIR
) -> list[EncodedScene]:
    """The encodings of each scene: from the cache, or encoded with a progress bar.

    A scene that can't be encoded is printed and left out.
    """
    folder = cache_dir / f"scenes-{encoder.model_id}"
    files = {scene: folder / f"{_digest(scene)}.safetensors" for scene in scenes}
    missing = [scene for scene in scenes if _load(scene, files[scene]) is None]
    folder.mkdir(parents=True, exist_ok=True)
    encoded: dict[Scene, EncodedScene] = {}
    for scene in track(missing, "encoding scenes", console=console, disable=not missing):
        try:
            encoded[scene] = _encode(encoder, scene)
        except ImageError as error:
            console.print(f"{scene.path} is left out: {error}", style="yellow", soft_wrap=True, markup=False)
            continue
        _save(encoded[scene], files[scene])
    found = (encoded.get(scene) or _load(scene, files[scene]) for scene in scenes)
    return [each for each in found if each]


def _digest(scene: Scene) -> str:
    boxes = repr((_LAYOUT, [tuple(each.box) for each in scene.objects]))
    return content_digest(scene.path.read_bytes() + boxes.encode())


def _encode(encoder: Encoder, scene: Scene) -> EncodedScene:
    data, size = scene.path.read_bytes(), encoder.description.image_size
    seen = cut_views(data, size)
    squares = [preprocess_box(data, size, each.box) for each in scene.objects]
    pixels = np.concatenate([seen.pixels, *(square[np.newaxis] for square in squares)])
    rows = encoder.encode_pixels(pixels)
    return EncodedScene(scene, seen.boxes, rows[: len(seen.boxes)], rows[len(seen.boxes) :])


def _save(encoded: EncodedScene, file: Path) -> None:
    tensors = {
        "boxes": np.array(encoded.boxes, np.float64),
        "views": encoded.views,
        "references": encoded.references,
    }
    safetensors.numpy.save_file(
        {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, file
    )


def _load(scene: Scene, file: Path) -> EncodedScene | None:
    try:
        tensors = safetensors.numpy.load_file(file)
    except (FileNotFoundError, safetensors.SafetensorError):
        return None
    boxes = tuple(Box(*corners) for corners in tensors["boxes"].tolist())
    return EncodedScene(scene, boxes, tensors["views"], tensors["references"])
