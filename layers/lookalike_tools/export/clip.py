"""CLIP as sentence-transformers loads it, from the Hugging Face hub or from a folder."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
from numpy.typing import NDArray
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from torch import nn
from transformers import CLIPModel

from lookalike.model import Channels
from lookalike_tools.export.source import ExportError, PixelsToEncoding, Source

DEFAULT_THRESHOLD = 0.92
HUB_ORGANIZATION = "sentence-transformers"
HUB_SECONDS = 5
SOURCES = "clip-ViT-B-32, a folder that sentence-transformers saved, or efficientnet-lite0"
SIZES = {768: "B", 1024: "L", 1280: "H"}
"""Hidden size to the letter of the Vision Transformer papers (arXiv 2010.11929, table 1)."""


class ClipImageTower(nn.Module):
    """CLIP's vision transformer and projection, without its text tower."""

    def __init__(self, clip: CLIPModel) -> None:
        """Take the image half of a CLIP."""
        super().__init__()
        self.vision_model = clip.vision_model
        self.visual_projection = clip.visual_projection

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Normalised images (n, 3, image_size, image_size) to (n, dimension)."""
        projection: torch.Tensor = self.visual_projection(self.vision_model(pixel_values).pooler_output)
        return projection


def load_clip(source: str) -> Source:
    """Load CLIP by its name on the hub or from a folder that sentence-transformers saved.

    Raises:
        ExportError: it can't be had, has no CLIP image tower, or prepares images in another way than CLIP.
    """
    model = _load(source).eval().float()
    clip = getattr(model[0], "model", None)
    if not isinstance(clip, CLIPModel):
        raise ExportError(
            f"{source} has no CLIP image tower: give a model that encodes images, such as clip-ViT-B-32"
        )
    others = [type(module).__name__ for module in list(model)[1:] if not isinstance(module, Normalize)]
    if others:
        raise ExportError(f"{source} puts {', '.join(others)} behind CLIP: only CLIP itself can be exported")
    # As plain products and softmax, attention leaves fewer nodes in the graph, at the same speed.
    clip.set_attn_implementation("eager")

    def encode(images: list[Image.Image]) -> NDArray[np.float32]:
        encodings = model.encode(images, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(encodings, np.float32)

    vision: Any = clip.config.vision_config
    image_processor: Any = cast(Any, model[0]).processor.image_processor
    folder = Path(source)
    return Source(
        name=folder.resolve().name if folder.is_dir() else source,
        family=f"clip-ViT-{SIZES.get(vision.hidden_size, vision.hidden_size)}-{vision.patch_size}",
        encoder=PixelsToEncoding(
            ClipImageTower(clip),
            vision.image_size,
            *_read_mean_and_std(image_processor.to_dict(), vision.image_size, source),
        ).eval(),
        encode=encode,
        default_threshold=DEFAULT_THRESHOLD,
        stand_in=False,
    )


def _load(source: str) -> SentenceTransformer:
    path = Path(source)
    if not path.is_dir() and (path.is_absolute() or path.exists() or len(path.parts) > 2):
        raise ExportError(f"{source} is no folder: give {SOURCES}")
    trouble = None if path.is_dir() else _hub_trouble(source)
    local_only = path.is_dir() or trouble is not None
    try:
        return SentenceTransformer(source, device="cpu", local_files_only=local_only)
    except Exception as error:  # a loader of other people's files raises nearly anything
        if trouble:
            raise ExportError(
                f"{source} is no folder here, and the Hugging Face hub can't be reached ({trouble}): "
                f"go online, or give a folder that SentenceTransformer({source!r}).save() wrote elsewhere"
            ) from error
        raise ExportError(f"sentence-transformers can't load {source}: {_first_line(error)}") from error


def _hub_trouble(name: str) -> str | None:
    """Why the hub can't be asked for a model, or None if it has it.

    One request without retries: loading by itself tries again for more than a minute. Where the hub is out
    of reach, a copy in the local cache still does.
    """
    repository = name if "/" in name else f"{HUB_ORGANIZATION}/{name}"
    try:
        HfApi().model_info(repository, timeout=HUB_SECONDS)
    except (RepositoryNotFoundError, HFValidationError):
        raise ExportError(
            f"{name} is neither a folder here nor a model on the Hugging Face hub that you may read: "
            f"give {SOURCES}"
        ) from None
    except Exception as error:  # the HTTP client's own, which differ between its versions
        return _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _read_mean_and_std(settings: dict[str, Any], size: int, source: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation of an image processor that prepares images as the runtime does."""
    expected = {
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": size},
        "resample": Image.Resampling.BICUBIC,
        "do_center_crop": True,
        "crop_size": {"height": size, "width": size},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
    }
    others = [f"{key}={settings.get(key)}" for key, value in expected.items() if settings.get(key) != value]
    if others:
        raise ExportError(
            f"{source} prepares images with {', '.join(others)}: only RGB, shorter side to {size} pixels "
            f"(bicubic), centre crop, and mean and standard deviation can be exported"
        )
    mean, std = settings["image_mean"], settings["image_std"]
    return (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])
