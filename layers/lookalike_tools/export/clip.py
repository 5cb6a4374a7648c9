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
from transformers.models.clip.modeling_clip import CLIPAttention, CLIPVisionEmbeddings

from lookalike.vision.model import Channels
from lookalike_tools.export.source import ExportError, PixelsToEncoding, Source

DEFAULT_THRESHOLD = 0.92
HUB_ORGANIZATION = "sentence-transformers"
HUB_SECONDS = 5
SOURCES = "clip-ViT-B-32, a folder that sentence-transformers saved, or efficientnet-lite0"
SIZES = {768: "B", 1024: "L", 1280: "H"}
"""Hidden size to the letter of the Vision Transformer papers (arXiv 2010.11929, table 1)."""


CENTRE = 128
"""Subtracted from pixels first, so that rounding the weights costs little."""


class PixelEmbeddings(nn.Module):
    """Pixels to CLIP's patch embeddings, as one matrix product that normalises them too."""

    def __init__(self, embeddings: CLIPVisionEmbeddings, mean: Channels, std: Channels) -> None:
        """Fold (pixel / 255 - mean) / std into the weights; patches neither overlap nor are padded."""
        super().__init__()
        weight = embeddings.patch_embedding.weight.detach().double()  # (hidden size, 3, side, side)
        scales = 1 / torch.tensor(std).double()
        folded = weight * scales[:, None, None] / 255
        grey = 255 * torch.tensor(mean).double()[:, None, None]
        offset = (folded * (CENTRE - grey)).sum((1, 2, 3))
        position = embeddings.position_embedding.weight.detach().double()
        self.side = weight.shape[-1]
        self.weight = nn.Parameter(folded.permute(2, 3, 1, 0).flatten(0, 2).float())
        self.class_embedding = nn.Parameter((embeddings.class_embedding.detach() + position[0]).float())
        self.patch_bias = nn.Parameter((position[1:] + offset).float())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """RGB uint8 (n, size, size, 3) to (n, 1 + patches, hidden size)."""
        grid = pixels.shape[1] // self.side
        patches = pixels.reshape(-1, grid, self.side, grid, self.side, 3).permute(0, 1, 3, 2, 4, 5)
        rows = patches.reshape(-1, grid * grid, self.side * self.side * 3).to(torch.float32) - CENTRE
        embedded = rows @ self.weight + self.patch_bias
        return torch.cat([self.class_embedding.expand(embedded.shape[0], 1, -1), embedded], dim=1)


class ClipImageTower(nn.Module):
    """CLIP's vision transformer and projection, without its text tower."""

    def __init__(self, clip: CLIPModel, mean: Channels, std: Channels) -> None:
        """Take the image half of a CLIP."""
        super().__init__()
        vision = clip.vision_model
        self.embeddings = PixelEmbeddings(vision.embeddings, mean, std)
        self.pre_layrnorm, self.layers = vision.pre_layrnorm, vision.encoder.layers
        self.post_layernorm, self.visual_projection = vision.post_layernorm, clip.visual_projection

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """RGB uint8 (n, size, size, 3) to (n, dimension)."""
        hidden = self.pre_layrnorm(self.embeddings(pixels))
        for layer in self.layers:
            normalised = layer.layer_norm1(hidden)
            if layer is self.layers[-1]:
                # Only the class token is used in the end: the last layer computes no other.
                hidden = hidden[:, :1]
            hidden = hidden + _attend(layer.self_attn, normalised[:, : hidden.shape[1]], normalised)
            hidden = hidden + layer.mlp(layer.layer_norm2(hidden))
        projection: torch.Tensor = self.visual_projection(self.post_layernorm(hidden[:, 0]))
        return projection


def _attend(attention: CLIPAttention, queries: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """What queries (n, q, hidden size) take from tokens (n, t, hidden size), as products and softmax."""

    def heads(projected: torch.Tensor) -> torch.Tensor:
        split: torch.Tensor = projected.unflatten(-1, (attention.num_heads, -1))
        return split.transpose(1, 2)

    query, key = heads(attention.q_proj(queries)), heads(attention.k_proj(tokens))
    weights = torch.softmax(query @ key.transpose(-1, -2) * attention.scale, dim=-1)
    taken = weights @ heads(attention.v_proj(tokens))
    output: torch.Tensor = attention.out_proj(taken.transpose(1, 2).flatten(2))
    return output


def load_clip(source: str) -> Source:
    """Load CLIP by its name on the hub or from a folder that sentence-transformers saved.

    Raises:
        ExportError: it can't be loaded, has no CLIP image tower, or prepares images unlike CLIP.
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

    def encode(images: list[Image.Image]) -> NDArray[np.float32]:
        encodings = model.encode(images, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(encodings, np.float32)

    vision: Any = clip.config.vision_config
    image_processor: Any = cast(Any, model[0]).processor.image_processor
    mean, std = _read_mean_and_std(image_processor.to_dict(), vision.image_size, source)
    folder = Path(source)
    return Source(
        name=folder.resolve().name if folder.is_dir() else source,
        family=f"clip-ViT-{SIZES.get(vision.hidden_size, vision.hidden_size)}-{vision.patch_size}",
        encoder=PixelsToEncoding(ClipImageTower(clip, mean, std), vision.image_size, mean, std).eval(),
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
    except Exception as error:  # it loads other people's files, and raises nearly anything
        if trouble:
            raise ExportError(
                f"{source} is no folder here, and the Hugging Face hub can't be reached ({trouble}): "
                f"go online, or give a folder that SentenceTransformer({source!r}).save() wrote elsewhere"
            ) from error
        raise ExportError(f"sentence-transformers can't load {source}: {_first_line(error)}") from error


def _hub_trouble(name: str) -> str | None:
    """Why the hub can't be reached; None if it has the model.

    One request without retries: a load retries for more than a minute. If the hub can't be reached, a copy
    in the local cache will do.
    """
    repository = name if "/" in name else f"{HUB_ORGANIZATION}/{name}"
    try:
        HfApi().model_info(repository, timeout=HUB_SECONDS)
    except (RepositoryNotFoundError, HFValidationError):
        raise ExportError(
            f"{name} is neither a folder here nor a model on the Hugging Face hub that you may read: "
            f"give {SOURCES}"
        ) from None
    except Exception as error:  # the HTTP client's own, which depend on its version
        return _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _read_mean_and_std(settings: dict[str, Any], size: int, source: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation of an image processor.

    Raises:
        ExportError: it prepares images in another way than the runtime.
    """
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
