"""Encodings kept in memory between a function's queries, each with the ETag that S3 must confirm. Pure."""

import threading
from collections import OrderedDict
from typing import NamedTuple

from lookalike.matching.encodings import Encodings

MAX_BYTES = 128 * 1024 * 1024
"""About 50,000 rows of 512 dimensions; the least recently used make room."""

ROW_BYTES = 512
"""What a row takes beside its encoding: its image's key, ETag and time as Python objects."""


class CachedEncodings(NamedTuple):
    """Encodings, and the ETag of the object they were read from."""

    encodings: Encodings
    etag: str


class EncodingsCache:
    """The encodings used last, within a limit of bytes. They may be out of date: ask S3 before each use."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Start empty."""
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, CachedEncodings] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> CachedEncodings | None:
        """What is kept of the object with this key."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def keep(self, key: str, encodings: Encodings, etag: str) -> None:
        """Keep encodings, in place of others with the same key; too large ones are not kept."""
        with self._lock:
            self._drop(key)
            self._entries[key] = CachedEncodings(encodings, etag)
            self._bytes += _size(encodings)
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= _size(entry.encodings)


def _size(encodings: Encodings) -> int:
    return encodings.matrix.nbytes + ROW_BYTES * (len(encodings.rows) + len(encodings.rejected))
