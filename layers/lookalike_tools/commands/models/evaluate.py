"""`lookalike evaluate`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike.matching.settings import Rule
from lookalike.vision.encoder import Encoder
from lookalike_tools.commands.options import AsJson, Model
from lookalike_tools.evaluation.confusions import find_confusions
from lookalike_tools.evaluation.corrections.month import evaluate_corrections
from lookalike_tools.evaluation.corrections.table import print_corrections
from lookalike_tools.evaluation.evaluate import draw_references, evaluate_rules
from lookalike_tools.evaluation.photos import read_photos
from lookalike_tools.evaluation.scenes.evaluate import evaluate_scenes
from lookalike_tools.evaluation.scenes.folder import read_scenes
from lookalike_tools.evaluation.scenes.table import print_table
from lookalike_tools.export.default_model import prepare_model
from lookalike_tools.photos.folders import print_left_out


def evaluate(
    photos: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Holds a folder of photos for each type.")
    ] = None,
    scenes: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Instead: holds scenes/ with whole scenes, and boxes.json with their objects."
        ),
    ] = None,
    model: Model = None,
    references: Annotated[
        str,
        typer.Option(
            metavar="N[,N...]",
            help="Reference photos drawn of each type; several numbers make a learning curve.",
        ),
    ] = "5",
    repeats: Annotated[int, typer.Option(min=1, help="How many times they are drawn.")] = 10,
    corrections: Annotated[
        bool,
        typer.Option(
            "--corrections", help="Instead: what a month of use and corrections makes of the types."
        ),
    ] = False,
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Draw scores, errors and pictures: an .html file, or a .png without --scenes."),
    ] = None,
) -> None:
    """How well each decision rule tells types apart: every photo is asked against every type."""
    counts = _parse_counts(references)
    if scenes:
        _evaluate_scenes(photos, scenes, model, counts, repeats, as_json=as_json, report=report)
        return
    if not photos:
        raise typer.BadParameter("give a folder of photos, or --scenes DIR", param_hint="DIR")
    if corrections:
        _evaluate_corrections(photos, model, counts, repeats, as_json=as_json, report=report)
        return
    notes = Console(stderr=True)
    encoder = Encoder(model or prepare_model(notes))
    found = read_photos(encoder, photos, max(counts), notes)
    draws = {count: draw_references(found, count, repeats) for count in counts}
    result = {
        "model": encoder.model_id,
        "stand_in": encoder.description.stand_in,
        "folder": str(photos),
        "types": len(found.type_ids),
        "photos": sum(map(len, found.paths)),
        "repeats": repeats,
    } | evaluate_rules(draws, found)
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        _print(result)
    if report:
        from lookalike_tools.evaluation.report import write_report

        drawn = draws[max(counts)]
        write_report(report, result, drawn, {rule: find_confusions(drawn, rule, found) for rule in Rule})
        notes.print(f"report: {report}")
    if print_left_out(notes, found.left_out):
        raise typer.Exit(1)


def _evaluate_scenes(
    photos: Path | None,
    scenes: Path,
    model: Path | None,
    counts: list[int],
    repeats: int,
    *,
    as_json: bool,
    report: Path | None,
) -> None:
    if photos:
        raise typer.BadParameter("give photos or scenes, not both", param_hint="--scenes")
    if len(counts) > 1:
        raise typer.BadParameter("with --scenes, give one number", param_hint="--references")
    if report and report.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter("with --scenes, give a name that ends in .html", param_hint="--report")
    notes = Console(stderr=True)
    found = read_scenes(scenes, notes)
    encoder = Encoder(model or prepare_model(notes))
    evaluation = evaluate_scenes(scenes, found, encoder, counts[0], repeats, notes)
    if as_json:
        typer.echo(json.dumps(evaluation.result, indent=2))
    else:
        print_table(evaluation.result)
    if report:
        from lookalike_tools.evaluation.scenes.report import write_report

        write_report(report, evaluation)
        notes.print(f"report: {report}")


def _evaluate_corrections(
    photos: Path, model: Path | None, counts: list[int], repeats: int, *, as_json: bool, report: Path | None
) -> None:
    if len(counts) > 1:
        raise typer.BadParameter("with --corrections, give one number", param_hint="--references")
    if report:
        raise typer.BadParameter("--corrections draws none", param_hint="--report")
    notes = Console(stderr=True)
    encoder = Encoder(model or prepare_model(notes))
    # One photo for the month and one that is never seen, at least.
    found = read_photos(encoder, photos, counts[0] + 1, notes)
    thresholds = {Rule.SIMILARITY: encoder.description.default_threshold, Rule.PROBABILITY: 0.5}
    months = evaluate_corrections(found.encodings, thresholds, counts[0], repeats)
    if as_json:
        typer.echo(json.dumps(months, indent=2))
    else:
        print_corrections(months)
    if print_left_out(notes, found.left_out):
        raise typer.Exit(1)


def _parse_counts(text: str) -> list[int]:
    """Numbers of references, the least first."""
    try:
        counts = sorted({int(number) for number in text.split(",")})
    except ValueError:
        counts = [0]
    if counts[0] < 1:
        raise typer.BadParameter(
            f"{text!r}: give one number from 1 on, or several with commas between, such as 1,2,5",
            param_hint="--references",
        )
    return counts


def _print(result: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{result['photos']} photos of {result['types']} types, {result['references']} references a type, "
        f"{result['repeats']} draws, {result['model']}"
    )
    if result["stand_in"]:
        console.print("The model is a stand-in: these are not CLIP's figures.", style="bold red")
    console.print(_table_of_rules(result["rules"]))
    if len(result["learning_curve"]) > 1:
        console.print(_table_of_learning(result["learning_curve"]))
    change = result["eer_reduction"]
    console.print(
        f"By probability, the equal error rate is {abs(change):.0%} {'lower' if change >= 0 else 'higher'}."
    )
    for rule in result["rules"]:
        confusions = ", ".join(
            f"{each['type']} as {each['asked']} {each['false_accepts']}/{each['trials']}"
            for each in rule["confusions"]
        )
        console.print(f"Most false accepts at 1 % by {rule['rule']}: {confusions}")


def _table_of_rules(rules: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for heading in ("", *(rule["rule"] for rule in rules)):
        table.add_column(heading)
    rows: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("equal error rate", lambda _: ""),
        ("  known types", lambda rule: _rate(rule, "eer")),
        ("    siblings", lambda rule: _rate(rule["siblings"], "eer")),
        ("    others", lambda rule: _rate(rule["others"], "eer")),
        ("  no known type", lambda rule: _rate(rule["unknown"], "eer")),
        ("true accepts", lambda _: ""),
        ("  at 1 % false", lambda rule: _rate(rule, "tar_at_far_1pct")),
        ("  at 0.1 % false", lambda rule: _rate(rule, "tar_at_far_01pct")),
        ("identified at once", lambda rule: _rate(rule, "top1")),
        ("taken for no known type", lambda _: ""),
        ("  known types", lambda rule: _rate(rule["none"], "known")),
        ("  no known type", lambda rule: _rate(rule["none"], "unknown")),
        ("calibration error", lambda rule: _rate(rule, "calibration_error")),
    ]
    for name, cell in rows:
        table.add_row(name, *(cell(rule) for rule in rules))
    return table


def _table_of_learning(curve: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("references", "", "known types", "no known type", "at once", "calibration"):
        table.add_column(heading)
    for point in curve:
        for number, rule in enumerate(point["rules"]):
            unknown = rule["unknown"]["eer"]
            table.add_row(
                "" if number else str(point["references"]),
                rule["rule"],
                *(
                    "-" if value is None else f"{value:.3f}"
                    for value in (rule["eer"], unknown, rule["top1"], rule["calibration_error"])
                ),
            )
    return table


def _rate(values: dict[str, Any] | None, name: str) -> str:
    if values is None or values[name] is None:
        return "-"
    low, high = values[f"{name}_interval"]
    return f"{values[name]:.3f} ({low:.3f} to {high:.3f})"
