"""Building a type's encodings from phone photos in S3: the plain loop, and a rebuild."""

import io
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple

import boto3
import numpy as np
from PIL import Image
from sentence_transformers import SentenceTransformer

from lookalike.encoder import Encoder
from lookalike.images import preprocess
from lookalike.keys import image_key
from lookalike.rebuilding import BATCH, rebuild
from lookalike.store import Store
from lookalike_tools.bench.contenders import PLAIN, THREADS
from lookalike_tools.bench.places import Places
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

PHOTOS = 200
TYPE = "phone-photos"


class Building(NamedTuple):
    """Seconds for all photos, by contender, and the floor that ours stand on."""

    seconds: dict[str, float]
    floors: dict[str, float]


def measure_building(emulator: Emulator, places: Places, photos: Sequence[bytes]) -> Building:
    """Build `PHOTOS` photos; the floor is decoding on both cores, then encoding at the best batch."""
    client = boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)
    bucket = "building"
    client.create_bucket(Bucket=bucket)
    keys = [image_key(TYPE, f"{index:03}.jpg") for index in range(PHOTOS)]
    for index, key in enumerate(keys):
        client.put_object(Bucket=bucket, Key=key, Body=photos[index % len(photos)])

    seconds, floors = {}, {}
    model = SentenceTransformer(places.source, device="cpu")
    start = time.perf_counter()
    for key in keys:
        photo = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        model.encode(Image.open(io.BytesIO(photo)), show_progress_bar=False)
    seconds[PLAIN] = time.perf_counter() - start
    del model
    for name, model_dir in (("Lookalike fp32", places.fp32), ("Lookalike int8", places.int8)):
        encoder = Encoder(Path(model_dir))
        start = time.perf_counter()
        rebuilt = rebuild(encoder, Store(client, bucket, encoder.description), TYPE, start + 3600)
        seconds[name] = time.perf_counter() - start
        if rebuilt.rows != PHOTOS:
            raise RuntimeError(f"{rebuilt.rows} of {PHOTOS} photos were built")
        floors[name] = PHOTOS * (_decoding(photos) + best_encoding(encoder))
    return Building(seconds, floors)


def best_encoding(encoder: Encoder) -> float:
    """Seconds an image at the batch size that is fastest."""
    side = encoder.description.image_size
    times = []
    for size in (1, 4, BATCH, 2 * BATCH):
        pixels = np.random.default_rng(0).integers(0, 256, (size, side, side, 3), dtype=np.uint8)
        times.append(median(_timed(encoder, pixels) for _ in range(5)) / size)
    return min(times)


def _timed(encoder: Encoder, pixels: np.ndarray) -> float:
    start = time.perf_counter()
    encoder.encode_pixels(pixels)
    return time.perf_counter() - start


def _decoding(photos: Sequence[bytes]) -> float:
    """Seconds an image with all cores decoding."""
    with ThreadPoolExecutor(THREADS) as threads:
        start = time.perf_counter()
        for _ in threads.map(lambda photo: preprocess(photo, 224), list(photos) * 2):
            pass
        return (time.perf_counter() - start) / (2 * len(photos))
