"""What many rebuilds at once cost in encodings, calls and lost work: counts, whatever the machine's speed."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
from numpy.typing import NDArray

from lookalike.keys import GALLERY, claim_key, image_key
from lookalike.matching.encodings import EncodedImage, Origin, Row, now
from lookalike.rebuilding.gallery_refresh import refresh_gallery
from lookalike.rebuilding.reconciling import bring_up_to_date, rebuild_named
from lookalike.storage.bucket import Bucket
from lookalike.storage.claims import ClaimedError, claimed
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOADS, REBUILDS, A_MESSAGE = 200, 10, 5
ROWS = 10_000
TYPE = "uploads"


@dataclass(frozen=True)
class Sharing:
    """Counts of what is shared by many functions.

    Attributes:
        encodings: made for each photo of a new type, while `REBUILDS` rebuilds take `UPLOADS` uploads.
        calls: to S3 for a photo that changed, of a type with `ROWS` others.
        listings: those of them that list.
        lost: refreshes of the gallery that are not in it in the end, of `REBUILDS` writers at once.
    """

    encodings: float
    calls: int
    listings: int
    lost: int


class CountingEncoder(Encoder):
    """An encoder that counts what it encodes."""

    def __init__(self, model_dir: Path) -> None:
        """Open the model."""
        super().__init__(model_dir, share_cores=True)
        self.encoded: list[int] = []

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As the encoder does."""
        self.encoded.append(len(pixels))
        return super().encode_pixels(pixels)


def measure_sharing(emulator: Emulator, model_dir: Path, photo: bytes) -> Sharing:
    """Count, with one photo under many names."""
    client = boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)
    for bucket in ("sharing", "sharing-work"):
        client.create_bucket(Bucket=bucket)
    encoder = CountingEncoder(model_dir)
    encodings = _encodings_a_photo(client, encoder, photo)
    calls = _calls_of_a_change(client, encoder, photo)
    listings = sum(count for call, count in calls.items() if call.startswith("List"))
    return Sharing(encodings, calls.total(), listings, _lost_refreshes(client, encoder))


def _store(client: "S3Client", encoder: Encoder) -> Store:
    """As another function has it, with a memory of its own."""
    return Store(
        Bucket(client, "sharing"), Bucket(client, "sharing-work"), encoder.model_id, encoder.dimension
    )


def _encodings_a_photo(client: "S3Client", encoder: CountingEncoder, photo: bytes) -> float:
    messages: Queue[list[str]] = Queue()
    keys = [image_key(TYPE, f"{index:03}.jpg") for index in range(UPLOADS)]

    def upload() -> None:
        for start in range(0, UPLOADS, A_MESSAGE):
            for key in (named := keys[start : start + A_MESSAGE]):
                client.put_object(Bucket="sharing", Key=key, Body=photo)
            messages.put(named)

    def take_messages(_: int) -> None:
        store = _store(client, encoder)
        while not uploading.done() or not messages.empty():
            try:
                named = messages.get(timeout=0.1)
                bring_up_to_date(encoder, store, TYPE, time.monotonic() + 100, named)
            except Empty:
                continue
            except (ClaimedError, ContentionError):
                messages.put(named)  # postponed
                time.sleep(0.5)

    with ThreadPoolExecutor(REBUILDS + 1) as threads:
        uploading = threads.submit(upload)
        list(threads.map(take_messages, range(REBUILDS)))
    built, _ = _store(client, encoder).read_encodings(TYPE)
    if built is None or len(built.rows) != UPLOADS:
        raise RuntimeError(f"not all of {UPLOADS} photos were built")
    return sum(encoder.encoded) / UPLOADS


def _calls_of_a_change(client: "S3Client", encoder: Encoder, photo: bytes) -> Counter[str]:
    store, type_id = _store(client, encoder), "large"
    (row,) = encoder.encode([photo])
    rows = [
        EncodedImage(Row(image_key(type_id, f"{n}.jpg"), "etag", Origin.UPLOADED, now()), row)
        for n in range(ROWS)
    ]
    store.update_encodings(type_id, lambda empty: empty.append(rows))
    client.put_object(Bucket="sharing", Key=image_key(type_id, "0.jpg"), Body=photo)
    calls: Counter[str] = Counter()

    def count(event_name: str, **_: Any) -> None:
        calls[event_name.rpartition(".")[2]] += 1

    client.meta.events.register("before-send.s3", count)
    rebuild_named(encoder, store, type_id, time.monotonic() + 100, [image_key(type_id, "0.jpg")])
    client.meta.events.unregister("before-send.s3", count)
    return calls


def _lost_refreshes(client: "S3Client", encoder: Encoder) -> int:
    types = [f"type-{number}" for number in range(REBUILDS)]
    directions = np.eye(REBUILDS, encoder.dimension, dtype=np.float32)

    def refresh(number: int) -> None:
        store, type_id = _store(client, encoder), types[number]
        row = Row(image_key(type_id, "0.jpg"), "etag", Origin.UPLOADED, now())
        store.update_encodings(type_id, lambda empty: empty.append([EncodedImage(row, directions[number])]))
        while True:
            try:
                with claimed(store.work, claim_key(store.model_id, GALLERY), 100):
                    refresh_gallery(store, [type_id])
                    return
            except (ClaimedError, ContentionError):
                time.sleep(0.1)  # postponed

    with ThreadPoolExecutor(REBUILDS) as threads:
        list(threads.map(refresh, range(REBUILDS)))
    gallery = _store(client, encoder).read_gallery()
    return len(set(types) - set(gallery.type_ids if gallery else ()))
