"""How long work takes."""

import time
from collections.abc import Callable
from statistics import median


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """How long some work takes, the median of some repeats."""
    return median(seconds(work) for _ in range(repeats))
