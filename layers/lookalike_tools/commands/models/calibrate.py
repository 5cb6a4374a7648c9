"""`lookalike calibrate`."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from lookalike.matching.encodings import Encodings
from lookalike.matching.settings import Rule
from lookalike_tools.commands.options import AsJson, LiveStack
from lookalike_tools.evaluation import thresholds
from lookalike_tools.evaluation.thresholds import choose_rule, score_types, warn_of_few_photos
from lookalike_tools.evaluation.thresholds_picture import CalibratedType, draw_calibration
from lookalike_tools.live.bucket.encodings import list_encoded_types, read_encodings, read_gallery
from lookalike_tools.live.settings import set_threshold
from lookalike_tools.live.stack import Stack, StackError, WrongUseError, find_stack
from lookalike_tools.tables import make_table

console = Console()
notes = Console(stderr=True)


def calibrate(
    types: Annotated[list[str] | None, typer.Argument(help="The types to calibrate; else all.")] = None,
    far: Annotated[
        float, typer.Option(min=0.00001, max=0.5, help="False accept rate that is wanted.")
    ] = 0.01,
    apply: Annotated[bool, typer.Option("--apply", help="Write the types' settings.")] = False,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path(".calibration"),
    stack: LiveStack = "lookalike",
    as_json: AsJson = False,
) -> None:
    """Choose each type's threshold for a false accept rate, from the photos that the stack has.

    Exit status: 1 if --apply left settings as they are, which nobody has put right yet.
    """
    live = find_stack(stack)
    known = _read_types(live)
    wanted = types or [encodings.type_id for encodings in known]
    if missing := sorted(set(wanted) - {encodings.type_id for encodings in known}):
        raise WrongUseError(f"no encodings of {', '.join(missing)}: `lookalike types` lists what there is")
    if len(known) < 2:
        raise WrongUseError("thresholds come from photos of other types: there must be two types with photos")
    fit = read_gallery(live).fit
    scoring = score_types(known, fit, wanted, live.odds)
    scored = dict(track(scoring, "scoring", total=len(wanted), console=notes))
    rule = choose_rule(scored.values(), far)
    calibrated = [
        CalibratedType(type_id, scores[rule], thresholds.calibrate(scores[rule], far))
        for type_id, scores in scored.items()
    ]
    if as_json:
        typer.echo(json.dumps(_describe(calibrated, rule, far), indent=2))
    else:
        _print(calibrated, rule, far)
    picture = out / "calibration.png"
    draw_calibration(calibrated, rule, far, picture)
    notes.print(f"Scores and thresholds: [bold]{picture}")
    if apply:
        with ThreadPoolExecutor() as threads:
            written = list(threads.map(partial(_apply, live, rule), calibrated))
        notes.print(f"Settings of {sum(written)} types written.")
        if not all(written):
            raise typer.Exit(1)
    else:
        notes.print("Nothing is written without --apply.")


def _read_types(stack: Stack) -> list[Encodings]:
    type_ids = list_encoded_types(stack)
    reading = read_encodings(stack, type_ids)
    found = list(track(reading, "reading encodings", total=len(type_ids), console=notes))
    return [encodings.references for encodings in found if encodings and encodings.references.rows]


def _apply(stack: Stack, rule: Rule, calibrated: CalibratedType) -> bool:
    """Whether a type's rule and threshold were written; why not is printed."""
    try:
        set_threshold(stack, calibrated.type_id, rule, calibrated.calibration.threshold)
    except StackError as error:
        notes.print(str(error), style="yellow", soft_wrap=True, markup=False)
        return False
    return True


def _describe(calibrated: Sequence[CalibratedType], rule: Rule, far: float) -> dict[str, Any]:
    return {
        "rule": str(rule),
        "far": far,
        "types": [{"type_id": each.type_id} | asdict(each.calibration) for each in calibrated],
        "warnings": warn_of_few_photos({each.type_id: each.scores for each in calibrated}, far),
    }


def _print(calibrated: Sequence[CalibratedType], rule: Rule, far: float) -> None:
    console.print(f"At most {far:.2%} false accepts, by the rule [bold]{rule}[/]:")
    table = make_table(("type",), ("threshold", "false accepts", "true accepts"))
    for each in calibrated:
        result = each.calibration
        table.add_row(
            each.type_id,
            f"{result.threshold:.4f}",
            _rate(result.far, result.far_interval, len(each.scores.impostor)),
            _rate(result.tar, result.tar_interval, len(each.scores.genuine)),
        )
    console.print(table)
    for warning in warn_of_few_photos({each.type_id: each.scores for each in calibrated}, far):
        console.print(warning, style="yellow")


def _rate(rate: float, interval: tuple[float, float], count: int) -> str:
    low, high = interval
    return f"{rate:.1%} of {count}\n{low:.1%} to {high:.1%}"
