"""`lookalike evaluate`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike.matching.rules import RULES
from lookalike.matching.settings import Rule
from lookalike.vision.encoder import Encoder
from lookalike_tools.commands.options import AsJson, Model, PhotosFolder
from lookalike_tools.evaluation.confusions import find_confusions
from lookalike_tools.evaluation.evaluate import draw_references, evaluate_rules
from lookalike_tools.evaluation.photos import read_photos
from lookalike_tools.export.default_model import prepare_model
from lookalike_tools.photos.folders import print_left_out


def evaluate(
    photos: PhotosFolder,
    model: Model = None,
    references: Annotated[int, typer.Option(min=1, help="Reference photos drawn of each type.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="How many times they are drawn.")] = 10,
    as_json: AsJson = False,
    report: Annotated[
        Path | None, typer.Option(help="Draw scores, trade-off and confusions: an .html or .png file.")
    ] = None,
) -> None:
    """How well each decision rule tells types apart: every photo is asked against every type."""
    notes = Console(stderr=True)
    encoder = Encoder(model or prepare_model(notes))
    found = read_photos(encoder, photos, references, notes)
    others = RULES[Rule.RELATIVE].other_types
    if len(found.type_ids) <= others:
        notes.print(
            f"{len(found.type_ids)} types: a stack decides by similarity until there are {others + 1}",
            style="yellow",
        )
    draws = draw_references(found, references, repeats)
    result = {
        "model": encoder.model_id,
        "stand_in": encoder.description.stand_in,
        "folder": str(photos),
        "types": len(found.type_ids),
        "photos": sum(map(len, found.paths)),
        "references": references,
        "repeats": repeats,
    } | evaluate_rules(draws, found)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        _print(result)
    if report:
        from lookalike_tools.evaluation.report import write_report  # noqa: PLC0415 - matplotlib is slow

        write_report(report, result, draws, {rule: find_confusions(draws, rule, found) for rule in Rule})
        notes.print(f"report: {report}")
    if print_left_out(notes, found.left_out):
        raise typer.Exit(1)


def _print(result: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{result['photos']} photos of {result['types']} types, {result['references']} references a type, "
        f"{result['repeats']} draws, {result['model']}"
    )
    if result["stand_in"]:
        console.print("The model is a stand-in: these are not CLIP's figures.", style="bold red")
    table = Table(box=SIMPLE_HEAD)
    for heading in ("", *(rule["rule"] for rule in result["rules"])):
        table.add_column(heading)
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        "equal error rate": lambda rule: _rate(rule, "eer"),
        "  sibling types": lambda rule: _rate(rule["siblings"], "eer"),
        "  other types": lambda rule: _rate(rule["others"], "eer"),
        "  objects of no known type": lambda rule: _rate(rule["unknown"], "eer"),
        "true accepts at 1 % false": lambda rule: _rate(rule, "tar_at_far_1pct"),
        "true accepts at 0.1 % false": lambda rule: _rate(rule, "tar_at_far_01pct"),
        "identified at once": lambda rule: _rate(rule, "top1"),
    }
    for name, cell in rows.items():
        table.add_row(name, *(cell(rule) for rule in result["rules"]))
    console.print(table)
    console.print(f"The relative rule's equal error rate is {result['eer_reduction']:.0%} lower.")
    for rule in result["rules"]:
        confusions = ", ".join(
            f"{each['type']} as {each['asked']} {each['false_accepts']}/{each['trials']}"
            for each in rule["confusions"]
        )
        console.print(f"Most false accepts at 1 % by {rule['rule']}: {confusions}")


def _rate(values: dict[str, Any], name: str) -> str:
    if values[name] is None:
        return "-"
    low, high = values[f"{name}_interval"]
    return f"{values[name]:.3f} ({low:.3f} to {high:.3f})"
