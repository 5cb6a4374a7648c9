"""What was used last is kept, within a limit of bytes."""

from lookalike.storage.cache import Cache, Cached


def of_size(size: int = 1, etag: str = "1") -> Cached:
    return Cached("value", etag, size)


def kept_of(cache: Cache, *keys: str) -> list[str]:
    """Which of the keys are kept; asking is a use of each."""
    return [key for key in keys if cache.get(key)]


def test_what_is_kept_is_found_with_its_etag() -> None:
    cache, cached = Cache(), of_size(etag="etag-a")
    cache.keep("a", cached)
    assert cache.get("a") is cached
    assert cache.get("b") is None


def test_what_is_newer_takes_the_place_of_what_is_older() -> None:
    cache, newer = Cache(max_bytes=1), of_size(etag="2")
    cache.keep("a", of_size())
    cache.keep("a", newer)
    assert cache.get("a") is newer


def test_the_least_recently_used_make_room() -> None:
    cache = Cache(max_bytes=2)
    cache.keep("a", of_size())
    cache.keep("b", of_size())
    cache.get("a")
    cache.keep("c", of_size())
    assert kept_of(cache, "a", "b", "c") == ["a", "c"]


def test_keeping_again_is_a_use() -> None:
    cache = Cache(max_bytes=2)
    for key in ("a", "b", "a", "c"):
        cache.keep(key, of_size())
    assert kept_of(cache, "a", "b", "c") == ["a", "c"]


def test_what_is_large_pushes_out_as_many_as_it_needs() -> None:
    cache = Cache(max_bytes=3)
    for key in ("a", "b", "c"):
        cache.keep(key, of_size())
    cache.keep("large", of_size(2))
    assert kept_of(cache, "a", "b", "c", "large") == ["c", "large"]


def test_what_was_pushed_out_takes_no_room() -> None:
    cache = Cache(max_bytes=2)
    for number in range(20):
        cache.keep(str(number), of_size())
    assert kept_of(cache, *map(str, range(20))) == ["18", "19"]


def test_what_exceeds_the_limit_is_not_kept() -> None:
    cache = Cache(max_bytes=1)
    cache.keep("a", of_size(2))
    assert cache.get("a") is None


def test_what_is_too_large_pushes_nothing_out() -> None:
    cache = Cache(max_bytes=2)
    cache.keep("a", of_size())
    cache.keep("large", of_size(3))
    assert kept_of(cache, "a", "large") == ["a"]
