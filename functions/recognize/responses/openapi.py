"""The API's description: what the routes declare, and the bodies that are read by hand."""

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.models import MediaType, RequestBody, Schema

from recognize.body import IMAGE_PART
from recognize.judging import VerdictRequest
from recognize.schemas import QueryReference

_BINARY = Schema(type="string", format="binary")
_IMAGE_BODY = RequestBody(
    description="The photo.",
    required=True,
    content={
        "image/*": MediaType(schema=_BINARY),
        "application/octet-stream": MediaType(schema=_BINARY),
        "multipart/form-data": MediaType(
            schema=Schema(type="object", properties={IMAGE_PART: _BINARY}, required=[IMAGE_PART])
        ),
        "application/json": MediaType(schema=Schema.model_validate(QueryReference.model_json_schema())),
    },
)

_VERDICT_BODY = RequestBody(
    description="The verdict.",
    required=True,
    content={
        "application/json": MediaType(
            schema=Schema.model_validate(
                VerdictRequest.model_json_schema(ref_template="#/components/schemas/{model}")
            )
        )
    },
)

_SETTINGS_BODY = RequestBody(
    description="The settings; what is left out is as the stack's.",
    required=True,
    content={
        "application/json": MediaType(
            schema=Schema.model_validate({"$ref": "#/components/schemas/TypeSettings"})
        )
    },
)


def describe_api(app: APIGatewayHttpResolver, version: str) -> str:
    """The OpenAPI description of an app's routes, as JSON."""
    api = app.get_openapi_schema(
        title="Lookalike",
        version=version,
        description="Does a photo show an object of a type? A few reference photos a type, no training.",
    )
    paths = api.paths or {}
    for operation in (
        paths["/types/{type_id}/recognize"].post,
        paths["/recognize"].post,
        paths["/types/{type_id}/images/{name}"].put,
        paths["/types/{type_id}/counterexamples/{name}"].put,
    ):
        if operation:
            operation.requestBody = _IMAGE_BODY
    if operation := paths["/types/{type_id}/verdicts"].post:
        operation.requestBody = _VERDICT_BODY
    if operation := paths["/types/{type_id}/settings"].put:
        operation.requestBody = _SETTINGS_BODY
    return api.model_dump_json(by_alias=True, exclude_none=True)
