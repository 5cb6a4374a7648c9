"""What is compared: ways from image bytes to an encoding. Each loads only what it needs."""

import importlib.util
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from lookalike_tools.bench.contenders.places import Places

THREADS = 2
PLAIN = "sentence-transformers"
Encode = Callable[[bytes], Any]


def _sentence_transformers(places: Places) -> Encode:
    import torch
    from PIL import Image
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.set_num_threads(THREADS)
    model = SentenceTransformer(places.source, device="cpu")
    return lambda photo: model.encode(Image.open(io.BytesIO(photo)), show_progress_bar=False)


def _prepare_plainly(photo: bytes) -> Any:
    """All pixels decoded, then what CLIP's processor does, in Pillow and numpy."""
    from PIL import Image

    image = Image.open(io.BytesIO(photo)).convert("RGB")
    scale = 224 / min(image.size)
    width, height = int(image.width * scale + 1e-6), int(image.height * scale + 1e-6)
    left, top = (width - 224) // 2, (height - 224) // 2
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32) / 255
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
    std = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
    return np.ascontiguousarray(((pixels - mean) / std).transpose(2, 0, 1)[np.newaxis])


def _onnxruntime(places: Places) -> Encode:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(places.plain_graph, options, providers=["CPUExecutionProvider"])
    return lambda photo: session.run(None, {"pixels": _prepare_plainly(photo)})[0][0]


def _openvino(places: Places) -> Encode:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY"}
    model = openvino.Core().compile_model(places.plain_graph, "CPU", settings)
    return lambda photo: model(_prepare_plainly(photo))[0][0]


def _ours(model_dir: str) -> Encode:
    from lookalike.vision.encoder import Encoder

    encoder = Encoder(model_dir)
    return lambda photo: encoder.encode([photo])[0]


CONTENDERS: dict[str, Callable[[Places], Encode]] = {
    PLAIN: _sentence_transformers,
    "onnxruntime": _onnxruntime,
    "OpenVINO": _openvino,
    "Lookalike fp32": lambda places: _ours(places.fp32),
    "Lookalike int8": lambda places: _ours(places.int8),
}


def installed() -> list[str]:
    """The contenders that can run here."""
    return [name for name in CONTENDERS if name != "OpenVINO" or importlib.util.find_spec("openvino")]
