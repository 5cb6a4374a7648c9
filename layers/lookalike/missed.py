"""Missed photos: queries that came close to a type and did not match, kept for people to decide about."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from heapq import nlargest

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lookalike import keys
from lookalike.errors import InvalidBoxError
from lookalike.looking import Comparison, QueryPhoto
from lookalike.matching.encodings import Origin
from lookalike.matching.settings import KeepMissed
from lookalike.storage.bucket import StoredObject
from lookalike.storage.provenance import Provenance, from_metadata, to_metadata
from lookalike.storage.store import Store
from lookalike.vision.boxes import round_box
from lookalike.vision.images import FORMATS, sniff_format

MOST_LOOKED_AT = 500
"""Missed photos whose score is asked for in one listing, the newest: each takes a call to S3."""

READERS = 8
"""How many are asked for at once; a boto3 client keeps 10 connections."""

logger = Logger(child=True)


@dataclass(frozen=True, slots=True)
class Missed:
    """A photo that did not match, and how close it came.

    Attributes:
        listed: where it is, and when it came.
        provenance: the reference it was nearest to, what it was called, and the window that was looked at.
        score: by the rule that decided.
        threshold: what the score had to exceed.
    """

    listed: StoredObject
    provenance: Provenance
    score: float
    threshold: float

    @property
    def type_id(self) -> str:
        """The type it came closest to."""
        missed = keys.parse_missed_key(self.listed.key)
        return missed.type_id if missed else ""


def keep_missed(
    store: Store, photo: QueryPhoto, comparison: Comparison, keep: KeepMissed, margin: float
) -> str | None:
    """Keep a query that did not match, if it is wanted; its key. Storage that fails is no reason to fail.

    What a person rejected already is not kept.

    Args:
        store: the buckets.
        photo: the query.
        comparison: with the type that it came closest to.
        keep: which queries are wanted.
        margin: how far below the threshold a score is close.
    """
    decision, policy = comparison.decision, comparison.policy
    close = decision.score > policy.threshold - margin
    if decision.match or keep is KeepMissed.NONE or (keep is KeepMissed.CLOSE and not close):
        return None
    if comparison.encodings.is_rejected(keys.content_digest(photo.data)):
        return None
    nearest = decision.nearest[0]
    window = round_box(comparison.box) if decision.view else None
    provenance = Provenance(
        Origin.RECOGNIZED, round(nearest.similarity, 6), nearest.image, photo.filename, window
    )
    image_format = sniff_format(photo.data)
    key = keys.missed_key(comparison.encodings.type_id, photo.data, image_format)
    figures = {"score": f"{decision.score:.6f}", "threshold": f"{policy.threshold:.6f}"}
    try:
        store.work.put(key, photo.data, FORMATS[image_format], to_metadata(provenance) | figures)
    except (ClientError, BotoCoreError) as error:
        logger.warning("a missed photo could not be kept", photo=key, reason=str(error))
        return None
    return key


def list_missed(store: Store, type_id: str | None, limit: int) -> tuple[list[Missed], bool]:
    """The missed photos of a type, or of all, the closest first; and whether there are others.

    Only the newest `MOST_LOOKED_AT` are looked at; what is decided makes room for the others.
    """
    listed = list(store.work.list_all(keys.missed_prefix(type_id)))
    newest = nlargest(MOST_LOOKED_AT, listed, key=lambda entry: entry.modified)
    # Threads don't inherit the context, which holds the time when calls must end.
    context = copy_context()
    with ThreadPoolExecutor(READERS) as threads:
        found = threads.map(lambda entry: context.copy().run(store.work.head, entry.key), newest)
        missed = [each for head in found if head and (each := _read(head))]
    missed.sort(key=lambda each: (each.threshold - each.score, each.listed.key))
    return missed[:limit], len(listed) > len(newest) or len(missed) > limit


def _read(head: StoredObject) -> Missed | None:
    """What is known of a missed photo; None of what was put there by hand."""
    score, threshold = _number(head.metadata, "score"), _number(head.metadata, "threshold")
    if keys.parse_missed_key(head.key) is None or score is None or threshold is None:
        return None
    try:
        return Missed(head, from_metadata(head.metadata), score, threshold)
    except InvalidBoxError:
        return None


def _number(metadata: Mapping[str, str], name: str) -> float | None:
    try:
        return float(metadata[name])
    except (KeyError, ValueError):
        return None
