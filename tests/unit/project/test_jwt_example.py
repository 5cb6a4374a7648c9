"""The example of tokens in functions/README.md, put into the template."""

import re
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from lookalike_tools.local.template import image_functions, read_template, translate

ROOT = Path(__file__).parents[3]
ADMINISTER = ["lookalike/administer"]
EITHER = ["lookalike/recognize", "lookalike/administer"]


def test_its_scopes_let_callers_recognise_without_administering() -> None:
    template = read_template(ROOT / "template.yaml")
    api, events = examples()
    template["Resources"]["Api"]["Properties"] |= api
    functions = image_functions(template)
    for function in functions.values():
        function["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/lookalike:1"
    for name, properties in events.items():
        functions["RecognizeFunction"]["Events"][name]["Properties"] |= properties
    resources = translate(template, "us-east-1")["Resources"]
    (body,) = (r["Properties"]["Body"] for r in resources.values() if r["Type"] == "AWS::ApiGatewayV2::Api")
    scopes = {
        f"{method.upper()} {path}": operation["security"]
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }
    policy = template["Resources"]["RecognizePolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    allowed = [re.sub(r".*/\*/([A-Z]+)", r"\1 ", resource["Fn::Sub"]) for resource in policy["Resource"]]
    assert len(scopes) > len(allowed)
    for route, required in scopes.items():
        recognising = re.sub(r"\{\w+\}", "*", route) in allowed
        assert required == [{"Users": EITHER if recognising else ADMINISTER}], route


def examples() -> tuple[dict[str, Any], dict[str, Any]]:
    """The example's properties of the API, and of events by their names."""
    text = (ROOT / "functions" / "README.md").read_text(encoding="utf-8")
    api, events = (yaml_parse(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    return api, events
