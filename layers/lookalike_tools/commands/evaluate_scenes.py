"""`lookalike evaluate --scenes`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike.matching.settings import Look, Rule
from lookalike.vision.encoder import Encoder
from lookalike_tools.evaluation.scenes.answers import Answers, ask, draw_references, usable_types
from lookalike_tools.evaluation.scenes.encodings import EncodedScene, encode_scenes
from lookalike_tools.evaluation.scenes.figures import evaluate_answers
from lookalike_tools.evaluation.scenes.folder import read_scenes
from lookalike_tools.export.default_model import prepare_model
from lookalike_tools.photos.folders import PhotosError

_FIGURES = {
    "equal error rate": "eer",
    "true accepts at 5 % false": "tar_at_far_5pct",
    "true accepts at 1 % false": "tar_at_far_1pct",
    "the best type is there": "best_is_there",
    "the box holds the object": "box_holds_object",
}


def evaluate_scenes(
    folder: Path, model: Path | None, references: int, repeats: int, *, as_json: bool, report: Path | None
) -> None:
    """How well each look and rule finds objects in whole scenes: each scene is asked for each type.

    Raises:
        PhotosError: the folder holds no scenes that can be asked.
    """
    if report and report.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(
            f"{report}: of scenes it is a page, with a name that ends in .html", param_hint="--report"
        )
    notes = Console(stderr=True)
    scenes = read_scenes(folder, notes)
    encoder = Encoder(model or prepare_model(notes))
    encoded = encode_scenes(encoder, scenes, notes)
    type_ids = _choose_types(folder, encoded, references, notes)
    answers = _ask(folder, encoded, type_ids, references, repeats)
    result = {
        "model": encoder.model_id,
        "stand_in": encoder.description.stand_in,
        "folder": str(folder),
        "scenes": len(encoded),
        "types": len(type_ids),
        "references": references,
        "repeats": repeats,
        "views": float(np.mean([len(each.boxes) for each in encoded])),
        "results": [evaluate_answers(each, len(encoded)) for each in answers],
    }
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        _print(result)
    if report:
        from lookalike_tools.evaluation.scenes.report import write_report  # noqa: PLC0415 - matplotlib is slow

        write_report(report, result, answers, [each.scene for each in encoded], type_ids)
        notes.print(f"report: {report}", soft_wrap=True, markup=False)


def _choose_types(folder: Path, scenes: list[EncodedScene], references: int, console: Console) -> list[str]:
    enough, too_few = usable_types(scenes, references)
    if too_few:
        console.print(
            f"left out, in no more than {references} scenes: {', '.join(too_few)}",
            style="yellow",
            soft_wrap=True,
            markup=False,
        )
    if len(enough) < 2:
        raise PhotosError(
            f"{folder} has {len(enough)} types in more than {references} scenes each; two are needed"
        )
    return enough


def _ask(
    folder: Path, scenes: list[EncodedScene], type_ids: list[str], references: int, repeats: int
) -> list[Answers]:
    random = np.random.default_rng(0)
    draws = [draw_references(scenes, type_ids, references, random) for _ in range(repeats)]
    shown = [
        scenes[number].scene.shows(type_id) for each in draws for number in each.asked for type_id in type_ids
    ]
    if all(shown) or not any(shown):
        which = "each of the types" if shown and all(shown) else "none of the types"
        raise PhotosError(
            f"{folder}: the scenes that are left to ask, {len(shown) // len(type_ids)} in {repeats} draws, "
            f"show {which}: add scenes, or take fewer --references"
        )
    return [ask(scenes, type_ids, draws, look, rule) for look in Look for rule in Rule]


def _print(result: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{result['scenes']} scenes, {result['types']} types, {result['references']} references a type, "
        f"{result['repeats']} draws, {result['model']}",
        markup=False,
    )
    if result["stand_in"]:
        console.print("The model is a stand-in: these are not CLIP's figures.", style="bold red")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("", *Rule):
        table.add_column(heading)
    for title, name in _FIGURES.items():
        table.add_row(title)
        for look in Look:
            found = [each for each in result["results"] if each["look"] == look]
            table.add_row(f"  {look}", *(_rate(each, name) for each in found))
    console.print(table)
    console.print("Boxes are judged at 5 % false accepts.")


def _rate(values: dict[str, Any], name: str) -> str:
    if values[name] is None:
        return "-"
    low, high = values[f"{name}_interval"]
    return f"{values[name]:.3f} ({low:.3f} to {high:.3f})"
