"""Recognise query photos behind API Gateway, and keep the types' reference images."""

import json
import time
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

import lookalike
from lookalike import errors, keys
from lookalike.aws import events
from lookalike.aws.clients import LONGEST_CALL_SECONDS, no_calls_after
from lookalike.aws.cold_start import start
from lookalike.describing import describe_images, describe_images_of, describe_type
from lookalike.matching.settings import TypeSettings
from lookalike.recognition import QueryPhoto
from lookalike.storage.query_uploads import presign_query_upload
from lookalike.vision.boxes import parse_box
from lookalike.vision.images import FORMATS, sniff_format
from recognize import answers, details, direct, schemas
from recognize.asking import Wishes, ask_all, ask_for_rebuilds, ask_type
from recognize.body import read_body, read_settings

started = start()
config, encoder, store = started.config, started.encoder, started.store
bus = started.bus
logger = Logger()
metrics = Metrics()
to_json = partial(json.dumps, ensure_ascii=False)
app = APIGatewayHttpResolver(enable_validation=True, serializer=to_json)

RETRY_AFTER_SECONDS = 2

RESERVE_SECONDS = LONGEST_CALL_SECONDS + 5
"""Time before the function's end in which no call to AWS begins: the last one, and the model's loading before
the first, must end before API Gateway gives up."""

STATUS_OF_ERROR = {
    errors.InvalidBoxError: 400,
    errors.InvalidNameError: 400,
    errors.InvalidTokenError: 400,
    errors.NotFoundError: 404,
    errors.TooManyImagesError: 409,
    errors.ImageTooLargeError: 413,
    errors.UnsupportedImageError: 415,
    errors.UndecodableImageError: 422,
}


@app.post("/types/<type_id>/recognize", summary="Does a photo show an object of this type?")
def recognize_type(
    type_id: schemas.TypeId,
    threshold: schemas.Threshold = None,
    append: schemas.Append = True,
    filename: schemas.Filename = None,
    look: schemas.Looked = None,
) -> schemas.RecognizeAnswer:
    """Compare the photo in the body with the type's images; a match joins them."""
    photo, about = _read_query(filename)
    answer = ask_type(started, type_id, photo, Wishes(threshold, append, look))
    _tell(answer, about)
    return answer


@app.post("/recognize", summary="Which of all types does a photo show?")
def recognize_any(
    threshold: schemas.Threshold = None,
    append: schemas.AppendIfAsked = False,
    filename: schemas.Filename = None,
    look: schemas.Looked = None,
) -> schemas.IdentifyAnswer:
    """Compare the photo in the body with the nearest types, the best first; a match joins them if asked."""
    photo, about = _read_query(filename)
    answer = ask_all(started, photo, Wishes(threshold, append, look))
    _tell(answer, about)
    return answer


@app.post("/uploads", summary="Allow a large query photo to be put")
def create_upload(content_type: schemas.MediaType = "application/octet-stream") -> schemas.UploadAnswer:
    """A presigned POST; recognise the photo afterwards by its `query_key`. It is kept for a day."""
    upload = presign_query_upload(store.bucket, content_type)
    return schemas.UploadAnswer(url=upload.post.url, fields=upload.post.fields, query_key=upload.query_key)


@app.get("/types", summary="List the types")
def list_types(limit: schemas.Limit = 1000, next_token: schemas.Token = None) -> schemas.TypesAnswer:
    """A page of the types, in order of their names."""
    page = store.list_types(next_token, limit)
    types = [schemas.TypeEntry(type_id=type_id) for type_id in page.items]
    return schemas.TypesAnswer(
        types=types, gallery=answers.learnt(store.read_gallery()), next_token=page.next_token
    )


@app.get("/types/<type_id>", summary="Describe a type")
def get_type(type_id: schemas.TypeId) -> schemas.TypeAnswer:
    """Its encodings by origin, rejected images with reasons, settings, and whether it is up to date."""
    return answers.described(describe_type(store, type_id), encoder.model_id)


@app.put("/types/<type_id>/settings", summary="Set a type's decision settings")
def put_settings(type_id: schemas.TypeId) -> TypeSettings:
    """Settings that are left out are as the stack's."""
    settings = read_settings(app.current_event)
    store.write_settings(type_id, settings)
    return settings


@app.get("/types/<type_id>/images", summary="List a type's images")
def list_images(
    type_id: schemas.TypeId,
    origin: schemas.ImageOrigin = None,
    limit: schemas.Limit = 1000,
    next_token: schemas.Token = None,
) -> schemas.ImagesAnswer:
    """A page of the images, in order of their names; of one origin, the newest first."""
    if origin:
        page = describe_images_of(store, type_id, origin, next_token, limit)
    else:
        page = describe_images(store, type_id, next_token, limit)
    return schemas.ImagesAnswer(
        images=[answers.image(image) for image in page.items], next_token=page.next_token
    )


