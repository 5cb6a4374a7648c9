"""Direct invocations: by a workflow of Step Functions, or by another function."""

from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import ValidationError

from lookalike import errors
from lookalike.aws import events
from lookalike.aws.cold_start import Started
from lookalike.keys import file_name
from lookalike.looking import QueryPhoto
from recognize import schemas
from recognize.asking import Wishes, ask, ask_for_rebuilds
from recognize.body import reasons
from recognize.responses import details
from recognize.responses.named_errors import BadRequest, NamedError, NotReady, StorageFailed, by_name

metrics = Metrics()


def answer(started: Started, event: dict[str, Any]) -> dict[str, Any]:
    """What the API would answer about a photo that is in the bucket.

    Raises:
        NamedError: why there is no answer, by the name that a workflow can catch.
    """
    try:
        asked = schemas.DirectQuestion.model_validate(event)
    except ValidationError as error:
        raise _counted(
            BadRequest(
                'an invocation must be {"type_id": a type or null, "photo": "queries/..." or "inbox/..."}, '
                f'with "threshold", "append" and "look" if need be: {reasons(error)}'
            )
        ) from None
    name = file_name(asked.photo)
    append = asked.type_id is not None if asked.append is None else asked.append
    try:
        photo = QueryPhoto(started.store.get_query(asked.photo).data, name)
        found = _ask(started, asked.type_id, photo, Wishes(asked.threshold, append, asked.look))
    except Exception as error:
        if named := by_name(error):
            raise _counted(named) from error
        raise
    about = schemas.EventPhoto(photo=asked.photo, filename=name)
    events.publish(started.bus, started.config.event_bus, [details.recognition_event(found, about)])
    return found.model_dump(mode="json")


def _ask(started: Started, type_id: str | None, photo: QueryPhoto, wishes: Wishes) -> details.Answer:
    try:
        return ask(started, type_id, photo, wishes)
    except errors.EncodingsNotReadyError as error:
        ask_for_rebuilds(started, error)
        raise


def _counted(error: NamedError) -> NamedError:
    """Tell the metrics: Lambda counts an answer that is raised among the function's own failures."""
    metrics.add_metric("NamedErrors", MetricUnit.Count, 1)
    if isinstance(error, NotReady):
        metrics.add_metric("PhotosNotBuiltYet", MetricUnit.Count, 1)
    if isinstance(error, StorageFailed):
        metrics.add_metric("StorageFailed", MetricUnit.Count, 1)
    return error
