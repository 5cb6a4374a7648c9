"""Keeping the gallery: its prototypes follow what the types' encodings say."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from aws_lambda_powertools import Logger
from numpy.typing import NDArray

from lookalike.matching.gallery import Gallery, prototype
from lookalike.storage.store import MAX_TYPES, Store

READERS = 8
"""Encodings read at once; a boto3 client keeps 10 connections."""

logger = Logger(child=True)


def refresh_gallery(store: Store, type_ids: Iterable[str]) -> None:
    """Bring the prototypes of some types to what their encodings say; all of them if there is no gallery.

    Raises:
        ContentionError: others wrote the gallery each time.
    """
    changed = list(type_ids)

    def follow(gallery: Gallery | None) -> Gallery | None:
        # The gallery was read before these encodings: whoever changes them later refreshes it later too.
        wanted = changed if gallery else sorted({*changed, *store.list_encoded_types()})
        with ThreadPoolExecutor(READERS) as threads:
            prototypes = dict(zip(wanted, threads.map(lambda t: _prototype(store, t), wanted), strict=True))
        before = gallery or Gallery.empty(store.model_id, store.dimension)
        after = before.replace(prototypes)
        if len(after.type_ids) > max(MAX_TYPES, len(before.type_ids)):
            logger.error("the gallery is full: new types are left out", types=MAX_TYPES)
            return gallery
        return gallery if after is before else after

    if changed:
        store.update_gallery(follow)


def _prototype(store: Store, type_id: str) -> NDArray[np.float32] | None:
    encodings, _ = store.read_encodings(type_id)
    return prototype(encodings.matrix) if encodings and encodings.rows else None
