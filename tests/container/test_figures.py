"""How large the images are, and how fast and heavy their functions, with an encoder of ViT-B/32's size."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image as Pillow

from container.cloud import Cloud, recognize_event
from container.engine import Engine
from container.full_size_clip import save_full_size_clip
from container.function_container import running_function
from container.images import BuildImages, Image
from lookalike_tools.export.exporter import export_model

MB = 1_000_000
LIMIT_MB = {"int8": 280, "fp32": 550}
"""The most that an image may add to its base."""

MEMORY_MB = 3008
"""What the template gives a function."""

WARM_CALLS = 5

SIZES = """
import json, pathlib
def size(path):
    return sum(file.lstat().st_size for file in [path, *path.rglob("*")] if file.is_file())
paths = [pathlib.Path("/opt/model"), pathlib.Path("/var/task"), *pathlib.Path("/opt/python").iterdir()]
print(json.dumps({path.name: size(path) for path in paths}))
"""
NAMED_FROM_MB = 4


class Built(NamedTuple):
    """The images with one model."""

    precision: str
    images: dict[str, Image]


@pytest.fixture(scope="module")
def full_size_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_full_size_clip(tmp_path_factory.mktemp("full-size") / "clip")


@pytest.fixture(scope="module", params=["int8", "fp32"])
def built(
    request: pytest.FixtureRequest,
    build_images: BuildImages,
    full_size_clip: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Built]:
    model_dir = tmp_path_factory.mktemp(request.param) / "model"
    export_model(str(full_size_clip), request.param, model_dir)
    with build_images(model_dir) as images:
        yield Built(request.param, images)


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    """Twelve megapixels each, as phones take them."""
    return [phone_photo(number) for number in range(4)]


def phone_photo(number: int) -> bytes:
    scene = np.random.default_rng(number).integers(0, 256, (300, 400, 3), np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(scene).resize((4000, 3000), Pillow.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def test_an_image_adds_no_more_to_its_base_than_it_may(
    engine: Engine, base: str, built: Built, figures: list[str]
) -> None:
    base_size = engine.inspect("image", base)["Size"]
    for name, image in built.images.items():
        added = (engine.inspect("image", image.tag)["Size"] - base_size) / MB
        parts = {name: size / MB for name, size in json.loads(engine.run_python(image.tag, SIZES)).items()}
        small = [name for name, size in parts.items() if size < NAMED_FROM_MB]
        parts["others"] = sum(parts.pop(name) for name in small)
        largest_first = sorted(parts.items(), key=lambda part: -part[1])
        listed = ", ".join(f"{name} {size:.0f}" for name, size in largest_first)
        figures.append(
            f"{built.precision} {name}: {added:.0f} MB on its base of {base_size / MB:.0f} MB: {listed}"
        )
        assert added <= LIMIT_MB[built.precision]


def test_rebuilding_fits_into_its_memory(
    engine: Engine, built: Built, cloud: Cloud, photos: list[bytes], figures: list[str]
) -> None:
    batches = [cloud.put_photos(f"{built.precision}-{number}", photos) for number in range(1 + WARM_CALLS)]
    with running_function(engine, built.images["rebuild_encodings"], cloud.environment()) as container:
        for batch in batches:
            assert container.invoke(batch) == {"batchItemFailures": []}
        figures.append(
            f"{built.precision} rebuild_encodings, {len(photos)} photos at once: {container.figures()}"
        )
        assert container.peak_memory() < MEMORY_MB * MB


def test_recognition_fits_into_its_memory(
    engine: Engine, built: Built, cloud: Cloud, photos: list[bytes], figures: list[str]
) -> None:
    type_id = f"{built.precision}-recognize"
    batch = cloud.put_photos(type_id, photos)
    with running_function(engine, built.images["rebuild_encodings"], cloud.environment()) as container:
        container.invoke(batch)
    event = recognize_event(type_id, photos[0], append="false")
    with running_function(engine, built.images["recognize"], cloud.environment()) as container:
        for _ in range(1 + WARM_CALLS):
            answer = container.invoke(event)
            assert (answer["statusCode"], json.loads(answer["body"])["match"]) == (200, True)
        figures.append(f"{built.precision} recognize: {container.figures()}")
        assert container.peak_memory() < MEMORY_MB * MB
