"""Recognise query photos behind API Gateway, and keep the types' reference images."""

import json
import time
from functools import partial
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

import lookalike
from lookalike.aws.clients import LONGEST_CALL_SECONDS, no_calls_after
from recognize import direct, inbox
from recognize.responses import refusals
from recognize.routes import images, recognizing, service, types, verdicts
from recognize.running import logger, metrics, seconds_waited, started

app = APIGatewayHttpResolver(enable_validation=True, serializer=partial(json.dumps, ensure_ascii=False))
for routes in (recognizing, types, images, verdicts, service, refusals):
    app.include_router(routes.router)

RESERVE_SECONDS = LONGEST_CALL_SECONDS + 5
"""Time before the function's end in which no call to AWS begins: the last one, and what Lambda does before it
loads the function, must end before API Gateway gives up."""


@app.get("/openapi.json", include_in_schema=False)
def get_openapi() -> Response[str]:
    """This API's description."""
    from recognize.responses.openapi import describe_api

    return Response(200, "application/json", describe_api(app, lookalike.__version__))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway's, photos of the inbox, or who invokes the function itself."""
    left = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    deadline = time.monotonic() + left - seconds_waited()
    with no_calls_after(deadline):
        if "routeKey" in event:
            return app.resolve(event | {"rawPath": _escaped_path(event)}, context)
        if "Records" in event:
            return dict(inbox.answer_batch(started, event, context, deadline))
        return direct.answer(started, event)


def _escaped_path(event: dict[str, Any]) -> str:
    """The path with each parameter as one escaped segment: an image's name may hold '/', '#' and what not."""
    path: str = event["routeKey"].partition(" ")[2]
    for name, value in (event.get("pathParameters") or {}).items():
        path = path.replace(f"{{{name}+}}", quote(value, safe="")).replace(
            f"{{{name}}}", quote(value, safe="")
        )
    return path
