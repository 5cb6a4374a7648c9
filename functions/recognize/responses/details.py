"""What events say: the answer, and which photo it is about."""

from typing import Any

from lookalike.aws import events
from recognize import schemas
from recognize.responses.named_errors import NamedError

Answer = schemas.RecognizeAnswer | schemas.IdentifyAnswer


def recognition_event(answer: Answer, photo: schemas.EventPhoto) -> events.Event:
    """A photo was recognised, or was not."""
    kind = events.MATCHED if answer.match else events.MISSED
    return events.Event(kind, of_answer(answer) | photo.model_dump())


def refusal_event(type_id: str | None, error: NamedError, photo: schemas.EventPhoto) -> events.Event:
    """A photo of the inbox can't be recognised."""
    told = {"type_id": type_id, "error": type(error).__name__, "reason": events.cut(str(error))}
    return events.Event(events.REFUSED, told | photo.model_dump())


def of_answer(answer: Answer) -> dict[str, Any]:
    """An answer as events tell it: both kinds name the type alike."""
    detail = answer.model_dump()
    if isinstance(answer, schemas.IdentifyAnswer):
        detail["type_id"] = detail.pop("match")
    return detail
