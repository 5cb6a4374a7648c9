"""The project's template as the emulator can run it: functions from a zip, API routes spelled out."""

import sys
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

Template = dict[str, Any]

# The least that AWS allows: each batch gets a process with a model of its own.
CONCURRENT_BATCHES = 2
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def read_template(path: Path) -> Template:
    """Read a SAM template."""
    template: Template = yaml_parse(path.read_text(encoding="utf-8"))
    return template


def image_functions(template: Template) -> dict[str, Template]:
    """The properties of the functions that are deployed as container images, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"].get("PackageType") == "Image"
    }


def package_of(function: Template) -> str:
    """The Python package that holds an image function's handler."""
    handler: str = function["ImageConfig"]["Command"][0]
    return handler.split(".", 1)[0]


def as_zip_functions(template: Template, code_bucket: str, model_dir: Path) -> None:
    """Turn image functions into zip functions, in place.

    The code of a function is expected in `code_bucket` under `{package}.zip`.
    """
    for function in image_functions(template).values():
        function["CodeUri"] = {"Bucket": code_bucket, "Key": f"{package_of(function)}.zip"}
        function["Handler"] = function.pop("ImageConfig")["Command"][0]
        function["PackageType"] = "Zip"
        function["Runtime"] = RUNTIME
        variables = function.setdefault("Environment", {}).setdefault("Variables", {})
        variables["MODEL_DIR"] = str(model_dir.resolve())
        for event in function.get("Events", {}).values():
            if "ScalingConfig" in event["Properties"]:
                event["Properties"]["ScalingConfig"]["MaximumConcurrency"] = CONCURRENT_BATCHES


def translate(template: Template, region: str) -> Template:
    """Apply the SAM transform, as CloudFormation would."""
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    translated: Template = translator.translate(template, {})
    return translated


def drop_bucket_policies(template: Template) -> None:
    """Drop the policies that demand TLS, in place: the emulator speaks none."""
    resources = template["Resources"]
    for name in [name for name, resource in resources.items() if resource["Type"] == "AWS::S3::BucketPolicy"]:
        del resources[name]


def drop_alarms_by_rate(template: Template) -> None:
    """Drop the alarms on an expression of several metrics, in place: the emulator has none such."""
    resources = template["Resources"]
    alarms = {n: r["Properties"] for n, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    for name in [name for name, alarm in alarms.items() if "Metrics" in alarm]:
        del resources[name]


def spell_out_routes(template: Template, *, auth: bool) -> None:
    """Turn the OpenAPI body of each HTTP API into routes and integrations, in place.

    API Gateway reads them from the body; the emulator does not. With `auth`, the routes whose operation asks
    for a signature do so; without it, none does.
    """
    resources = template["Resources"]
    apis = {name: r for name, r in resources.items() if r["Type"] == "AWS::ApiGatewayV2::Api"}
    for api_name, api in apis.items():
        body = api["Properties"].pop("Body")
        api["Properties"] |= {"Name": {"Ref": "AWS::StackName"}, "ProtocolType": "HTTP"}
        operations = [(p, m, op) for p, methods in body["paths"].items() for m, op in methods.items()]
        for number, (path, method, operation) in enumerate(operations):
            integration = operation["x-amazon-apigateway-integration"]
            signed = auth and _asks_for_signature(body, operation)
            resources[f"{api_name}Integration{number}"] = {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": api_name},
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": integration["uri"],
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                },
            }
            resources[f"{api_name}Route{number}"] = {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": api_name},
                    "RouteKey": f"{method.upper()} {path}",
                    "Target": {"Fn::Sub": f"integrations/${{{api_name}Integration{number}}}"},
                    "AuthorizationType": "AWS_IAM" if signed else "NONE",
                },
            }


def _asks_for_signature(body: Template, operation: Template) -> bool:
    # SAM writes a route's authorizer under `security`, and its kind under the body's schemes.
    schemes = body.get("components", {}).get("securitySchemes", {})
    named = [name for requirement in operation.get("security", []) for name in requirement]
    return any(schemes.get(name, {}).get("x-amazon-apigateway-authtype") == "awsSigv4" for name in named)
