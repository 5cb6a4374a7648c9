"""Who may call the local stack's routes is what the template says, not what the local stack thinks."""

from pathlib import Path
from typing import Any

import pytest

from lookalike_tools.local.template import as_zip_functions, read_template, spell_out_routes, translate

TEMPLATE = Path(__file__).parents[3] / "template.yaml"


@pytest.fixture
def template() -> dict[str, Any]:
    return read_template(TEMPLATE)


def authorizations(template: dict[str, Any], *, auth: bool = True) -> dict[str, str]:
    as_zip_functions(template, "code", Path("model"))
    translated = translate(template, "eu-central-1")
    spell_out_routes(translated, auth=auth)
    routes = [r["Properties"] for r in translated["Resources"].values() if r["Type"].endswith("::Route")]
    assert routes
    return {route["RouteKey"]: route["AuthorizationType"] for route in routes}


def test_every_route_of_the_template_asks_for_a_signature(template: dict[str, Any]) -> None:
    assert set(authorizations(template).values()) == {"AWS_IAM"}


def test_a_template_that_asks_nobody_gives_routes_that_ask_nobody(template: dict[str, Any]) -> None:
    del template["Resources"]["Api"]["Properties"]["Auth"]
    assert set(authorizations(template).values()) == {"NONE"}


def test_a_route_may_ask_nobody_while_all_others_do(template: dict[str, Any]) -> None:
    events = template["Resources"]["RecognizeFunction"]["Properties"]["Events"]
    events["Health"]["Properties"]["Auth"] = {"Authorizer": "NONE"}
    found = authorizations(template)
    assert found.pop("GET /health") == "NONE"
    assert set(found.values()) == {"AWS_IAM"}


def test_tokens_are_no_signatures(template: dict[str, Any]) -> None:
    users = {
        "IdentitySource": "$request.header.Authorization",
        "JwtConfiguration": {"issuer": "https://issuer.example", "audience": ["lookalike"]},
    }
    template["Resources"]["Api"]["Properties"]["Auth"] = {
        "DefaultAuthorizer": "Users",
        "Authorizers": {"Users": users},
    }
    assert set(authorizations(template).values()) == {"NONE"}


def test_nothing_asks_where_the_local_stack_is_to_be_open(template: dict[str, Any]) -> None:
    assert set(authorizations(template, auth=False).values()) == {"NONE"}
