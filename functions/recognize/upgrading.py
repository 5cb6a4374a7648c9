"""While one model replaces another: what is not built yet is answered by the model that was there before."""

from collections.abc import Callable
from typing import TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from lookalike.aws.cold_start import Previous, Started
from lookalike.aws.queue import request_build_once
from lookalike.errors import EncodingsNotReadyError, NotFoundError

T = TypeVar("T")

logger = Logger(child=True)
metrics = Metrics()


def by_whichever_is_built(started: Started, ask: Callable[[Started], T]) -> T:
    """What `ask` answers by the model, or where that is not ready by the one before it, if there is one.

    Raises:
        EncodingsNotReadyError: neither model has built what is asked for.
    """
    if not (previous := started.previous):
        return ask(started)
    try:
        answer = ask(started)
    except EncodingsNotReadyError as error:
        try:
            answer = ask(started.by_previous(previous))
        except (EncodingsNotReadyError, NotFoundError):
            raise error from None
        _have_built(started, error)
        metrics.add_metric("ByPreviousModel", MetricUnit.Count, 1)
    else:
        metrics.add_metric("ByPreviousModel", MetricUnit.Count, 0)
    return answer


def check_all_are_built(started: Started, previous: Previous) -> None:
    """Whether the model can choose among all types that the one before it knows.

    Raises:
        EncodingsNotReadyError: there is one that it can't.
    """
    known, before = started.store.read_gallery(), previous.store.read_gallery()
    if not known or not before:
        return
    missing = sorted(set(before.type_ids) - set(known.type_ids))
    # Others are gone for good.
    waiting = (type_id for type_id in missing if started.store.list_images(type_id, limit=1).items)
    if type_id := next(waiting, None):
        raise EncodingsNotReadyError("the types' encodings are being built: try again in a moment", [type_id])


def _have_built(started: Started, error: EncodingsNotReadyError) -> None:
    """Ask for what is missing; there is an answer, so that it need not succeed."""
    try:
        for type_id in error.type_ids:
            request_build_once(started.queue, started.config.queue_url, type_id)
    except (ClientError, BotoCoreError):
        logger.exception("a type that is not built by the new model could not be queued")
