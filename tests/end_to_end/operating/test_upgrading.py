"""What is deployed anew counts: a parameter at once, another model without an answer that mixes models."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from lookalike.keys import encodings_prefix
from lookalike.vision.model import read_description
from lookalike_tools.export.exporter import export_model
from lookalike_tools.live.api import list_types
from lookalike_tools.live.bucket.old_encodings import old_models, remove_encodings
from lookalike_tools.live.rebuilding import rebuild_types
from lookalike_tools.live.stack import LOCAL_STACK_NAME
from lookalike_tools.local.stack import local_stack
from support.deployed import Api, eventually, logged
from support.encodings.tiny_clip import save_tiny_clip
from support.photos.photographs import photograph

PNG = {"Content-Type": "image/png"}
FUNCTIONS = ("RecognizeFunction", "RebuildEncodingsFunction")


@pytest.fixture(scope="module")
def second_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("second-model")
    export_model(str(save_tiny_clip(folder / "clip", seed=2)), "fp32", folder / "model")
    return folder / "model"


@pytest.fixture
def own_api(model_dir: Path) -> Iterator[Api]:
    """A stack of its own: the upgrade changes it for good."""
    with local_stack(model_dir, auth=True) as stack:
        yield Api(stack, stack.emulator)


def deploy_model(api: Api, model_dir: Path, previous: Path | None = None) -> None:
    """What deploying images with another model in them does, one function after the other.

    Args:
        api: of the stack.
        model_dir: the model.
        previous: the one before it, where the images carry it, too.
    """
    cloudformation, functions = api.stack.client("cloudformation"), api.stack.client("lambda")
    for name in FUNCTIONS:
        resource = cloudformation.describe_stack_resource(StackName=LOCAL_STACK_NAME, LogicalResourceId=name)
        function = resource["StackResourceDetail"]["PhysicalResourceId"]
        environment = functions.get_function_configuration(FunctionName=function)["Environment"]
        environment["Variables"]["MODEL_DIR"] = str(model_dir)
        environment["Variables"]["PREVIOUS_MODEL_DIR"] = str(previous or "/opt/previous")
        functions.update_function_configuration(FunctionName=function, Environment=environment)
        for alias in functions.list_aliases(FunctionName=function)["Aliases"]:
            version = functions.publish_version(FunctionName=function)["Version"]
            functions.update_alias(FunctionName=function, Name=alias["Name"], FunctionVersion=version)


class Queries(threading.Thread):
    """Asks for a type's own photo, again and again, until told to stop."""

    def __init__(self, api: Api, type_id: str) -> None:
        super().__init__()
        self.api = api
        self.type_id = type_id
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.enough = threading.Event()
        self.in_flight = threading.Lock()

    def run(self) -> None:
        while not self.enough.is_set():
            with self.in_flight:
                answer = self.api.recognize(self.type_id, photograph(1), append="false")
            self.answers.append((answer.status_code, answer.json()))


