"""The API's calls that several tools make."""

from typing import Any
from urllib.parse import quote

import requests

from lookalike.keys import Folder
from lookalike.verdicts import Verdict
from lookalike_tools.live.stack import Stack, StackError, WrongUseError


def get_json(stack: Stack, path: str, **params: str | None) -> Any:
    """What the API answers to a GET.

    Raises:
        StackError: the answer is not 200.
    """
    return _call(stack, "GET", path, params=params).json()


def put_json(stack: Stack, path: str, body: dict[str, Any]) -> Any:
    """What the API answers to a PUT of JSON.

    Raises:
        StackError: the answer is not 200.
    """
    return _call(stack, "PUT", path, json=body).json()


def running_model(stack: Stack) -> str:
    """The id of the model that the stack decides by."""
    model_id: str = get_json(stack, "/health")["model"]
    return model_id


def list_types(stack: Stack) -> list[str]:
    """All types of a stack."""
    types: list[str] = []
    token = None
    while True:
        page = get_json(stack, "/types", next_token=token)
        types += [entry["type_id"] for entry in page["types"]]
        if not (token := page["next_token"]):
            return types


def read_type(stack: Stack, type_id: str) -> dict[str, Any]:
    """The state of a type, as `GET /types/{type_id}` answers.

    Raises:
        StackError: there is no such type.
    """
    state: dict[str, Any] = get_json(stack, f"/types/{type_id}")
    return state


def read_diagnosis(stack: Stack, type_id: str) -> dict[str, Any]:
    """What is wrong with a type's references, as `lookalike.matching.diagnosis.Diagnosis` describes it.

    Raises:
        StackError: there is no such type.
    """
    diagnosis: dict[str, Any] = get_json(stack, f"/types/{type_id}", diagnose="true")["diagnosis"]
    return diagnosis


def delete_image(stack: Stack, type_id: str, name: str, folder: Folder = Folder.IMAGES) -> None:
    """Remove an image of a type, or a counterexample.

    Raises:
        StackError: there is no such image.
    """
    _call(
        stack,
        "DELETE",
        f"/types/{type_id}/{folder}/{quote(name, safe='')}",
        expected=requests.codes.no_content,
    )


def list_missed(stack: Stack, type_id: str | None = None) -> list[dict[str, Any]]:
    """The photos that came closest to a type, or to any, and did not match, the closest first."""
    missed: list[dict[str, Any]] = get_json(stack, "/missed", type_id=type_id, limit="500")["missed"]
    return missed


def give_verdict(stack: Stack, type_id: str, photo: str, verdict: Verdict) -> str:
    """Say whether a photo shows an object of a type; returns the key that the photo has from now on.

    Raises:
        StackError: there is no such photo.
    """
    body = {"photo": photo, "verdict": verdict}
    image: str = _call(stack, "POST", f"/types/{type_id}/verdicts", json=body).json()["image"]
    return image


def _call(
    stack: Stack, method: str, path: str, *, expected: int = requests.codes.ok, **options: Any
) -> requests.Response:
    response = stack.call(method, path, **options)
    if response.status_code != expected:
        kind = WrongUseError if response.status_code == requests.codes.not_found else StackError
        raise kind(f"{method} {path} answers {response.status_code}: {_message(response)}")
    return response


def _message(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text
