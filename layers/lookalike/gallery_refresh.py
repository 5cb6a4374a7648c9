"""Keeping the gallery: its prototypes follow the types' encodings, and now and then it learns anew."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from aws_lambda_powertools import Logger

from lookalike.matching.encodings import Encodings, Origin, now
from lookalike.matching.gallery import Fit, Gallery, Prototype, fit
from lookalike.matching.metric import sample_types
from lookalike.storage.store import MAX_TYPES, Store

READERS = 8
"""Encodings read at once; a boto3 client keeps 10 connections."""

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
        prototypes = {
            type_id: Prototype.of(encodings.matrix) if encodings and encodings.rows else None
            for type_id, encodings in _read(store, wanted).items()
        }
        if gallery is None:
            known = {type_id: each for type_id, each in prototypes.items() if each}
            return Gallery.of(store.model_id, known, _learn(store, known)) if known else None
        after = gallery.replace(prototypes)
        if len(after.type_ids) > max(MAX_TYPES, len(gallery.type_ids)):
            logger.error("the gallery is full: new types are left out", types=MAX_TYPES)
            return gallery
        return after

    gallery = store.update_gallery(follow)
    if gallery and gallery.type_ids and gallery.has_outgrown_its_fit:
        # Learnt before it is written, so that a lost race costs no second time.
        learnt = _learn(store, gallery.prototypes())
        store.update_gallery(lambda current: replace(current, fit=learnt) if current else None)


def _learn(store: Store, prototypes: Mapping[str, Prototype]) -> Fit:
    """Learn from uploaded photos of some types, so that no run of false matches teaches anything."""
    sample = {
        type_id: encodings
        for type_id, encodings in _read(store, sample_types(prototypes)).items()
        if encodings and encodings.rows
    }
    uploaded = {type_id: encodings.of_origin(Origin.UPLOADED) for type_id, encodings in sample.items()}
    teaching = {type_id: each.matrix for type_id, each in uploaded.items() if each.rows}
    everything = {type_id: encodings.matrix for type_id, encodings in sample.items()}
    return fit(teaching or everything, prototypes, now())


def _read(store: Store, type_ids: Iterable[str]) -> dict[str, Encodings | None]:
    wanted = list(type_ids)
    with ThreadPoolExecutor(READERS) as threads:
        read = threads.map(lambda type_id: store.read_encodings(type_id)[0], wanted)
        return dict(zip(wanted, read, strict=True))
