"""A cold start: what a function needs before its first event."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lookalike.aws.clients import make_client
from lookalike.config import Config, read_config
from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Started:
    """What a function works with, from its first event to its last."""

    config: Config
    encoder: Encoder
    store: Store
    queue: Any
    bus: Any


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
    return Started(config=config, encoder=encoder, store=store, queue=queue, bus=bus)
