"""`lookalike recognize`."""

import json
from pathlib import Path
from typing import Annotated, Any

import requests
import typer
from rich.console import Console

from lookalike.keys import images_prefix
from lookalike.matching.settings import Look
from lookalike_tools.commands.options import AsJson, LiveStack
from lookalike_tools.live.queries import recognize_photo
from lookalike_tools.live.stack import Stack, WrongUseError, find_stack

console = Console()


def recognize(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...")],
    append: Annotated[bool, typer.Option(help="Whether matches join the type's images.")] = True,
    look: Annotated[
        Look | None,
        typer.Option(
            help="Where in a photo the object is looked for; else as the type's settings or the stack say."
        ),
    ] = None,
    stack: LiveStack = "lookalike",
    as_json: AsJson = False,
) -> None:
    """Do these photos show an object of this type?

    Exit status: 0 if all match, 1 if some do not or can't be recognised.
    """
    live = find_stack(stack)
    answers = [_ask(live, type_id, path, append=append, look=look) for path in images]
    if as_json:
        typer.echo(json.dumps(answers, indent=2, ensure_ascii=False))
    else:
        _print_answers(type_id, answers)
    if not all(answer.get("match") for answer in answers):
        raise typer.Exit(1)


def _ask(stack: Stack, type_id: str, path: Path, *, append: bool, look: Look | None) -> dict[str, Any]:
    """The API's answer or error, and which photo it is about."""
    response = recognize_photo(stack, type_id, _read(path), path.name, append=append, look=look)
    answer: dict[str, Any] = response.json()
    if response.status_code == requests.codes.not_found:
        raise WrongUseError(answer["message"])
    return {"photo": str(path)} | answer


def _print_answers(type_id: str, answers: list[dict[str, Any]]) -> None:
    recognised = [answer for answer in answers if "match" in answer]
    for answer in recognised:
        _print_answer(type_id, answer)
    for notice in {answer["notice"] for answer in recognised} - {None}:
        console.print(notice, style="yellow", soft_wrap=True)
    for answer in answers:
        if "match" not in answer:
            reason = f"{answer.get('statusCode', '')} {answer['message']}".strip()
            console.print(f"{answer['photo']}: {reason}", style="red", soft_wrap=True, markup=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUseError(f"{path} can't be read: {error.strerror}") from None


def _print_answer(type_id: str, answer: dict[str, Any]) -> None:
    verdict = "no match" if not answer["match"] else "appended" if answer["appended"] else "match"
    nearest = answer["nearest"][0]["image"].removeprefix(images_prefix(type_id))
    other = f", nearest other type {answer['nearest_other']['type_id']}" if answer["nearest_other"] else ""
    place = f", at {','.join(map(str, answer['box']))}" if answer["look"] == Look.ANYWHERE else ""
    console.print(
        f"{verdict:<8}  {answer['score']:7.4f} (threshold {answer['threshold']:.4g}, {answer['rule']}, "
        f"{answer['threshold_source']})  {answer['photo']}  nearest {nearest}{other}{place}",
        style="green" if answer["match"] else None,
        soft_wrap=True,
        highlight=False,
    )
