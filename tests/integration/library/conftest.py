"""A type that is built, to ask about."""

import pytest

from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.photos.photographs import photograph
from support.rebuilds import bring_up_to_date, upload


@pytest.fixture
def built(encoder: Encoder, store: Store) -> Store:
    """A store with three reference images of subject 1."""
    for shot in range(3):
        upload(store, f"{shot}.png", photograph(1, shot))
    bring_up_to_date(encoder, store)
    return store
