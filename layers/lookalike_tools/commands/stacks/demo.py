"""`lookalike demo`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import requests
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lookalike.errors import LookalikeError
from lookalike.keys import Folder, image_key
from lookalike.matching.settings import Look, Rule
from lookalike.vision.boxes import Box
from lookalike.vision.encoder import Encoder
from lookalike.vision.images import decode
from lookalike.vision.model import read_description
from lookalike_tools.export.default_model import prepare_model
from lookalike_tools.live.api import put_json
from lookalike_tools.live.bucket.photos import Upload, read_images, upload_photos
from lookalike_tools.live.queries import recognize_photo
from lookalike_tools.live.rebuilding import wait_until_built, wait_until_learnt
from lookalike_tools.live.stack import Stack
from lookalike_tools.local.stack import local_stack
from lookalike_tools.parts import PARTS
from lookalike_tools.photos.contact_sheet import Row, contact_sheet
from lookalike_tools.photos.demo import (
    Photo,
    TypePhotos,
    choose_lesson,
    choose_mistake,
    read_photos,
    render_photos,
)
from lookalike_tools.photos.folders import LeftOut, print_left_out
from lookalike_tools.tables import make_table

console = Console()


class DemoError(LookalikeError):
    """The demo can't go on."""


@dataclass(frozen=True)
class Query:
    """A photo that was asked against a type, and the API's answer."""

    photo: Photo
    type_id: str
    answer: dict[str, Any]

    @property
    def right_type(self) -> bool:
        """Whether the photo shows the type that was asked for."""
        return self.photo.type_id == self.type_id

    @property
    def right_answer(self) -> bool:
        """Whether it is a match exactly if the photo shows the type."""
        return bool(self.answer["match"]) == self.right_type

    @property
    def probability(self) -> float | None:
        """That the photo shows the type, if that decided."""
        return self.answer["score"] if self.answer["rule"] == Rule.PROBABILITY else None

    @property
    def box(self) -> Box | None:
        """Where the type was found, if it was looked for anywhere."""
        found = self.answer["match"] and self.answer["look"] == Look.ANYWHERE
        return Box(*self.answer["box"]) if found else None


