"""Requests made up from the API's own description, right ones and wrong ones: none is answered by a 5xx."""

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from support.deployed import Api

BRIEFLY = settings(
    max_examples=settings().max_examples // 10,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


@pytest.mark.parametrize(
    ("mode", "without_parameters"),
    [(GenerationMode.POSITIVE, set()), (GenerationMode.NEGATIVE, {"GET /health"})],
)
def test_no_request_is_answered_by_a_5xx(
    api: Api, mode: GenerationMode, without_parameters: set[str]
) -> None:
    schema = schemathesis.openapi.from_dict(api.call("GET", "/openapi.json").json())
    operations = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operations.append(found.ok())
    answered = set()
    for operation in operations:

        @BRIEFLY
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case[Any]) -> None:
            request = case.as_transport_kwargs(base_url=api.stack.api_url)
            path = request.pop("url").removeprefix(api.stack.api_url)
            answer = api.call(request.pop("method"), path, **request)
            answered.add(case.operation.label)
            assert answer.status_code < 500, answer.text
            # What matches no route is API Gateway's to answer.
            if answer.status_code >= 400 and "statusCode" in answer.text:
                assert answer.json()["message"]

        # Of an operation without parameters there is no wrong request.
        with suppress(Unsatisfiable):
            ask()
    assert answered == {operation.label for operation in operations} - without_parameters
    assert {"POST /types/{type_id}/recognize", "PUT /types/{type_id}/settings"} <= answered
