"""Objects read recently, kept with their ETag; S3 confirms each before it is used. Pure."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 128 * 1024 * 1024
"""About 50,000 rows of 512 dimensions; the least recently used make room."""


@dataclass(frozen=True, slots=True)
class Cached:
    """What an object holds, the ETag it had, and the bytes it takes."""

    value: Any
    etag: str
    size: int


class Cache:
    """What was used last, within a limit of bytes. It may be out of date: ask S3 before each use."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Start empty."""
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Cached] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Cached | None:
        """What is kept of the object with this key."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def keep(self, key: str, cached: Cached) -> None:
        """Keep what an object holds, in place of what was kept of it; what is too large is not kept."""
        with self._lock:
            self._drop(key)
            if cached.size > self._max_bytes:
                return
            self._entries[key] = cached
            self._bytes += cached.size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= entry.size
