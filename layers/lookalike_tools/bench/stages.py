"""Where a query's milliseconds go: its stages one by one, done plainly and as Lookalike does them."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from lookalike.encoder import Encoder
from lookalike.images import decode, resize_and_crop
from lookalike_tools.bench.comparing import seconds
from lookalike_tools.bench.places import Places

ROUNDS = 15
PAUSE_SECONDS = 0.2


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
    # Not in turn: for a moment after a run, onnxruntime's threads of one model would slow down the other's.
    return {stage: _median(work) for stage, work in stages.items()}


def _median(work: Callable[[], object]) -> float:
    time.sleep(PAUSE_SECONDS)
    work()
    return median(seconds(work) for _ in range(ROUNDS))
