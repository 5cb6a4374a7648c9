"""Rebuilding types of a live stack, and waiting until they are built."""

import time
from collections.abc import Iterable, Iterator

from lookalike.aws.queue import request_rebuilds
from lookalike_tools.live.api import get_json, read_type
from lookalike_tools.live.stack import Stack, StackError

PATIENCE_SECONDS = 1800
"""Longer than messages that fail come again, and than those of a function that was killed stay hidden."""

POLL_SECONDS = 0.5


def rebuild_types(stack: Stack, type_ids: Iterable[str]) -> Iterator[str]:
    """Queue types to be rebuilt; yields each when it is up to date with the model that is running.

    Raises:
        StackError: no type was built for `PATIENCE_SECONDS`.
    """
    queued = list(type_ids)
    request_rebuilds(stack.client("sqs"), stack.queue_url, queued)
    yield from wait_until_built(stack, queued)


def wait_until_built(stack: Stack, type_ids: Iterable[str]) -> Iterator[str]:
    """Wait until types are up to date; yields each when it is.

    Raises:
        StackError: no type was built for `PATIENCE_SECONDS`.
    """
    waiting = list(type_ids)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        built = [type_id for type_id in waiting if read_type(stack, type_id)["up_to_date"]]
        for type_id in built:
            waiting.remove(type_id)
            yield type_id
        if built:
            give_up = time.monotonic() + PATIENCE_SECONDS
        elif time.monotonic() > give_up:
            raise StackError(
                f"{len(waiting)} types are still not up to date, {waiting[0]} among them: see the rebuild "
                "function's logs and the dead-letter queue"
            )
        else:
            time.sleep(POLL_SECONDS)


def wait_until_learnt(stack: Stack, types: int) -> None:
    """Wait until what is known of all types together was learnt among nine in ten of so many at least.

    Raises:
        StackError: it was not, for `PATIENCE_SECONDS`.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while (get_json(stack, "/types")["gallery"] or {"types": 0})["types"] < 0.9 * types:
        if time.monotonic() > give_up:
            raise StackError(f"nothing is learnt of {types} types yet: see the rebuild function's logs")
        time.sleep(POLL_SECONDS)
