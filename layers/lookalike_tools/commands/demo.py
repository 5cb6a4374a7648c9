"""The demo: from nothing to recognised photos, on the real template."""

import io
import time
from pathlib import Path
from typing import Any, NamedTuple

import requests
from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lookalike.errors import LookalikeError
from lookalike.keys import image_key
from lookalike.vision.encoder import Encoder
from lookalike.vision.model import read_description
from lookalike_tools.export.default_model import prepare_model
from lookalike_tools.live.stack import Stack
from lookalike_tools.local import local_stack
from lookalike_tools.parts import PARTS
from lookalike_tools.photos.contact_sheet import Row, contact_sheet
from lookalike_tools.photos.demo import Photo, TypePhotos, choose_lesson, read_photos, render_photos

BUILD_SECONDS = 600

console = Console()


class DemoError(LookalikeError):
    """The demo can't go on."""


class Asked(NamedTuple):
    """A photo that was asked against a type, and the answer."""

    photo: Photo
    type_id: str
    answer: dict[str, Any]


def run_demo(photos: Path | None, out: Path) -> None:
    """Run the demo and print what happens.

    Args:
        photos: a folder of photos for each type; rendered parts if None.
        out: folder for the contact sheet.

    Raises:
        LookalikeError: too few photos, no model, or a stack that can't be started or does not build.
    """
    console.rule("Photos")
    types = read_photos(photos) if photos else _render()
    console.rule("Model")
    model_dir = prepare_model(console)
    console.rule("Stack")
    console.print("Deploying template.yaml on an emulated AWS on this machine ...")
    with local_stack(model_dir) as stack:
        console.print(f"API {stack.api_url}\nS3  {stack.bucket} at {stack.endpoint_url}")
        _upload(stack, [photo for each in types for photo in each.references])
        _wait_until_built(stack, types)
        console.rule("Queries")
        asked = _ask_right_and_wrong(stack, types)
        _print_answers(asked)
        console.print(f"{sum(map(_is_right, asked))} of {len(asked)} answers are right.\n")
        lesson = _teach(stack, model_dir, types)
        sections = {
            "Right type asked": [each for each in asked if each.photo.type_id == each.type_id],
            "Wrong type asked": [each for each in asked if each.photo.type_id != each.type_id],
            "A hard photo before and after another was appended": lesson,
        }
        sheet = _draw_sheet(stack, sections, out / "contact-sheet.png")
    console.print(f"Each query beside its nearest reference: [bold]{sheet}")


def _render() -> list[TypePhotos]:
    with _progress() as progress:
        task = progress.add_task("rendering parts", total=len(PARTS))
        return render_photos(lambda: progress.advance(task))


def _upload(stack: Stack, photos: list[Photo]) -> None:
    s3 = stack.client("s3")
    with _progress() as progress:
        for photo in progress.track(photos, description="uploading reference photos to S3"):
            s3.put_object(Bucket=stack.bucket, Key=image_key(photo.type_id, photo.name), Body=photo.data)


def _wait_until_built(stack: Stack, types: list[TypePhotos]) -> None:
    waiting = {each.references[0].type_id: len(each.references) for each in types}
    built = dict.fromkeys(waiting, 0)
    give_up = time.monotonic() + BUILD_SECONDS
    with _progress() as progress:
        task = progress.add_task("S3 events build their encodings", total=sum(waiting.values()))
        while waiting:
            if time.monotonic() > give_up:
                raise DemoError(f"encodings were not built in {BUILD_SECONDS} s: {', '.join(waiting)}")
            for type_id in list(waiting):
                state = stack.call("GET", f"/types/{type_id}").json()
                built[type_id] = state["encodings"]
                if state["up_to_date"]:
                    del waiting[type_id]
            progress.update(task, completed=sum(built.values()))
            time.sleep(0.2)


def _ask_right_and_wrong(stack: Stack, types: list[TypePhotos]) -> list[Asked]:
    """Each query against its own type, and the first of each type against the next type."""
    others = [*types[1:], types[0]]
    questions = [
        (photo, type_id)
        for each, other in zip(types, others, strict=True)
        for photo, type_id in [
            *((photo, photo.type_id) for photo in each.queries),
            (each.queries[0], other.references[0].type_id),
        ]
    ]
    with _progress() as progress:
        return [
            _ask(stack, photo, type_id, append=photo.type_id == type_id)
            for photo, type_id in progress.track(questions, description="asking over HTTP")
        ]


def _teach(stack: Stack, model_dir: Path, types: list[TypePhotos]) -> list[Asked]:
    """Ask a hard photo before and after another one of its type was appended."""
    lesson = choose_lesson(Encoder(model_dir), types, read_description(model_dir).default_threshold)
    if lesson is None:
        return []
    type_id, threshold = lesson.hard.type_id, lesson.threshold
    console.rule("It learns from matches, without training")
    asked = [
        _ask(stack, lesson.hard, type_id, append=False, threshold=threshold),
        _ask(stack, lesson.helper, type_id, append=True, threshold=threshold),
        _ask(stack, lesson.hard, type_id, append=False, threshold=threshold),
    ]
    _print_answers(asked)
    before, after = asked[0].answer["similarity"], asked[2].answer["similarity"]
    console.print(
        f"The same photo of {type_id}: {before:.4f}; once another is appended, [bold]{after:.4f}[/].\n"
    )
    return asked


def _ask(stack: Stack, photo: Photo, type_id: str, *, append: bool, threshold: float | None = None) -> Asked:
    answer = stack.call(
        "POST",
        f"/types/{type_id}/recognize",
        params={"filename": photo.name, "append": append, "threshold": threshold},
        data=photo.data,
        headers={"Content-Type": "application/octet-stream"},
    )
    if answer.status_code != requests.codes.ok:
        raise DemoError(f"{photo.name} against {type_id}: {answer.status_code} {answer.text}")
    return Asked(photo, type_id, answer.json())


def _print_answers(asked: list[Asked]) -> None:
    table = Table(box=SIMPLE_HEAD)
    for heading in ("query", "asked type"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=20)
    for heading, width in (("similarity", 10), ("match", 10), ("appended", 8)):
        table.add_column(heading, width=width)
    for each in asked:
        photo, type_id, answer = each
        match = "yes" if answer["match"] else "no"
        table.add_row(
            photo.title,
            type_id,
            f"{answer['similarity']:.4f}",
            f"[green]{match}" if _is_right(each) else f"[red]{match} (wrong)",
            "yes" if answer["appended"] else "",
        )
    console.print(table)


def _is_right(asked: Asked) -> bool:
    return bool(asked.answer["match"]) == (asked.photo.type_id == asked.type_id)


def _draw_sheet(stack: Stack, sections: dict[str, list[Asked]], path: Path) -> Path:
    s3 = stack.client("s3")

    def fetch(key: str) -> Image.Image:
        return Image.open(s3.get_object(Bucket=stack.bucket, Key=key)["Body"])

    rows = [
        Row(
            query=Image.open(io.BytesIO(photo.data)),
            asked=type_id,
            nearest=fetch(answer["nearest"][0]["image"]),
            similarity=answer["similarity"],
            threshold=answer["threshold"],
            match=answer["match"],
            appended=answer["appended"] is not None,
            heading=heading,
        )
        for heading, asked in sections.items()
        for photo, type_id, answer in asked
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, path)
    return path


def _progress() -> Progress:
    columns = TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console)
