"""Bring types' encodings up to date when S3 tells, through SQS, of images that came or went."""

import time
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from lookalike.aws import events
from lookalike.aws.cold_start import start
from lookalike.aws.queue import images_to_look_at, request_rebuild, types_to_rebuild
from lookalike.gallery_refresh import refresh_gallery
from lookalike.keys import parse_type_id
from lookalike.rebuilding import Rebuilt, rebuild
from lookalike.storage.compare_and_swap import ContentionError

started = start(share_cores=True)
config, encoder, store = started.config, started.encoder, started.store
queue, bus = started.queue, started.bus
logger = Logger()
metrics = Metrics()

RESERVE_SECONDS = 20
"""Time kept for saving what was encoded and answering."""


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Rebuild each type that a batch tells of, once; messages of failed types return to the queue."""
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    outcomes: dict[str, Exception | None] = {}
    named = _images_by_type(event)

    def handle(record: SQSRecord) -> None:
        logger.set_correlation_id(record.message_id)
        for type_id in types_to_rebuild(record.body):
            if type_id not in outcomes:
                # Types that the first ones leave no time for get a message, lest all return to the queue.
                out_of_time = bool(outcomes) and time.monotonic() >= deadline
                outcomes[type_id] = (
                    _postpone(type_id, named[type_id])
                    if out_of_time
                    else _attempt(type_id, deadline, named[type_id])
                )
            if error := outcomes[type_id]:
                raise error

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, handle, processor, context)
    # Once for all types of the batch. Should it fail, so does the batch: its messages come again, find the
    # types rebuilt, and end here.
    refresh_gallery(store, outcomes)
    return response


def _images_by_type(event: dict[str, Any]) -> defaultdict[str, set[str]]:
    """The images that a batch names: a type's are looked at together, once."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for record in event["Records"]:
        for key in images_to_look_at(record["body"]):
            if type_id := parse_type_id(key):
                named[type_id].add(key)
    return named


def _attempt(type_id: str, deadline: float, named: Collection[str]) -> Exception | None:
    try:
        rebuilt = rebuild(encoder, store, type_id, deadline, named)
        if not rebuilt.complete and not rebuilt.failure:
            request_rebuild(queue, config.queue_url, type_id, named)
    except ContentionError:
        # Its own writers are ahead: coming back by a message of its own costs the others' messages no try.
        return _postpone(type_id, named)
    except Exception as error:  # one type's failure must not stop the others
        logger.exception("a type could not be rebuilt", type_id=type_id)
        return error
    _tell(rebuilt)
    return rebuilt.failure


def _postpone(type_id: str, named: Collection[str]) -> Exception | None:
    try:
        request_rebuild(queue, config.queue_url, type_id, named)
    except Exception as error:  # the messages that told of the type return to the queue instead
        logger.exception("a type's rebuild could not be postponed", type_id=type_id)
        return error
    logger.info("a type's rebuild is postponed", type_id=type_id)
    return None


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
