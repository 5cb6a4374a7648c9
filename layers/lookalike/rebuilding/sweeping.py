"""Sweeping: a look at one slice of all types a day, for what lost events and killed functions left behind."""

import time
import zlib

from lookalike.storage.store import Store

SLICES = 7
"""A type is looked at once in so many days."""


def slice_of_today() -> int:
    """The slice whose day it is."""
    return int(time.time() // (24 * 60 * 60)) % SLICES


def types_in_slice(store: Store, number: int, after: str = "") -> list[str]:
    """The types of a slice after a name, in order; also those that have nothing but encodings left."""
    found, token = set(store.list_encoded_types()), None
    while True:
        page = store.list_types(token)
        found.update(page.items)
        if not (token := page.next_token):
            break
    return sorted(t for t in found if t > after and zlib.crc32(t.encode()) % SLICES == number)
