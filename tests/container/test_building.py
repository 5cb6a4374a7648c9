"""What an image is built from, and what it holds."""

import json
import shutil
from pathlib import Path

import pytest

from container.engine import Engine, EngineError
from container.images import BuildImages, Image

STALE_BYTECODE = """
import importlib.util, pathlib
for path in [*pathlib.Path("/opt/python").rglob("*.py"), *pathlib.Path("/var/task").rglob("*.py")]:
    bytecode = pathlib.Path(importlib.util.cache_from_source(path))
    # Never checked against its source: flags of PEP 552.
    if not bytecode.exists() or bytecode.read_bytes()[4:8] != b"\\x01\\0\\0\\0":
        print(path)
"""
TOOLS_FOUND = """
import importlib.util
tools = ["torch", "sentence_transformers", "lookalike_tools", "ministack"]
print([name for name in tools if importlib.util.find_spec(name)])
"""


def test_a_build_without_a_model_says_how_to_make_one(build_images: BuildImages) -> None:
    with pytest.raises(EngineError, match=r"no model in \.model.*make model"), build_images(None):
        pass


def test_a_build_with_the_stand_in_is_refused(
    build_images: BuildImages, tiny_clip: Path, tmp_path: Path
) -> None:
    model_dir = tmp_path / "model"
    shutil.copytree(tiny_clip, model_dir)
    description = json.loads((model_dir / "encoder.json").read_text())
    (model_dir / "encoder.json").write_text(json.dumps(description | {"stand_in": True}))
    with pytest.raises(EngineError, match="is a stand-in, which is never deployed"), build_images(model_dir):
        pass


def test_an_image_carries_the_model_before_where_there_is_one(
    engine: Engine, build_images: BuildImages, images: dict[str, Image], tiny_clip: Path
) -> None:
    look = "import pathlib; print(sorted(p.name for p in pathlib.Path('/opt/previous').iterdir()))"
    assert engine.run_python(images["recognize"].tag, look).strip() == "[]"
    with build_images(tiny_clip, previous=tiny_clip) as upgrading:
        files = sorted(path.name for path in tiny_clip.iterdir())
        assert engine.run_python(upgrading["recognize"].tag, look).strip() == str(files)


def test_the_images_share_all_layers_but_the_last(engine: Engine, images: dict[str, Image]) -> None:
    layers = [engine.inspect("image", image.tag)["RootFS"]["Layers"] for image in images.values()]
    assert layers[0][:-1] == layers[1][:-1]
    assert layers[0][-1] != layers[1][-1]


@pytest.mark.parametrize("function", ["recognize", "rebuild_encodings"])
def test_all_code_comes_with_bytecode_that_no_one_needs_to_write(
    engine: Engine, images: dict[str, Image], function: str
) -> None:
    assert engine.run_python(images[function].tag, STALE_BYTECODE) == ""


@pytest.mark.parametrize("function", ["recognize", "rebuild_encodings"])
def test_nothing_of_the_tools_is_in_an_image(engine: Engine, images: dict[str, Image], function: str) -> None:
    assert engine.run_python(images[function].tag, TOOLS_FOUND).strip() == "[]"
