"""Encoding a list of phone photos at once, as scripts do: sentence-transformers, and ours."""

import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

from PIL import Image
from sentence_transformers import SentenceTransformer

from lookalike.vision.encoder import Encoder
from lookalike_tools.bench.contenders.encoders import PLAIN
from lookalike_tools.bench.contenders.places import Places
from lookalike_tools.bench.timing import seconds

PHOTOS = 24
ROUNDS = 5


def measure_listing(places: Places, photos: Sequence[bytes]) -> dict[str, float]:
    """Median seconds of each contender for a list of `PHOTOS` photos, asked in turn."""
    listed = [photos[index % len(photos)] for index in range(PHOTOS)]
    model = SentenceTransformer(places.source, device="cpu")

    def encode_plainly() -> object:
        opened: list[Any] = [Image.open(io.BytesIO(photo)) for photo in listed]
        return model.encode(opened, show_progress_bar=False)

    contenders: dict[str, Callable[[], object]] = {PLAIN: encode_plainly}
    for name, model_dir in (("Lookalike fp32", places.fp32), ("Lookalike int8", places.int8)):
        contenders[name] = partial(Encoder(model_dir).encode, listed)
    taken = defaultdict(list)
    for _ in range(ROUNDS):
        for name, encode in contenders.items():
            taken[name].append(seconds(encode))
    return {name: median(times) for name, times in taken.items()}
