"""A CLIP small enough for tests."""

from pathlib import Path
from typing import Any

from lookalike_tools.export.random_clip import MODULE_FOLDER, save_random_clip

CONFIG: dict[str, Any] = {
    "projection_dim": 32,
    "vision_config": {
        "hidden_size": 64,
        "intermediate_size": 8192,  # most weights are in the layers, as in a CLIP of full size
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 224,
        "patch_size": 32,
    },
    "text_config": {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 77,
        "vocab_size": 3,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    },
}

__all__ = ["MODULE_FOLDER", "save_tiny_clip"]


def save_tiny_clip(folder: Path, seed: int = 0) -> Path:
    """Save a CLIP with 2 vision layers and 32 dimensions to `folder`, for SentenceTransformer(folder)."""
    return save_random_clip(folder, CONFIG, seed)
