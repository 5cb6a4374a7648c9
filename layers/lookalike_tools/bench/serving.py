"""A warm query's way through the library, with S3 emulated on the same cores."""

from pathlib import Path
from statistics import median
from typing import NamedTuple

import boto3

from lookalike.encoder import Encoder
from lookalike.recognition import recognize
from lookalike.store import Store
from lookalike_tools.bench.comparing import make_encodings, seconds
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

ROUNDS = 40
ROWS = 1_000
OTHER_TYPES = 200
TYPE = "type"


class Serving(NamedTuple):
    """Seconds of a warm query on a small photo.

    Attributes:
        encoding: decoding and encoding alone.
        query: the whole of it, by the number of other types.
        read: the conditional read of unchanged encodings alone, the emulator's part included.
        append_writes: conditional writes of encodings that a match with append makes.
    """

    encoding: float
    query: dict[int, float]
    read: float
    append_writes: int


def measure_serving(emulator: Emulator, model_dir: Path, photo: bytes) -> Serving:
    """Query a type of 1,000 rows alone, then among many other types."""
    client = boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)
    client.create_bucket(Bucket="serving")
    encoder = Encoder(model_dir)
    store = Store(client, "serving", encoder.description)
    _put(store, TYPE, ROWS)
    encoding, query, read = 0.0, {}, 0.0
    for others in (0, OTHER_TYPES):
        for other in range(others):
            _put(store, f"other-{other}", 10)
        times: dict[str, list[float]] = {"encoding": [], "query": [], "read": []}
        for _ in range(ROUNDS):
            times["encoding"].append(seconds(lambda: encoder.encode([photo])))
            times["query"].append(
                seconds(lambda: recognize(encoder, store, TYPE, photo, threshold=1, append=False))
            )
            times["read"].append(seconds(lambda: store.read_encodings(TYPE)))
        encoding, read = median(times["encoding"]), median(times["read"])
        query[others] = median(times["query"])
    return Serving(encoding, query, read, _count_writes(encoder, store, photo))


def _put(store: Store, type_id: str, rows: int) -> None:
    made = make_encodings(rows, store.model.model_id, type_id)
    store.update_encodings(type_id, lambda _: made)


def _count_writes(encoder: Encoder, store: Store, photo: bytes) -> int:
    writes = []

    def note(params: dict[str, object], **_: object) -> None:
        if str(params.get("Key", "")).startswith("encodings/"):
            writes.append(params)

    store.client.meta.events.register("before-parameter-build.s3.PutObject", note)
    recognize(encoder, store, TYPE, photo, threshold=-1)
    store.client.meta.events.unregister("before-parameter-build.s3.PutObject", note)
    return len(writes)
