"""Bring types' encodings up to date when messages tell of images that came or went, and the gallery too."""

import time
from contextlib import suppress
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lookalike.aws import events
from lookalike.aws.cold_start import start
from lookalike.aws.messages import Message, Sweep, Wanted, read_message, wanted_of_types
from lookalike.aws.queue import (
    request_rebuild,
    request_rebuilds,
    request_refresh,
    request_sweep,
    show_again_soon,
)
from lookalike.keys import GALLERY, claim_key
from lookalike.rebuilding.gallery_refresh import refresh_gallery
from lookalike.rebuilding.reconciling import Rebuilt, bring_up_to_date
from lookalike.rebuilding.sweeping import slice_of_today, types_in_slice
from lookalike.storage.claims import ClaimedError, claimed
from lookalike.storage.compare_and_swap import ContentionError

started = start(share_cores=True)
config, encoder, store = started.config, started.encoder, started.store
queue, bus = started.queue, started.bus
logger = Logger()
metrics = Metrics()

RESERVE_SECONDS = 20
"""Time kept for saving what was encoded and answering."""

SWEEP_SECONDS = 900
"""Within so many seconds the types of a sweep are rebuilt; SQS delays no message longer."""

REBUILDS_A_STEP = 100
"""Rebuilds of a sweep that are asked for before the time is looked at."""


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Do what a batch of messages asks for, each thing once; messages of what failed come again."""
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    messages = _read(event)
    failures = _rebuild(messages, deadline)
    unrefreshed = _refresh([*messages.values()], deadline)

    def handle(record: SQSRecord) -> None:
        message = read_message(record.body)
        for type_id in message.type_ids & failures.keys():
            raise failures[type_id]
        if message.refresh and unrefreshed:
            raise unrefreshed
        if message.sweep:
            _sweep(message.sweep, deadline)

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, handle, processor, context)
    _show_again_soon(event, response)
    return response


def _read(event: dict[str, Any]) -> dict[str, Message]:
    """The messages of a batch that can be read, by their ids; the others fail when their turn comes."""
    messages = {}
    for record in event["Records"]:
        with suppress(ValueError):
            messages[record["messageId"]] = read_message(record["body"])
    return messages


def _rebuild(messages: dict[str, Message], deadline: float) -> dict[str, Exception]:
    """Bring types up to date, and have the gallery follow them; why some failed, by type."""
    failures: dict[str, Exception] = {}
    looked_at: list[str] = []
    for type_id, of_type in wanted_of_types(messages.values()).items():
        # The first message that told of it stands for all.
        logger.set_correlation_id(next(id_ for id_, told in messages.items() if type_id in told.type_ids))
        # Types that the first ones leave no time for get a message, lest all return to the queue.
        late = bool(looked_at) and time.monotonic() >= deadline
        try:
            if rebuilt := None if late else _bring_up_to_date(type_id, of_type, deadline):
                looked_at.append(type_id)
                _tell(rebuilt)
                if rebuilt.failure:
                    failures[type_id] = rebuilt.failure
                elif not rebuilt.complete:
                    _go_on(type_id, of_type, counted=not rebuilt.changed)
            else:
                _go_on(type_id, of_type, counted=True)
        except Exception as error:  # one type's failure must not stop the others
            logger.exception("a type could not be rebuilt", type_id=type_id)
            failures[type_id] = error
    try:
        # Also where nothing was changed: what was may have been killed before it could ask.
        request_refresh(queue, config.queue_url, looked_at)
    except (ClientError, BotoCoreError) as error:
        logger.exception("the gallery's refresh could not be asked for")
        failures |= dict.fromkeys(looked_at, error)
    metrics.add_metric("TypesFailed", MetricUnit.Count, len(failures))
    return failures


def _bring_up_to_date(type_id: str, wanted: Wanted, deadline: float) -> Rebuilt | None:
    """Bring a type up to date, as far as there is time; None if others are at it."""
    try:
        return bring_up_to_date(
            encoder, store, type_id, deadline, wanted.images, everything=wanted.everything
        )
    except (ClaimedError, ContentionError) as error:
        logger.info("others are at a type: its rebuild is postponed", type_id=type_id, reason=str(error))
        return None


def _go_on(type_id: str, wanted: Wanted, *, counted: bool) -> None:
    """Have a rebuild go on by messages of its own; it costs those that told of the type none of their tries.

    Args:
        type_id: the type.
        wanted: what is wanted of it.
        counted: whether this was a try; else work was done, and goes on at once.
    """
    tries = wanted.tries + 1 if counted else 0
    if wanted.everything:
        request_rebuild(queue, config.queue_url, type_id, tries=tries)
    if wanted.images or not wanted.everything:
        request_rebuild(queue, config.queue_url, type_id, wanted.images, tries)


def _refresh(messages: list[Message], deadline: float) -> Exception | None:
    """Have the gallery follow all types that a batch asks it to, in one write; why that failed, if it did."""
    asked = [message for message in messages if message.refresh]
    type_ids = {type_id for message in asked for type_id in message.refresh or ()}
    if not asked:
        return None
    seconds = max(deadline - time.monotonic(), 0)
    # Types that were rebuilt may leave no time for it; a batch of nothing else does what it can.
    begin = seconds > 0 or not any(message.type_ids for message in messages)
    try:
        if begin and _try_to_refresh(type_ids, seconds):
            return None
        request_refresh(queue, config.queue_url, type_ids, max(message.tries for message in asked) + 1)
    except Exception as error:  # the types of the batch are done
        logger.exception("the gallery could not be refreshed")
        return error
    return None


def _try_to_refresh(type_ids: set[str], seconds: float) -> bool:
    try:
        with claimed(store.work, claim_key(store.model_id, GALLERY), seconds + RESERVE_SECONDS):
            left_out = refresh_gallery(store, type_ids)
    except (ClaimedError, ContentionError) as error:
        logger.info("others refresh the gallery: it is postponed", reason=str(error))
        return False
    metrics.add_metric("TypesLeftOut", MetricUnit.Count, left_out)
    return True


def _sweep(sweep: Sweep, deadline: float) -> None:
    """Have all types of a slice rebuilt, spread over a while."""
    number = slice_of_today() if sweep.slice is None else sweep.slice
    type_ids = types_in_slice(store, number, sweep.after)
    for done in range(0, len(type_ids), REBUILDS_A_STEP):
        if done and time.monotonic() >= deadline:
            request_sweep(queue, config.queue_url, Sweep(slice=number, after=type_ids[done - 1]))
            return
        request_rebuilds(
            queue, config.queue_url, type_ids[done : done + REBUILDS_A_STEP], within_seconds=SWEEP_SECONDS
        )
    logger.info("types of a slice are looked at", slice=number, types=len(type_ids))


def _show_again_soon(event: dict[str, Any], response: PartialItemFailureResponse) -> None:
    failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
    try:
        show_again_soon(
            queue, config.queue_url, [r for r in map(SQSRecord, event["Records"]) if r.message_id in failed]
        )
    except (ClientError, BotoCoreError):  # they come again when the queue shows them
        logger.exception("messages that failed are hidden for longer")


def _tell(rebuilt: Rebuilt) -> None:
    if rebuilt.failure:
        outcome = "S3 did not give all images of a type: its messages come again"
    else:
        outcome = "a type is up to date" if rebuilt.complete else "a type's rebuild goes on by a message"
    logger.info(
        outcome,
        type_id=rebuilt.type_id,
        rows=rebuilt.rows,
        added=rebuilt.added,
        removed=rebuilt.removed,
        rejected=len(rebuilt.rejected),
        failure=rebuilt.failure and str(rebuilt.failure),
    )
    metrics.add_metric("RowsAdded", MetricUnit.Count, rebuilt.added)
    metrics.add_metric("RowsRemoved", MetricUnit.Count, rebuilt.removed)
    metrics.add_metric("ImagesRejected", MetricUnit.Count, len(rebuilt.rejected))
    told = [
        events.Event(
            events.REJECTED,
            {
                "type_id": rebuilt.type_id,
                "image": entry.image,
                "reason": entry.reason,
                "model": encoder.model_id,
            },
        )
        for entry in rebuilt.rejected
    ]
    if rebuilt.changed:
        summary = {
            "type_id": rebuilt.type_id,
            "model": encoder.model_id,
            "encodings": rebuilt.rows,
            "added": rebuilt.added,
            "removed": rebuilt.removed,
            "rejected": len(rebuilt.rejected),
            "complete": rebuilt.complete,
        }
        told.append(events.Event(events.REBUILT, summary))
    events.publish(bus, config.event_bus, told)
