"""`lookalike recognize`."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from lookalike.keys import images_prefix
from lookalike.matching.settings import Look
from lookalike_tools.commands.options import AsJson, LiveStack
from lookalike_tools.live.queries import recognize_photos
from lookalike_tools.live.queues.inbox import recognize_by_inbox
from lookalike_tools.live.stack import WrongUseError, find_stack
from lookalike_tools.photos.answers_file import answers_file
from lookalike_tools.photos.folders import photos_in, print_left_out

console = Console()
progress = Console(stderr=True)


def recognize(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Photos, or folders of them.")],
    append: Annotated[bool, typer.Option(help="Whether matches join the type's images.")] = True,
    look: Annotated[
        Look | None,
        typer.Option(
            help="Where in a photo the object is looked for; else as the type's settings or the stack say."
        ),
    ] = None,
    inbox: Annotated[
        bool, typer.Option("--inbox", help="Put the photos into the inbox, and wait for its events.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the answers to this file: .csv, or .jsonl for JSON lines.")
    ] = None,
    stack: LiveStack = "lookalike",
    as_json: AsJson = False,
) -> None:
    """Do these photos show an object of this type?

    Photos are asked about several at a time, in the order given; by the inbox, answers come in any order.

    Exit status: 0 if all match, 1 if some do not or can't be recognised.
    """
    live = find_stack(stack)
    if inbox and (look or not append):
        raise WrongUseError(
            "where photos of the inbox are looked at, and whether they join, is for the type's settings and "
            "the stack to say: leave --look and --no-append out"
        )
    photos, complete = _find_photos(images)
    asked = (
        recognize_by_inbox(live, type_id, photos)
        if inbox
        else recognize_photos(live, type_id, photos, append=append, look=look)
    )
    answers: list[dict[str, Any]] = []
    with answers_file(out) if out else nullcontext(answers.append) as write:
        matches = 0
        shown = track(
            asked, "recognising", total=len(photos), console=progress, transient=True, disable=len(photos) < 2
        )
        for path, answer in shown:
            write({"photo": str(path)} | answer)
            matches += bool(answer.get("match"))
    if out:
        typer.echo(f"{matches} of {len(photos)} photos match: {out}")
    elif as_json:
        typer.echo(json.dumps(answers, indent=2, ensure_ascii=False))
    else:
        _print_answers(type_id, answers)
    if matches < len(photos) or not complete:
        raise typer.Exit(1)


def _find_photos(given: list[Path]) -> tuple[list[Path], bool]:
    """The photos that are named, and those in the folders that are; whether all that is there is one."""
    photos, complete = [], True
    for path in given:
        if path.is_dir():
            found, left_out = photos_in(path)
            photos += found
            complete = not print_left_out(progress, left_out) and complete
        else:
            photos.append(path)
    if not photos:
        raise WrongUseError(f"there are no photos in {', '.join(map(str, given))}")
    return photos, complete


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
