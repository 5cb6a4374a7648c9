"""CLIPs with random weights, laid out as `clip-ViT-B-32` is on the hub: same arithmetic, no meaning."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPConfig, CLIPModel

VIT_B_32: dict[str, Any] = {
    "projection_dim": 512,
    "vision_config": {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "image_size": 224,
        "patch_size": 32,
    },
    "text_config": {
        "hidden_size": 512,
        "intermediate_size": 2048,
        "num_hidden_layers": 12,
        "num_attention_heads": 8,
        "max_position_embeddings": 77,
        "vocab_size": 49408,
        "bos_token_id": 49406,
        "eos_token_id": 49407,
    },
}
"""The size of `clip-ViT-B-32`: ViT-B/32 of arXiv 2103.00020, table 20."""

PREPROCESSOR = {
    "crop_size": 224,
    "do_center_crop": True,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "CLIPFeatureExtractor",
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "size": 224,
}
MODULE_FOLDER = "0_CLIPModel"
MODULES = [{"idx": 0, "name": "0", "path": MODULE_FOLDER, "type": "sentence_transformers.models.CLIPModel"}]


def save_random_clip(folder: Path, config: dict[str, Any] = VIT_B_32, seed: int = 0) -> Path:
    """Save a CLIP with random weights to `folder`, for SentenceTransformer(folder).

    The weights vary so widely that different images get clearly different encodings.

    Args:
        folder: the folder to make.
        config: as transformers.CLIPConfig takes it.
        seed: the same seed gives the same weights.
    """
    module = folder / MODULE_FOLDER
    module.mkdir(parents=True)
    _random_clip(config, seed).save_pretrained(module)
    files: dict[Path, object] = {
        folder / "modules.json": MODULES,
        module / "preprocessor_config.json": PREPROCESSOR,
        module / "tokenizer_config.json": {"tokenizer_class": "CLIPTokenizer"},
        module / "vocab.json": {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2},
    }
    for path, content in files.items():
        path.write_text(json.dumps(content))
    (module / "merges.txt").write_text("#version: 0.2\n")
    return folder


def _random_clip(config: dict[str, Any], seed: int) -> CLIPModel:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        clip = CLIPModel(CLIPConfig(**config))
        for name, weights in clip.named_parameters():
            if weights.dim() > 1:
                fan_in = weights[0].numel()
                weights.normal_(0, (1 if "embedding" in name else 2) * fan_in**-0.5)
    return clip
