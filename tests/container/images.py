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


BuildImages = Callable[[Path | None], AbstractContextManager[dict[str, Image]]]
"""`built_images` with engine and base given."""


@contextmanager
def built_images(engine: Engine, base: str, model_dir: Path | None) -> Iterator[dict[str, Image]]:
    """Build the images of all functions with one model folder; by the function's package.

    Raises:
        EngineError: a build failed.
    """
    images = {}
    with tempfile.TemporaryDirectory(prefix="lookalike-context-") as directory:
        context = Path(directory)
        _lay_out_context(context, model_dir)
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


def _lay_out_context(context: Path, model_dir: Path | None) -> None:
    for name in ("requirements.txt", ".dockerignore"):
        shutil.copy(ROOT / name, context)
    for name in ("functions", "layers/lookalike"):
        shutil.copytree(ROOT / name, context / name)
    if model_dir:
        shutil.copytree(model_dir, context / ".model")
