"""Where a query's milliseconds go: each stage, done plainly and as Lookalike does it."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from lookalike.vision.encoder import Encoder
from lookalike.vision.images import decode, resize_and_crop
from lookalike_tools.bench.contenders.places import Places
from lookalike_tools.bench.timing import median_seconds

ROUNDS = 15


def measure_stages(places: Places, photo: bytes) -> dict[str, float]:
    """Median seconds of each stage on a phone photo."""
    full, scaled = decode(photo), decode(photo, 224)
    pixels = np.asarray(resize_and_crop(scaled, 224))[np.newaxis]
    fp32, int8 = Encoder(Path(places.fp32)), Encoder(Path(places.int8))
    stages: dict[str, Callable[[], object]] = {
        "decode all pixels": lambda: Image.open(io.BytesIO(photo)).convert("RGB"),
        "decode scaled": lambda: decode(photo, 224),
        "resize all pixels": lambda: resize_and_crop(full, 224),
        "resize scaled": lambda: resize_and_crop(scaled, 224),
        "encode fp32": lambda: fp32.encode_pixels(pixels),
        "encode int8": lambda: int8.encode_pixels(pixels),
    }
    return {stage: median_seconds(work, ROUNDS) for stage, work in stages.items()}
