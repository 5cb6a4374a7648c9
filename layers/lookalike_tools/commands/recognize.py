"""`lookalike recognize`."""

from pathlib import Path
from typing import Annotated, Any

import requests
import typer
from rich.console import Console

from lookalike.keys import images_prefix
from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.queries import recognize_photo
from lookalike_tools.live.stack import StackError, find_stack

console = Console()


def recognize(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...")],
    append: Annotated[bool, typer.Option(help="Whether matches join the type's images.")] = True,
    stack: LiveStack = "lookalike",
) -> None:
    """Do these photos show an object of this type?"""
    live = find_stack(stack)
    failures: list[str] = []
    notices: set[str] = set()
    for path in images:
        response = recognize_photo(live, type_id, _read(path), path.name, append=append)
        answer = response.json()
        if response.status_code != requests.codes.ok:
            failures.append(f"{path}: {response.status_code} {answer['message']}")
            continue
        notices |= {answer["notice"]} - {None}
        _print_answer(type_id, path, answer)
    for notice in notices:
        console.print(notice, style="yellow", soft_wrap=True)
    for failure in failures:
        console.print(failure, style="red", soft_wrap=True)
    if failures:
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StackError(f"{path} can't be read: {error.strerror}") from None


def _print_answer(type_id: str, path: Path, answer: dict[str, Any]) -> None:
    verdict = "no match" if not answer["match"] else "appended" if answer["appended"] else "match"
    nearest = answer["nearest"][0]["image"].removeprefix(images_prefix(type_id))
    other = f", nearest other type {answer['nearest_other']['type_id']}" if answer["nearest_other"] else ""
    console.print(
        f"{verdict:<8}  {answer['score']:7.4f} (threshold {answer['threshold']:.4g}, {answer['rule']}, "
        f"{answer['threshold_source']})  {path}  nearest {nearest}{other}",
        style="green" if answer["match"] else None,
        soft_wrap=True,
        highlight=False,
    )
