"""The image that a request carries: raw, in a form, or named by its key."""

import base64
import binascii
from dataclasses import replace
from io import BytesIO
from typing import TypeVar

from aws_lambda_powertools.event_handler.exceptions import (
    BadRequestError,
    RequestEntityTooLargeError,
    ServiceError,
)
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from multipart import MultipartError, MultipartParser, parse_options_header
from pydantic import BaseModel, ValidationError

from lookalike.looking import QueryPhoto
from lookalike.matching.settings import TypeSettings
from lookalike.storage.store import Store
from recognize.judging import VerdictRequest
from recognize.schemas import EventPhoto, QueryReference

MAX_BODY_BYTES = 4_500_000
"""What fits into a Lambda event of 6 MB when base64 makes four bytes of three."""

Model = TypeVar("Model", bound=BaseModel)

IMAGE_PART = "image"
ACCEPTED = (
    "image/*, application/octet-stream, multipart/form-data with a part 'image', or JSON with a 'query_key'"
)


def read_query(
    event: APIGatewayProxyEventV2, store: Store, filename: str | None = None
) -> tuple[QueryPhoto, EventPhoto]:
    """The photo that a request sends or names; its name is the one given, or else the one that a form gives.

    Raises:
        ServiceError: as `read_body` does.
        NotFoundError: there is none under the key that it names.
        ImageTooLargeError: that one has too many bytes.
    """
    body = read_body(event)
    if isinstance(body, QueryReference):
        photo, key = QueryPhoto(store.get_query(body.query_key).data), body.query_key
    else:
        photo, key = body, None
    photo = replace(photo, filename=filename or photo.filename)
    return photo, EventPhoto(photo=key, filename=photo.filename)


def read_body(event: APIGatewayProxyEventV2) -> QueryPhoto | QueryReference:
    """The image of a request's body, or the key of one that was uploaded before.

    Raises:
        ServiceError: 400 no image, or a body that can't be read; 413 too large; 415 another content type.
    """
    content_type, options = parse_options_header(event.headers.get("content-type", ""))
    body = _decode(event)
    if content_type == "application/json":
        return _read_reference(body)
    if content_type == "multipart/form-data":
        return _read_form(body, options.get("boundary"))
    if content_type.startswith("image/") or content_type in ("", "application/octet-stream"):
        return QueryPhoto(_not_empty(body))
    raise ServiceError(415, f"content type {content_type!r} is not taken: send {ACCEPTED}")


def read_settings(event: APIGatewayProxyEventV2) -> TypeSettings:
    """The settings of a request's body, which is JSON.

    Raises:
        ServiceError: 400 no settings that a type can have; 413 too large; 415 another content type.
    """
    return _read_json(event, TypeSettings, "settings")


def read_verdict(event: APIGatewayProxyEventV2) -> VerdictRequest:
    """The verdict of a request's body, which is JSON.

    Raises:
        ServiceError: as `read_settings` does.
    """
    return _read_json(event, VerdictRequest, "a verdict")


def _read_json(event: APIGatewayProxyEventV2, model: type[Model], what: str) -> Model:
    content_type, _ = parse_options_header(event.headers.get("content-type", ""))
    if content_type not in ("", "application/json"):
        raise ServiceError(
            415, f"content type {content_type!r} is not taken: send {what} as application/json"
        )
    try:
        return model.model_validate_json(_decode(event))
    except ValidationError as error:
        raise BadRequestError(f"this body is not {what}: {reasons(error)}") from None


def reasons(error: ValidationError) -> str:
    """What is wrong with a body, for whoever sent it."""
    told = ((".".join(map(str, entry["loc"])), entry["msg"]) for entry in error.errors())
    return "; ".join(f"{place}: {reason}" if place else reason for place, reason in told)


def _decode(event: APIGatewayProxyEventV2) -> bytes:
    text = event.body or ""
    try:
        body = base64.b64decode(text, validate=True) if event.is_base64_encoded else text.encode()
    except binascii.Error as error:
        raise BadRequestError(f"the body is no base64: {error}") from None
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLargeError(
            f"the body has {len(body):,} bytes; at most {MAX_BODY_BYTES:,} are taken here: "
            "put larger photos through POST /uploads and send their query_key"
        )
    return body


def _read_reference(body: bytes) -> QueryReference:
    try:
        return QueryReference.model_validate_json(body)
    except ValidationError as error:
        raise BadRequestError(
            f'JSON must be {{"query_key": "queries/..."}} as POST /uploads gave it: {reasons(error)}'
        ) from None


def _read_form(body: bytes, boundary: str | None) -> QueryPhoto:
    if not boundary:
        raise BadRequestError("multipart/form-data needs a boundary in its content type")
    parser = MultipartParser(
        BytesIO(body), boundary, len(body), spool_limit=MAX_BODY_BYTES, memory_limit=MAX_BODY_BYTES
    )
    try:
        part = parser.get(IMAGE_PART)
    except MultipartError as error:
        # The first of its arguments is for people; there may be another one, for programmers.
        raise BadRequestError(f"the form can't be read: {error.args[0]}") from None
    if part is None:
        raise BadRequestError(f"the form has no part {IMAGE_PART!r}: send the photo as that part")
    return QueryPhoto(_not_empty(part.raw), part.filename or None)


def _not_empty(data: bytes) -> bytes:
    if not data:
        raise BadRequestError(f"there is no image in the request: send {ACCEPTED}")
    return data
