"""Building a type's encodings from phone photos in S3: the plain loop, and a rebuild."""

import io
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import boto3
import numpy as np
from PIL import Image
from sentence_transformers import SentenceTransformer

from lookalike.keys import encodings_key, image_key
from lookalike.rebuilding.reconciling import rebuild
from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.encoder import BATCH, Encoder
from lookalike.vision.images import preprocess
from lookalike_tools.bench.contenders.encoders import PLAIN, THREADS
from lookalike_tools.bench.contenders.places import Places
from lookalike_tools.bench.timing import median_seconds, seconds
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PHOTOS = 200
ROUNDS = 3
BUCKET, WORK_BUCKET, TYPE = "building", "building-work", "phone-photos"


@dataclass(frozen=True)
class Building:
    """Median seconds for all photos, by contender, and the floors that ours stand on."""

    seconds: dict[str, float]
    floors: dict[str, float]


def measure_building(emulator: Emulator, places: Places, photos: Sequence[bytes]) -> Building:
    """Build `PHOTOS` photos, in turn; the floor: decoding on both cores, then encoding at the best batch."""
    client = boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)
    for bucket in (BUCKET, WORK_BUCKET):
        client.create_bucket(Bucket=bucket)
    keys = [image_key(TYPE, f"{index:03}.jpg") for index in range(PHOTOS)]
    for index, key in enumerate(keys):
        client.put_object(Bucket=BUCKET, Key=key, Body=photos[index % len(photos)])
    model = SentenceTransformer(places.source, device="cpu")
    model_dirs = {"Lookalike fp32": places.fp32, "Lookalike int8": places.int8}
    builders = {name: Encoder(model_dir, share_cores=True) for name, model_dir in model_dirs.items()}
    encoders = {name: Encoder(model_dir) for name, model_dir in model_dirs.items()}
    taken = defaultdict(list)
    floors = defaultdict(list)
    for _ in range(ROUNDS):
        taken[PLAIN].append(seconds(partial(_build_plainly, client, keys, model)))
        for name in model_dirs:
            taken[name].append(seconds(partial(_build, client, builders[name])))
            floors[name].append(PHOTOS * (_decoding(photos) + best_encoding(encoders[name])))
    return Building(
        {name: median(times) for name, times in taken.items()},
        {name: median(times) for name, times in floors.items()},
    )


def _build_plainly(client: "S3Client", keys: Sequence[str], model: SentenceTransformer) -> None:
    for key in keys:
        photo = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        model.encode(Image.open(io.BytesIO(photo)), show_progress_bar=False)


def _build(client: "S3Client", encoder: Encoder) -> None:
    store = Store(Bucket(client, BUCKET), Bucket(client, WORK_BUCKET), encoder.model_id, encoder.dimension)
    store.work.delete(encodings_key(encoder.model_id, TYPE))
    rebuilt = rebuild(encoder, store, TYPE, time.monotonic() + 3600)
    if rebuilt.added != PHOTOS:
        raise RuntimeError(f"{rebuilt.added} of {PHOTOS} photos were built")


def best_encoding(encoder: Encoder) -> float:
    """Seconds an image at the batch size that is fastest."""
    side = encoder.description.image_size
    times = []
    for size in (1, BATCH // 2, BATCH, 2 * BATCH):
        pixels = np.random.default_rng(0).integers(0, 256, (size, side, side, 3), dtype=np.uint8)
        times.append(median_seconds(partial(encoder.encode_pixels, pixels), 5) / size)
    return min(times)


def _decoding(photos: Sequence[bytes]) -> float:
    """Seconds an image with all cores decoding."""
    with ThreadPoolExecutor(THREADS) as threads:
        start = time.perf_counter()
        for _ in threads.map(lambda photo: preprocess(photo, 224), list(photos) * 2):
            pass
        return (time.perf_counter() - start) / (2 * len(photos))
