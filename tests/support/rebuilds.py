"""A type whose images are uploaded and rebuilt, and what its encodings then hold."""

import time

from lookalike.keys import image_key
from lookalike.matching.encodings import Encodings
from lookalike.rebuilding.reconciling import Rebuilt, rebuild
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder

TYPE = "hex-nut"


def upload(store: Store, name: str, data: bytes) -> str:
    key = image_key(TYPE, name)
    store.put_image(key, data, "image/png")
    return key


def bring_up_to_date(encoder: Encoder, store: Store, seconds: float = 60) -> Rebuilt:
    return rebuild(encoder, store, TYPE, time.monotonic() + seconds)


def upload_and_build(encoder: Encoder, store: Store, name: str, data: bytes) -> str:
    key = upload(store, name, data)
    bring_up_to_date(encoder, store)
    return key


def encodings_of(store: Store) -> Encodings:
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    return encodings


def encoded_images(store: Store) -> list[str]:
    encodings, _ = store.read_encodings(TYPE)
    return sorted(row.image for row in encodings.rows) if encodings else []


def version(store: Store) -> str | None:
    return store.read_encodings(TYPE)[1]