@app.put("/types/<type_id>/images/<name>", summary="Put a reference photo")
def put_image(
    type_id: schemas.TypeId, name: schemas.ImageName, box: schemas.ImageBox = None
) -> Response[schemas.ImageAnswer]:
    """Put the photo in the body, in place of one of the same name; its encoding is made in a moment."""
    key = keys.image_key(type_id, unquote(name))
    place = None if box is None else parse_box(box)
    photo, _ = _read_query(None)
    encoder.preprocess(photo.data, place)
    etag = store.put_image(key, photo.data, FORMATS[sniff_format(photo.data)], place)
    return Response(201, "application/json", schemas.ImageAnswer(image=key, etag=etag))


@app.delete("/types/<type_id>/images/<name>", summary="Delete an image")
def delete_image(type_id: schemas.TypeId, name: schemas.ImageName) -> Response[str]:
    """Delete a reference photo, or one that was appended by mistake; its encoding goes in a moment."""
    store.delete_image(keys.image_key(type_id, unquote(name)))
    return Response(204, body="")


@app.get("/health", summary="What is running")
def get_health() -> schemas.HealthAnswer:
    """The model that encodes, and the version of the code."""
    return schemas.HealthAnswer(
        status="ok",
        model=encoder.model_id,
        stand_in=encoder.description.stand_in,
        version=lookalike.__version__,
    )


@app.get("/openapi.json", include_in_schema=False)
def get_openapi() -> Response[str]:
    """This API's description."""
    from recognize.openapi import describe_api  # noqa: PLC0415 (it would slow each cold start down)

    return Response(200, "application/json", describe_api(app, lookalike.__version__))


@app.exception_handler(RequestValidationError)
def refuse_parameters(error: RequestValidationError) -> Response[str]:
    """Say which parameter was wrong, and what would be right."""
    reasons = (f"{' '.join(str(part) for part in entry['loc'])}: {entry['msg']}" for entry in error.errors())
    return _error(400, "; ".join(reasons))


@app.exception_handler(errors.EncodingsNotReadyError)
def ask_to_come_back(error: errors.EncodingsNotReadyError) -> Response[str]:
    """See to it that the encodings are built."""
    try:
        ask_for_rebuilds(started, error)
    except (ClientError, BotoCoreError) as failure:
        response: Response[str] = storage_failed(failure)
        return response
    return _error(503, str(error))


@app.exception_handler(list(STATUS_OF_ERROR))
def refuse(error: errors.LookalikeError) -> Response[str]:
    """Say what was wrong with the request."""
    return _error(STATUS_OF_ERROR[type(error)], str(error))


@app.exception_handler([ClientError, BotoCoreError])
def storage_failed(error: ClientError | BotoCoreError) -> Response[str]:
    """Let the caller try again when storage can't be reached."""
    logger.exception("storage can't be reached", reason=str(error))
    return _error(503, "storage can't be reached just now: try again in a moment")


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway's, or who invokes the function itself."""
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    with no_calls_after(time.monotonic() + seconds):
        if "routeKey" in event:
            return app.resolve(event | {"rawPath": _escaped_path(event)}, context)
        return direct.answer(started, event)


def _escaped_path(event: dict[str, Any]) -> str:
    """The path with each parameter as one escaped segment: an image's name may hold '/', '#' and what not."""
    path: str = event["routeKey"].partition(" ")[2]
    for name, value in (event.get("pathParameters") or {}).items():
        path = path.replace(f"{{{name}+}}", quote(value, safe="")).replace(
            f"{{{name}}}", quote(value, safe="")
        )
    return path


def _read_query(filename: str | None) -> tuple[QueryPhoto, schemas.EventPhoto]:
    """The photo that is asked about; its name is the one given, or else the one that a form gives."""
    body = read_body(app.current_event)
    if isinstance(body, schemas.QueryReference):
        photo, key = QueryPhoto(store.get_image(body.query_key).data), body.query_key
    else:
        photo, key = body, None
    photo = replace(photo, filename=filename or photo.filename)
    return photo, schemas.EventPhoto(photo=key, filename=photo.filename)


def _tell(answer: details.Answer, about: schemas.EventPhoto) -> None:
    events.publish(bus, config.event_bus, [details.recognition_event(answer, about)])


def _error(status: int, message: str) -> Response[str]:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    body = to_json({"statusCode": status, "message": message})
    return Response(status, "application/json", body, headers)
