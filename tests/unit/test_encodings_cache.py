"""The encodings used last are kept, within a limit of bytes."""

import numpy as np

from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Rejection, Row
from lookalike.storage.cache import ROW_BYTES, EncodingsCache

DIMENSION = 4
BYTES_OF_ONE = ROW_BYTES + 4 * DIMENSION
"""What encodings of one row take."""


def encodings_of(rows: int = 1, rejected: int = 0) -> Encodings:
    encoded = [
        EncodedImage(
            Row(f"{index}.jpg", "etag", Origin.UPLOADED, ""), np.eye(1, DIMENSION, dtype=np.float32)[0]
        )
        for index in range(rows)
    ]
    refused = [Rejection(f"rejected-{index}.jpg", "etag", "damaged", "") for index in range(rejected)]
    return Encodings.empty("model", "type", DIMENSION).append(encoded, refused)


def kept_of(cache: EncodingsCache, *keys: str) -> list[str]:
    """Which of the keys are kept; asking is a use of each."""
    return [key for key in keys if cache.get(key)]


def test_what_is_kept_is_found_with_its_etag() -> None:
    cache, encodings = EncodingsCache(), encodings_of()
    cache.keep("a", encodings, "etag-a")
    found = cache.get("a")
    assert found
    assert found.encodings is encodings
    assert found.etag == "etag-a"
    assert cache.get("b") is None


def test_newer_encodings_take_the_place_of_older_ones() -> None:
    cache, newer = EncodingsCache(max_bytes=BYTES_OF_ONE), encodings_of()
    cache.keep("a", encodings_of(), "1")
    cache.keep("a", newer, "2")
    assert cache.get("a") == (newer, "2")


def test_the_least_recently_used_make_room() -> None:
    cache = EncodingsCache(max_bytes=2 * BYTES_OF_ONE)
    cache.keep("a", encodings_of(), "1")
    cache.keep("b", encodings_of(), "1")
    cache.get("a")
    cache.keep("c", encodings_of(), "1")
    assert kept_of(cache, "a", "b", "c") == ["a", "c"]


def test_keeping_again_is_a_use() -> None:
    cache = EncodingsCache(max_bytes=2 * BYTES_OF_ONE)
    for key in ("a", "b", "a", "c"):
        cache.keep(key, encodings_of(), "1")
    assert kept_of(cache, "a", "b", "c") == ["a", "c"]


def test_large_encodings_push_out_as_many_as_they_need() -> None:
    cache = EncodingsCache(max_bytes=3 * BYTES_OF_ONE)
    for key in ("a", "b", "c"):
        cache.keep(key, encodings_of(), "1")
    cache.keep("large", encodings_of(rows=2), "1")
    assert kept_of(cache, "a", "b", "c", "large") == ["c", "large"]


def test_what_was_pushed_out_takes_no_room() -> None:
    cache = EncodingsCache(max_bytes=2 * BYTES_OF_ONE)
    for number in range(20):
        cache.keep(str(number), encodings_of(), "1")
    assert kept_of(cache, *map(str, range(20))) == ["18", "19"]


def test_what_exceeds_the_limit_is_not_kept() -> None:
    cache = EncodingsCache(max_bytes=BYTES_OF_ONE - 1)
    cache.keep("a", encodings_of(), "1")
    assert cache.get("a") is None


def test_rejected_images_take_room_too() -> None:
    cache = EncodingsCache(max_bytes=BYTES_OF_ONE + ROW_BYTES)
    cache.keep("fits", encodings_of(rows=1, rejected=1), "1")
    assert cache.get("fits")
    cache.keep("too large", encodings_of(rows=1, rejected=2), "1")
    assert cache.get("too large") is None
