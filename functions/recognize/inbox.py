"""Photos of the inbox, by messages of its queue: each is answered by an event."""

import time
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lookalike import errors
from lookalike.aws import events
from lookalike.aws.cold_start import Started
from lookalike.aws.inbox_queue import Put, bring_back, photos_put
from lookalike.inbox import Taken, take
from lookalike.keys import file_name, parse_inbox_key
from recognize import schemas
from recognize.asking import Wishes, ask, ask_for_rebuilds
from recognize.responses import details
from recognize.responses.named_errors import BadRequest, NamedError, NotReady, StorageFailed, by_name

MOST_RECEIVES = 10
"""How often a photo is tried while its type is being built: with the delays between, for some 20 minutes."""

TAKEN_AT_ONCE = 4
"""Photos that are encoded together: all of a batch, if slow to decode, could leave no time to answer one."""

PHOTO_SECONDS = 5
"""Time for a photo that was begun, and for what remains to be said of the others."""

STORAGE_FAILED = "StorageFailed"
METRICS = {StorageFailed: STORAGE_FAILED, NotReady: "PhotosNotBuiltYet"}
"""What photos that come back are counted by. Alarms of the API look at `NotBuiltYet`, which is its own."""

logger = Logger(child=True)
metrics = Metrics()


class NotDoneError(Exception):
    """A message is not done: it comes back."""

    def __init__(self, reason: str, metric: str | None = None) -> None:
        """Say why, and by which metric it is counted: for Lambda a message that comes back is no error."""
        super().__init__(reason)
        self.metric = metric


def answer_batch(
    started: Started, event: dict[str, Any], context: LambdaContext, deadline: float
) -> PartialItemFailureResponse:
    """Answer each photo of a batch by an event; messages of those that can't be answered yet come back.

    Args:
        started: what the function works with.
        event: the batch.
        context: Lambda's.
        deadline: when calls to AWS end, in `time.monotonic()` seconds.
    """
    puts = list(dict.fromkeys(_all_puts(event)))
    taken: dict[Put, Taken] = {}

    def handle(record: SQSRecord) -> None:
        nonlocal taken
        logger.set_correlation_id(record.message_id)
        try:
            for put in photos_put(record.body):
                if time.monotonic() >= deadline - PHOTO_SECONDS:
                    raise NotDoneError("no time is left for another photo")
                if put not in taken:
                    taken = take(started.encoder, started.store, puts[puts.index(put) :][:TAKEN_AT_ONCE])
                told = _answer(started, put, taken[put], last=_receives(record) >= MOST_RECEIVES)
                if reasons := events.put(started.bus, started.config.event_bus, [told]):
                    raise NotDoneError(f"the bus refused an event: {reasons[0]}", STORAGE_FAILED)
        except Exception as error:
            if isinstance(error, NotDoneError) and error.metric:
                metrics.add_metric(error.metric, MetricUnit.Count, 1)
            logger.warning("a message of the inbox comes back", reason=str(error), body=record.body)
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, handle, processor, context)
    _bring_back(started, event, response)
    return response


def _all_puts(event: dict[str, Any]) -> list[Put]:
    puts = []
    for record in event["Records"]:
        try:
            puts += photos_put(record["body"])
        except ValueError:  # its own turn tells
            continue
    return puts


def _answer(started: Started, put: Put, taken: Taken, *, last: bool) -> events.Event:
    """What the bus is told of a photo.

    Raises:
        NotDoneError: it has to be tried again.
    """
    about = schemas.EventPhoto(
        photo=put.key, filename=file_name(put.key), version=put.etag, id=put.id, context=dict(taken.context)
    )
    asked = parse_inbox_key(put.key)
    try:
        if not asked:
            raise BadRequest("photos belong under inbox/{type_id}/, or inbox/_any/ for all types")
        if not taken.photo:
            raise taken.error or AssertionError("a photo, or why there is none")
        wishes = Wishes(append=started.config.inbox_append)
        return details.recognition_event(ask(started, asked.type_id, taken.photo, wishes), about)
    except Exception as error:
        named = error if isinstance(error, NamedError) else by_name(error)
        if named is None or isinstance(named, StorageFailed) or (isinstance(named, NotReady) and not last):
            if isinstance(error, errors.EncodingsNotReadyError):
                _ask_for_rebuilds(started, error)
            if named is None:
                metrics.add_metric("UnforeseenErrors", MetricUnit.Count, 1)
            raise NotDoneError(str(error), METRICS.get(type(named)) if named else None) from error
    logger.info("a photo is refused", photo=put.key, error=type(named).__name__, reason=str(named))
    metrics.add_metric("Refused", MetricUnit.Count, 1)
    return details.refusal_event(asked.type_id if asked else None, named, about)


def _ask_for_rebuilds(started: Started, error: errors.EncodingsNotReadyError) -> None:
    try:
        ask_for_rebuilds(started, error)
    except (ClientError, BotoCoreError) as failure:
        raise NotDoneError(str(failure), STORAGE_FAILED) from failure


def _bring_back(started: Started, event: dict[str, Any], response: PartialItemFailureResponse) -> None:
    """Have what is not done come back soon, and later each time."""
    failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
    try:
        for record in map(SQSRecord, event["Records"]):
            if record.message_id in failed:
                bring_back(
                    started.queue, started.config.inbox_queue_url, record.receipt_handle, _receives(record)
                )
    except (ClientError, BotoCoreError):
        logger.exception("messages come back only when their visibility timeout is over")


def _receives(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count)
