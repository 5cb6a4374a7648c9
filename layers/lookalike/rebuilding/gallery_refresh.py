"""Keeping the gallery: its prototypes follow the types' encodings, and now and then it learns anew."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np
from aws_lambda_powertools import Logger
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings, Origin, now
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Fit, Prototype, fit
from lookalike.matching.learning.metric import sample_types
from lookalike.storage.store import MAX_TYPES, Store

READERS = 8
"""Encodings read at once; a boto3 client keeps 10 connections."""

T = TypeVar("T")

logger = Logger(child=True)


def refresh_gallery(store: Store, type_ids: Iterable[str]) -> int:
    """Bring the prototypes of some types to what their encodings say; all of them if there is no gallery.

    What it knows of how photos differ is learnt anew once enough types or encodings have come or gone.

    Returns:
        How many types were left out, for it has no more than `MAX_TYPES`. Others change and go all the same.

    Raises:
        ContentionError: others wrote the gallery each time.
    """
    changed = list(type_ids)
    left_out: set[str] = set()
    if not changed:
        return 0

    def follow(gallery: Gallery | None) -> Gallery | None:
        nonlocal left_out
        # The gallery was read before these encodings: whoever changes them later refreshes it later too.
        wanted = changed if gallery else sorted({*changed, *store.list_encoded_types()})
        prototypes = _of_each(store, wanted, _prototype)
        left_out = _without_room(gallery, prototypes)
        taken = {type_id: each for type_id, each in prototypes.items() if type_id not in left_out}
        if gallery:
            return gallery.replace(taken)
        known = {type_id: each for type_id, each in taken.items() if each}
        learnt = _learn(store, known)
        return Gallery.of(store.model_id, known, learnt) if learnt else None

    gallery = store.update_gallery(follow)
    if gallery and gallery.has_outgrown_its_fit and (learnt := _learn(store, gallery.prototypes())):
        # Learnt before it is written, so that a lost race costs no second time.
        store.update_gallery(lambda current: replace(current, fit=learnt) if current else None)
    if left_out:
        logger.error("the gallery is full: types are left out", most=MAX_TYPES, left_out=len(left_out))
    return len(left_out)


def _without_room(gallery: Gallery | None, prototypes: Mapping[str, Prototype | None]) -> set[str]:
    """The types that the gallery has no room for."""
    known = set(gallery.type_ids) if gallery else set()
    gone = {type_id for type_id, each in prototypes.items() if each is None}
    new = sorted(type_id for type_id, each in prototypes.items() if each and type_id not in known)
    return set(new[max(MAX_TYPES - len(known - gone), 0) :])


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
