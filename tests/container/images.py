"""The functions' images, built from the files that `sam build` uses; the template names the handlers."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from container.engine import Engine
from lookalike_tools.local.template import image_functions, package_of, read_template

ROOT = Path(__file__).parents[2]


class Image(NamedTuple):
    """A function's image, and the handler that the template names for it."""

    tag: str
    handler: str


BuildImages = Callable[..., AbstractContextManager[dict[str, Image]]]
"""`built_images` with engine and base given."""


@contextmanager
def built_images(
    engine: Engine, base: str, model_dir: Path | None, previous: Path | None = None
) -> Iterator[dict[str, Image]]:
    """Build the images of all functions with one model folder, and that of the model before; by package.

    Raises:
        EngineError: a build failed.
    """
    images = {}
    with tempfile.TemporaryDirectory(prefix="lookalike-context-") as directory:
        context = Path(directory)
        _lay_out_context(context, {".model": model_dir, ".previous": previous})
        try:
            for function in image_functions(read_template(ROOT / "template.yaml")).values():
                package = package_of(function)
                image = Image(
                    f"lookalike-{package.replace('_', '-')}:{context.name}",
                    function["ImageConfig"]["Command"][0],
                )
                images[package] = image
                engine.build(context, image.tag, "functions/Dockerfile", BASE_IMAGE=base, FUNCTION=package)
            yield images
        finally:
            for image in images.values():
                engine.remove_image(image.tag)


def _lay_out_context(context: Path, models: dict[str, Path | None]) -> None:
    for name in ("requirements.txt", ".dockerignore"):
        shutil.copy(ROOT / name, context)
    for name in ("functions", "layers/lookalike"):
        shutil.copytree(ROOT / name, context / name)
    for name, folder in models.items():
        if folder:
            shutil.copytree(folder, context / name)
