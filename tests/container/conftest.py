"""The functions' images, in containers as Lambda would run them, on an emulated AWS."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from container.base_image import base_image
from container.cloud import Cloud
from container.engine import Engine, EngineError, find_engine
from container.function_container import FunctionContainer, running_function
from container.images import BuildImages, Image, built_images
from lookalike.vision.model import ModelDescription, read_description
from lookalike_tools.export.exporter import export_model
from lookalike_tools.local.emulator import Emulator
from support.encodings.tiny_clip import save_tiny_clip

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def engine() -> Engine:
    engine = find_engine()
    if engine is None:
        pytest.exit(
            "The container test needs Docker with a running daemon, or Podman: "
            "on Debian and Ubuntu, `apt-get install podman runc debootstrap`",
            returncode=1,
        )
    return engine


@pytest.fixture(scope="session")
def base(engine: Engine) -> str:
    try:
        return base_image(engine)
    except EngineError as error:
        pytest.exit(f"There is no base image to test on. {error}", returncode=1)


@pytest.fixture(scope="session")
def build_images(engine: Engine, base: str) -> BuildImages:
    return partial(built_images, engine, base)


@pytest.fixture(scope="session")
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator)


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-clip")
    export_model(str(save_tiny_clip(folder / "clip")), "fp32", folder / "model")
    return folder / "model"


@pytest.fixture(scope="session")
def model(tiny_clip: Path) -> ModelDescription:
    return read_description(tiny_clip)


@pytest.fixture(scope="session")
def images(build_images: BuildImages, tiny_clip: Path) -> Iterator[dict[str, Image]]:
    with build_images(tiny_clip) as images:
        yield images


@pytest.fixture(scope="session")
def recognize(engine: Engine, images: dict[str, Image], cloud: Cloud) -> Iterator[FunctionContainer]:
    with running_function(engine, images["recognize"], cloud.environment()) as container:
        yield container


@pytest.fixture(scope="session")
def rebuild_encodings(engine: Engine, images: dict[str, Image], cloud: Cloud) -> Iterator[FunctionContainer]:
    with running_function(engine, images["rebuild_encodings"], cloud.environment()) as container:
        yield container


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> list[str]:
    """Lines to show at the end of the run."""
    return pytestconfig.stash.setdefault(FIGURES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(FIGURES, []):
        terminalreporter.section("figures with random weights in the size of ViT-B/32's")
        for line in lines:
            terminalreporter.write_line(line)
