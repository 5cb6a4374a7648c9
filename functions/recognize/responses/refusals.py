"""What callers are told when something is wrong: with the request, or with what it needs."""

import json

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from lookalike import errors
from lookalike.storage.compare_and_swap import ContentionError
from recognize.asking import ask_for_rebuilds
from recognize.running import logger, metrics, started

router = APIGatewayHttpRouter()

RETRY_AFTER_SECONDS = 2

STATUS_OF_ERROR = {
    errors.InvalidBoxError: 400,
    errors.InvalidNameError: 400,
    errors.InvalidTokenError: 400,
    errors.NotFoundError: 404,
    errors.TooManyImagesError: 409,
    errors.ImageTooLargeError: 413,
    errors.UnsupportedImageError: 415,
    errors.UndecodableImageError: 422,
    ContentionError: 503,
}


@router.exception_handler(RequestValidationError)
def refuse_parameters(error: RequestValidationError) -> Response[str]:
    """Say which parameter was wrong, and what would be right."""
    reasons = (f"{' '.join(str(part) for part in entry['loc'])}: {entry['msg']}" for entry in error.errors())
    return _error(400, "; ".join(reasons))


@router.exception_handler(errors.EncodingsNotReadyError)
def ask_to_come_back(error: errors.EncodingsNotReadyError) -> Response[str]:
    """See to it that the encodings are built."""
    try:
        ask_for_rebuilds(started, error)
    except (ClientError, BotoCoreError) as failure:
        response: Response[str] = storage_failed(failure)
        return response
    metrics.add_metric("NotBuiltYet", MetricUnit.Count, 1)
    return _error(503, str(error))


@router.exception_handler(list(STATUS_OF_ERROR))
def refuse(error: errors.LookalikeError) -> Response[str]:
    """Say what was wrong with the request."""
    status = next(status for kind, status in STATUS_OF_ERROR.items() if isinstance(error, kind))
    return _error(status, str(error))


@router.exception_handler([ClientError, BotoCoreError])
def storage_failed(error: ClientError | BotoCoreError) -> Response[str]:
    """Let the caller try again when storage can't be reached."""
    logger.exception("storage can't be reached", reason=str(error))
    metrics.add_metric("StorageFailed", MetricUnit.Count, 1)
    return _error(503, "storage can't be reached just now: try again in a moment")


def _error(status: int, message: str) -> Response[str]:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    body = json.dumps({"statusCode": status, "message": message}, ensure_ascii=False)
    return Response(status, "application/json", body, headers)
