"""A warm query through the library, with S3 emulated on the same cores."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import boto3

from lookalike.aws.events import MISSED, Event, publish
from lookalike.looking import QueryPhoto
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule
from lookalike.recognition import recognize
from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike_tools.bench.measurements.comparing import make_encodings
from lookalike_tools.bench.timing import seconds
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

ROUNDS = 40
ROWS = 1_000
OTHER_TYPES = 200
TYPE = "type"
NO_MATCH, ANY_MATCH = Policy(Rule.SIMILARITY, 1), Policy(Rule.SIMILARITY, -1)


@dataclass(frozen=True)
class Serving:
    """Seconds of a warm query on a small photo.

    Attributes:
        beyond: recognition without decoding and encoding, by the number of other types.
        read: the conditional read of unchanged encodings, with the emulator's part.
        settings: the read of the type's settings, which precedes recognition, with the emulator's part.
        event: putting the event, which follows recognition, with the emulator's part.
        append_writes: conditional writes of encodings that a match with append makes.
    """

    beyond: dict[int, float]
    read: float
    settings: float
    event: float
    append_writes: int


def measure_serving(emulator: Emulator, model_dir: Path, photo: bytes) -> Serving:
    """Query a type of 1,000 rows alone, then among many other types."""
    client = boto3.client("s3", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)
    bucket, work = Bucket(client, "serving"), Bucket(client, "serving-work")
    for each in (bucket, work):
        client.create_bucket(Bucket=each.name)
    bus = boto3.client("events", endpoint_url=emulator.endpoint_url, region_name=REGION, **CREDENTIALS)
    event = Event(MISSED, {"type_id": TYPE})
    encoder = Encoder(model_dir)
    store = Store(bucket, work, encoder.model_id, encoder.dimension)
    _put(store, TYPE, ROWS)
    parts: dict[str, Callable[[], object]] = {
        "encoding": lambda: encoder.encode([photo]),
        "query": lambda: recognize(encoder, store, TYPE, QueryPhoto(photo), NO_MATCH, append=False),
        "read": lambda: store.read_encodings(TYPE),
        "settings": lambda: store.read_settings(TYPE),
        "event": lambda: publish(bus, "default", [event]),
    }
    beyond, taken = {}, {}
    for others in (0, OTHER_TYPES):
        for other in range(others):
            _put(store, f"other-{other}", 10)
        rounds = [{name: seconds(work) for name, work in parts.items()} for _ in range(ROUNDS)]
        taken = {name: median(times[name] for times in rounds) for name in parts}
        # Differences within a round, because the cores' speed varies.
        beyond[others] = median(times["query"] - times["encoding"] for times in rounds)
    return Serving(
        beyond=beyond,
        read=taken["read"],
        settings=taken["settings"],
        event=taken["event"],
        append_writes=_count_writes(encoder, store, photo),
    )


def _put(store: Store, type_id: str, rows: int) -> None:
    made = make_encodings(rows, store.model_id, type_id)
    store.update_encodings(type_id, lambda _: made)


def _count_writes(encoder: Encoder, store: Store, photo: bytes) -> int:
    writes = []

    def note(params: dict[str, object], **_: object) -> None:
        if str(params.get("Key", "")).startswith("encodings/"):
            writes.append(params)

    events = store.bucket.client.meta.events
    events.register("before-parameter-build.s3.PutObject", note)
    recognize(encoder, store, TYPE, QueryPhoto(photo), ANY_MATCH)
    events.unregister("before-parameter-build.s3.PutObject", note)
    return len(writes)