def demo(
    photos: Annotated[
        Path | None, typer.Option(help="Your own photos, a folder for each type; else rendered parts.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path(".demo"),
) -> None:
    """From nothing to recognised photos: model, stack, references, queries, and a contact sheet."""
    console.rule("Photos and model")
    types, left_out, model_dir = prepare(photos)
    console.rule("Stack")
    console.print("Deploying template.yaml on an emulated AWS on this machine ...")
    with local_stack(model_dir) as stack:
        console.print(f"API {stack.api_url}\nS3  {stack.bucket}, {stack.work_bucket} at {stack.endpoint_url}")
        upload_references(stack, types)
        wait_until_learnt(stack, len(types))
        console.rule("Queries")
        _decide_by(stack, Rule.PROBABILITY, *(each.type_id for each in types))
        queries = _ask_right_and_wrong(stack, types)
        _print_answers(queries)
        right = sum(query.right_answer for query in queries)
        console.print(f"{right} of {len(queries)} answers are right.\n")
        sections = {
            "Right type asked": [query for query in queries if query.right_type],
            "Wrong type asked": [query for query in queries if not query.right_type],
            "Off to the side: looked for in the middle, then anywhere": _look_aside(stack, types),
            "By similarity: a mistake, and a counterexample that stops it": _correct(stack, model_dir, types),
            "By similarity: a hard photo before and after another was appended": _teach(
                stack, model_dir, types
            ),
        }
        sheet = out / "contact-sheet.png"
        _draw_sheet(stack, sections, sheet)
    console.print(f"Each query beside its nearest reference: [bold]{sheet}")
    if print_left_out(console, left_out):
        raise typer.Exit(1)


def prepare(photos: Path | None) -> tuple[list[TypePhotos], list[LeftOut], Path]:
    """Photos of a folder, or else of the project's own parts; what of it is left out; the model's folder."""
    if photos:
        types, left_out = read_photos(photos)
        return types, left_out, prepare_model(console)
    with ThreadPoolExecutor(1) as beside:
        rendering = beside.submit(_render_with_progress)
        model_dir = prepare_model(console)
        return rendering.result(), [], model_dir


def _render_with_progress() -> list[TypePhotos]:
    with _progress() as progress:
        task = progress.add_task("rendering parts", total=len(PARTS))
        return render_photos(lambda: progress.advance(task))


def upload_references(stack: Stack, types: Sequence[TypePhotos]) -> None:
    """Upload the reference photos, and wait until their encodings are built."""
    references = [photo for each in types for photo in each.references]
    uploads = [Upload(image_key(photo.type_id, photo.name), photo.data) for photo in references]
    counts = {each.type_id: len(each.references) for each in types}
    with _progress() as progress:
        task = progress.add_task("uploading reference photos to S3", total=len(uploads))
        for _ in upload_photos(stack, uploads):
            progress.advance(task)
    with _progress() as progress:
        task = progress.add_task("S3 events build their encodings", total=len(uploads))
        for type_id in wait_until_built(stack, counts):
            progress.advance(task, counts[type_id])


def _decide_by(stack: Stack, rule: Rule, *type_ids: str) -> None:
    for type_id in type_ids:
        put_json(stack, f"/types/{type_id}/settings", {"rule": rule})


def _ask_right_and_wrong(stack: Stack, types: Sequence[TypePhotos]) -> list[Query]:
    """Each query against its own type, and the first of each type against the next type."""
    others = [*types[1:], types[0]]
    questions = [
        (photo, type_id)
        for each, other in zip(types, others, strict=True)
        for photo, type_id in [
            *((photo, photo.type_id) for photo in each.queries),
            (each.queries[0], other.type_id),
        ]
    ]
    with _progress() as progress:
        return [
            _ask(stack, photo, type_id, append=photo.type_id == type_id)
            for photo, type_id in progress.track(questions, description="asking over HTTP")
        ]


def _look_aside(stack: Stack, types: Sequence[TypePhotos]) -> list[Query]:
    """Ask for an object that is off to the side: in the middle, then anywhere."""
    asides = [each.aside for each in types if each.aside]
    if not asides:
        return []
    console.rule("It looks anywhere in a photo")
    looked = [_ask(stack, photo, photo.type_id, append=False, look=look) for photo in asides for look in Look]
    _print_answers(looked)
    for query in looked:
        if query.box:
            place = ", ".join(f"{edge:.2f}" for edge in query.box)
            console.print(f"{query.photo.title} shows a {query.type_id} at [bold]{place}[/].\n")
    return looked


def _correct(stack: Stack, model_dir: Path, types: Sequence[TypePhotos]) -> list[Query]:
    """Ask for the wrong type before and after a photo of the right one is a counterexample to it."""
    mistake = choose_mistake(Encoder(model_dir), types, read_description(model_dir).default_threshold)
    if mistake is None:
        return []
    type_id, counterexample = mistake.taken_for, mistake.counterexample
    console.rule("It can be told what a type is not")
    _decide_by(stack, Rule.SIMILARITY, type_id)
    before = _ask(stack, mistake.photo, type_id, append=False, threshold=mistake.threshold)
    key = image_key(type_id, counterexample.name, Folder.COUNTEREXAMPLES)
    list(upload_photos(stack, [Upload(key, counterexample.data)]))
    list(wait_until_built(stack, [type_id]))
    after = _ask(stack, mistake.photo, type_id, append=False, threshold=mistake.threshold)
    _print_answers([before, after])
    console.print(f"{counterexample.title} is a counterexample to {type_id} now.\n")
    return [before, after]


def _teach(stack: Stack, model_dir: Path, types: Sequence[TypePhotos]) -> list[Query]:
    """Ask a hard photo before and after another one of its type is appended."""
    lesson = choose_lesson(Encoder(model_dir), types, read_description(model_dir).default_threshold)
    if lesson is None:
        return []
    type_id, threshold = lesson.hard.type_id, lesson.threshold
    console.rule("It learns from matches, without training")
    _decide_by(stack, Rule.SIMILARITY, type_id)
    before = _ask(stack, lesson.hard, type_id, append=False, threshold=threshold)
    helper = _ask(stack, lesson.helper, type_id, append=True, threshold=threshold)
    after = _ask(stack, lesson.hard, type_id, append=False, threshold=threshold)
    _print_answers([before, helper, after])
    console.print(
        f"The same photo of {type_id}: {before.answer['similarity']:.4f}; once another is appended, "
        f"[bold]{after.answer['similarity']:.4f}[/].\n"
    )
    return [before, helper, after]


def _ask(
    stack: Stack,
    photo: Photo,
    type_id: str,
    *,
    append: bool,
    threshold: float | None = None,
    look: Look | None = None,
) -> Query:
    response = recognize_photo(
        stack, type_id, photo.data, photo.name, append=append, threshold=threshold, look=look
    )
    if response.status_code != requests.codes.ok:
        raise DemoError(f"{photo.name} against {type_id}: {response.status_code} {response.text}")
    return Query(photo, type_id, response.json())


def _print_answers(queries: Sequence[Query]) -> None:
    table = make_table(("query", "asked type"), ("similarity", "probability", "match"))
    for query in queries:
        match = "no" if not query.answer["match"] else "appended" if query.answer["appended"] else "yes"
        table.add_row(
            query.photo.title,
            query.type_id,
            f"{query.answer['similarity']:.4f}",
            "" if query.probability is None else f"{query.probability:.4f}",
            f"[green]{match}" if query.right_answer else f"[red]{match} (wrong)",
        )
    console.print(table)


def _draw_sheet(stack: Stack, sections: dict[str, list[Query]], path: Path) -> None:
    queries = [(heading, query) for heading, section in sections.items() for query in section]
    nearest = read_images(stack, {query.answer["nearest"][0]["image"] for _, query in queries})
    rows = [
        Row(
            query=decode(query.photo.data),
            asked=query.type_id,
            nearest=nearest[query.answer["nearest"][0]["image"]],
            similarity=query.answer["similarity"],
            threshold=query.answer["threshold"] if query.probability is None else None,
            match=query.answer["match"],
            appended=query.answer["appended"] is not None,
            heading=heading,
            box=query.box,
            probability=query.probability,
        )
        for heading, query in queries
    ]
    contact_sheet(rows, path)


def _progress() -> Progress:
    columns = TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console)