def test_a_changed_parameter_counts_at_the_next_call(own_api: Api) -> None:
    api = own_api
    api.upload("type", "0.png", photograph(1))
    api.wait_until_built("type", 1)

    def threshold() -> float:
        answer = api.call("POST", "/types/type/recognize", data=photograph(1), headers=PNG).json()
        assert answer["threshold_source"] == "stack"
        return float(answer["threshold"])

    assert threshold() != 0.5
    cloudformation = api.stack.client("cloudformation")
    cloudformation.update_stack(
        StackName=LOCAL_STACK_NAME,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": "Threshold", "ParameterValue": "0.5"}],
    )
    waiter = cloudformation.get_waiter("stack_update_complete")
    waiter.wait(StackName=LOCAL_STACK_NAME, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    assert threshold() == 0.5


def test_an_upgrade_mixes_no_models_and_brings_all_types_back(
    own_api: Api, model_dir: Path, second_model: Path
) -> None:
    api = own_api
    types = [f"type-{uuid4().hex[:12]}" for _ in range(4)]
    for type_id in types:
        for shot in range(3):
            api.upload(type_id, f"{shot}.png", photograph(1, shot))
    for type_id in types:
        api.wait_until_built(type_id, 3)
    first, second = (read_description(folder).model_id for folder in (model_dir, second_model))
    queries = Queries(api, types[0])
    queries.start()
    eventually(lambda: queries.answers)

    # The emulator cuts off what is in flight when a function changes; Lambda lets it finish.
    with queries.in_flight:
        deploy_model(api, second_model)
        asked = api.recognize(types[0], photograph(1))
        assert (asked.status_code, asked.headers["Retry-After"]) == (503, "2")

    # The type that is asked for queues itself; the others are queued by the command.
    eventually(lambda: queries.answers[-1][1].get("model") == second)
    assert sorted(rebuild_types(api.stack, list_types(api.stack))) == sorted(types)
    queries.enough.set()
    queries.join()

    assert {status for status, _ in queries.answers} <= {200, 503}
    models = [answer["model"] for status, answer in queries.answers if status == 200]
    assert models == sorted(models, key=[first, second].index)
    # A reference photo is itself by either model; against the other's encodings it would be anything.
    assert min(answer["similarity"] for status, answer in queries.answers if status == 200) > 0.999
    for type_id in types:
        assert api.type(type_id)["model"] == second
        assert api.type(type_id)["encodings"] == 3

    assert old_models(api.stack) == [first]
    assert remove_encodings(api.stack, first) >= len(types)
    assert old_models(api.stack) == []
    assert all(api.recognize(type_id, photograph(1)).json()["match"] for type_id in types)


def ask_all(api: Api) -> requests.Response:
    return api.call("POST", "/recognize", data=photograph(1), headers=PNG)


def identify(api: Api) -> tuple[int, str]:
    """Status and model of an answer of all types."""
    answer = ask_all(api)
    return answer.status_code, answer.json()["model"]


def test_an_upgrade_that_carries_the_model_before_refuses_nobody_and_goes_back_half_way(
    own_api: Api, model_dir: Path, second_model: Path
) -> None:
    api = own_api
    asked, matched, untouched, late = (f"type-{uuid4().hex[:12]}" for _ in range(4))
    for type_id in (asked, matched, untouched):
        for shot in range(3):
            api.upload(type_id, f"{shot}.png", photograph(1, shot))
    for type_id in (asked, matched, untouched):
        api.wait_until_built(type_id, 3)
    api.wait_until_quiet()
    # What is known of all types follows a little later.
    eventually(lambda: ask_all(api).json().get("types") == 3)
    first, second = (read_description(folder).model_id for folder in (model_dir, second_model))
    before = {key: etag for key, etag in api.objects().items() if key.startswith(encodings_prefix(first))}
    queries = Queries(api, asked)
    queries.start()
    eventually(lambda: queries.answers)

    with queries.in_flight:
        deploy_model(api, second_model, previous=model_dir)
        match = api.recognize(matched, photograph(1, 9)).json()
        assert (match["model"], match["match"], match["pending"]) == (first, True, True)
    # The image that was saved has its type built, and becomes a row of the new model's.
    assert api.wait_until_built(matched, 4)["model"] == second
    eventually(lambda: queries.answers[-1][1]["model"] == second)
    # Among all types it can be asked only once all are built.
    assert identify(api) == (200, first)
    eventually(lambda: identify(api) == (200, second))
    now = api.objects()
    assert {key: now[key] for key in before} == before

    # Half-way back: a type that only the second model has built is answered by it.
    api.upload(late, "0.png", photograph(1))
    api.wait_until_built(late, 1)
    api.wait_until_quiet()
    with queries.in_flight:
        deploy_model(api, model_dir, previous=second_model)
        answer = api.recognize(late, photograph(1), append="false")
        assert (answer.status_code, answer.json()["model"]) == (200, second)
    assert sorted(rebuild_types(api.stack, list_types(api.stack))) == sorted(
        [asked, matched, untouched, late]
    )
    answers = len(queries.answers)
    eventually(lambda: len(queries.answers) > answers + 1)
    queries.enough.set()
    queries.join()

    assert {status for status, _ in queries.answers} == {200}
    assert min(answer["similarity"] for _, answer in queries.answers) > 0.999
    assert queries.answers[-1][1]["model"] == first
    assert api.recognize(late, photograph(1), append="false").json()["model"] == first
    assert api.type(matched)["encodings"] == 4
    eventually(lambda: identify(api) == (200, first))

    told = [line["ByPreviousModel"][0] for line in logged(api, "RecognizeLogs") if "ByPreviousModel" in line]
    assert set(told) == {0, 1}


def test_identifying_queues_all_types_after_an_upgrade(own_api: Api, second_model: Path) -> None:
    api = own_api
    types = [f"type-{uuid4().hex[:12]}" for _ in range(12)]
    for type_id in types:
        api.upload(type_id, "0.png", photograph(1))
    for type_id in types:
        api.wait_until_built(type_id, 1)
    api.wait_until_quiet()
    deploy_model(api, second_model)
    asked = api.call("POST", "/recognize", data=photograph(1), headers=PNG)
    assert (asked.status_code, asked.headers["Retry-After"]) == (503, "2")
    assert "encodings are being built" in asked.json()["message"]
    second = read_description(second_model).model_id
    for type_id in types:
        assert api.wait_until_built(type_id, 1)["model"] == second
