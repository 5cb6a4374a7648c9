"""A cold start: what a function needs before its first event."""

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from lookalike.aws.clients import make_client
from lookalike.config import Config, read_config
from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from lookalike.vision.model import DESCRIPTION_FILE, read_description


@dataclass(frozen=True, slots=True)
class Previous:
    """The model that was replaced, where the image carries it.

    Attributes:
        store: holds its encodings.
        open_encoder: opens it at the first call.
    """

    store: Store
    open_encoder: Callable[[], Encoder]


@dataclass(frozen=True, slots=True)
class Started:
    """What a function works with, from its first event to its last.

    Attributes:
        config: what the environment says.
        encoder: the model.
        store: the buckets, with this model's encodings.
        queue: client of SQS.
        bus: client of EventBridge.
        previous: the model that this one replaces, if there is one.
        replaced: whether this is that model: nobody builds its encodings any more.
    """

    config: Config
    encoder: Encoder
    store: Store
    queue: Any
    bus: Any
    previous: Previous | None = None
    replaced: bool = False

    def by_previous(self, previous: Previous) -> "Started":
        """The same by the model that was replaced; opens it."""
        return replace(
            self, encoder=previous.open_encoder(), store=previous.store, previous=None, replaced=True
        )


def start(*, share_cores: bool = False) -> Started:
    """Read the environment, open the model and make the clients.

    Args:
        share_cores: whether other threads need the cores while images are encoded.

    Raises:
        pydantic.ValidationError: the environment is not as the template sets it.
        ModelError: the model can't be opened.
    """
    # Not every event has figures to tell: a request for a list, a test message of S3's.
    warnings.filterwarnings("ignore", "No application metrics to publish")
    config = read_config()
    with ThreadPoolExecutor() as threads:
        # Opening the model and making clients take about as long: one is waited for.
        opening = threads.submit(Encoder, config.model_dir, share_cores=share_cores, cores=config.cores)
        s3, queue, bus = make_client("s3"), make_client("sqs"), make_client("events")
        encoder = opening.result()
    bucket, work = Bucket(s3, config.bucket), Bucket(s3, config.work_bucket)
    store = Store(bucket, work, encoder.model_id, encoder.dimension)
    previous = _find_previous(config, store)
    return Started(config=config, encoder=encoder, store=store, queue=queue, bus=bus, previous=previous)


def _find_previous(config: Config, store: Store) -> Previous | None:
    folder = config.previous_model_dir
    if not (folder / DESCRIPTION_FILE).is_file():
        return None
    description = read_description(folder)
    if description.model_id == store.model_id:
        return None
    before = Store(store.bucket, store.work, description.model_id, description.dimension)
    return Previous(before, cache(lambda: Encoder(folder, cores=config.cores)))
