"""Keeping the gallery: its prototypes follow the types' encodings, and now and then it learns anew."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np
from aws_lambda_powertools import Logger
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings, Origin, now
from lookalike.matching.gallery import Fit, Gallery, Prototype, fit
from lookalike.matching.metric import sample_types
from lookalike.storage.store import MAX_TYPES, Store

READERS = 8
"""Encodings read at once; a boto3 client keeps 10 connections."""

T = TypeVar("T")

logger = Logger(child=True)


def refresh_gallery(store: Store, type_ids: Iterable[str]) -> None:
    """Bring the prototypes of some types to what their encodings say; all of them if there is no gallery.

    What it knows of how photos differ is learnt anew once enough types or encodings have come or gone.

    Raises:
        ContentionError: others wrote the gallery each time.
    """
    changed = list(type_ids)
    if not changed:
        return

    def follow(gallery: Gallery | None) -> Gallery | None:
        # The gallery was read before these encodings: whoever changes them later refreshes it later too.
        wanted = changed if gallery else sorted({*changed, *store.list_encoded_types()})
        prototypes = _of_each(store, wanted, _prototype)
        if gallery is None:
            known = {type_id: each for type_id, each in prototypes.items() if each}
            kept = dict(islice(known.items(), MAX_TYPES))
            learnt = _learn(store, kept)
            return Gallery.of(store.model_id, kept, learnt) if learnt else None
        after = gallery.replace(prototypes)
        if len(after.type_ids) > max(MAX_TYPES, len(gallery.type_ids)):
            logger.error("the gallery is full: new types are left out", types=MAX_TYPES)
            return gallery.replace({t: each for t, each in prototypes.items() if t in gallery.type_ids})
        return after

    gallery = store.update_gallery(follow)
    if gallery and gallery.has_outgrown_its_fit and (learnt := _learn(store, gallery.prototypes())):
        # Learnt before it is written, so that a lost race costs no second time.
        store.update_gallery(lambda current: replace(current, fit=learnt) if current else None)


def _learn(store: Store, prototypes: Mapping[str, Prototype]) -> Fit | None:
    """Learn from uploaded photos of some types, so that no run of false matches teaches anything.

    None if there is nothing to learn from.
    """
    sample = _of_each(store, sample_types(prototypes), _teaching_and_all)
    read = {type_id: matrices for type_id, matrices in sample.items() if matrices}
    teaching = {type_id: uploaded for type_id, (uploaded, _) in read.items() if len(uploaded)}
    everything = {type_id: matrix for type_id, (_, matrix) in read.items()}
    return fit(teaching or everything, prototypes, now()) if read else None


def _prototype(encodings: Encodings) -> Prototype:
    return Prototype.of(encodings.references.matrix)


def _teaching_and_all(encodings: Encodings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return encodings.of_origin(Origin.UPLOADED).matrix, encodings.references.matrix


def _of_each(store: Store, type_ids: Iterable[str], take: Callable[[Encodings], T]) -> dict[str, T | None]:
    """What is taken of each type's encodings, which are let go at once; None of a type without any."""

    def read(type_id: str) -> T | None:
        encodings, _ = store.read_encodings(type_id)
        return take(encodings) if encodings and encodings.references.rows else None

    wanted = list(type_ids)
    with ThreadPoolExecutor(READERS) as threads:
        return dict(zip(wanted, threads.map(read, wanted), strict=True))
