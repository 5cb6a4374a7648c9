"""Compare-and-swap: change what others may be changing too, and lose nothing. Pure but for the wait."""

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from lookalike.errors import LookalikeError

ATTEMPTS = 8
"""How often it is tried before the caller must do without it."""

BACKOFF_SECONDS = 0.1
"""Longest wait before the second attempt; it doubles with each further one, up to `LONGEST_SECONDS`."""

LONGEST_SECONDS = 1

Value = TypeVar("Value")
Version = TypeVar("Version")


class Conflict(Exception):
    """What is there is not what was expected: another writer was first."""


class ContentionError(LookalikeError):
    """Other writers were faster each time."""


def tries(attempts: int) -> Iterator[int]:
    """Count attempts from 0, with a wait before each but the first.

    The waits are drawn at random ("full jitter"), so that writers spread:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    for attempt in range(attempts):
        if attempt:
            longest = min(LONGEST_SECONDS, BACKOFF_SECONDS * 2 ** (attempt - 1))
            time.sleep(random.uniform(0, longest))
        yield attempt


def compare_and_swap(
    read: Callable[[], tuple[Value, Version]],
    change: Callable[[Value], Value],
    write: Callable[[Value, Version], None],
    attempts: int = ATTEMPTS,
) -> Value:
    """Read, change and write back, again and again until no other writer came between.

    Args:
        read: the value as it is now, and its version.
        change: what the value should be; the same object if nothing has to change.
        write: writes a value if the version is still the one given; else raises `Conflict`.
        attempts: how often to try.

    Returns:
        The value as it is now.

    Raises:
        ContentionError: each attempt lost its race.
    """
    for _ in tries(attempts):
        before, version = read()
        after = change(before)
        if after is before:
            return before
        try:
            write(after, version)
        except Conflict:
            continue
        return after
    raise ContentionError(f"others were faster in each of {attempts} attempts")
