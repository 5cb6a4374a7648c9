"""A CLIP of ViT-B/32's size with random weights: for bytes, seconds and memory, not for what it says."""

from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPModel

from support.encodings.tiny_clip import CONFIG, MODULE_FOLDER, save_tiny_clip


def save_full_size_clip(folder: Path) -> Path:
    """Save a CLIP to `folder` whose image tower is as large as ViT-B/32's, and return `folder`."""
    save_tiny_clip(folder)
    torch.manual_seed(0)
    # An image tower whose configuration says nothing is ViT-B/32's.
    clip = CLIPModel(CLIPConfig(**CONFIG | {"vision_config": {}, "projection_dim": 512}))
    clip.save_pretrained(folder / MODULE_FOLDER)
    return folder
