"""Calibrate the types of a live stack: choose a rule, and a threshold for each type."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lookalike.matching.decision import MIN_OTHERS, Rule
from lookalike_tools.evaluation.calibration import Calibration, Scores, calibrate, score_types
from lookalike_tools.live.encodings import read_all_encodings
from lookalike_tools.live.stack import Stack, StackError
from lookalike_tools.live.upkeep import get_json, put_json

PICTURE = "calibration.png"
TYPES_A_PICTURE = 60
GENUINE, IMPOSTOR = "#1b7f4d", "#9aa0a6"

console = Console()


class Calibrated(NamedTuple):
    """A type, what photos scored against it by the chosen rule, and the threshold."""

    type_id: str
    scores: Scores
    calibration: Calibration


def calibrate_stack(stack: Stack, type_ids: Sequence[str], far: float, *, apply: bool, out: Path) -> None:
    """Print and draw a threshold for each type, for a wanted false accept rate; write them if asked.

    Args:
        stack: the live stack.
        type_ids: the types to calibrate; all if empty.
        far: the false accept rate that is wanted, 0 to 1.
        apply: write the types' settings; a type's own `vouch` and `max_recognized` stay.
        out: folder for the picture.

    Raises:
        StackError: too few types, or none of these names.
    """
    types = read_all_encodings(stack, console)
    known = [encodings.type_id for encodings in types]
    if missing := sorted(set(type_ids) - set(known)):
        raise StackError(f"no encodings of {', '.join(missing)}: `lookalike types` lists what there is")
    if len(types) < 2:
        raise StackError("thresholds come from photos of other types: there must be two types with photos")
    wanted = list(type_ids) or known
    scored = dict(track(score_types(types, wanted), "scoring", total=len(wanted), console=console))
    rule = _better_rule(scored, far, len(types) - 1)
    results = [
        Calibrated(type_id, scores[rule], calibrate(scores[rule], far)) for type_id, scores in scored.items()
    ]
    _print(results, rule, far)
    out.mkdir(parents=True, exist_ok=True)
    _draw(results, rule, far, out / PICTURE)
    console.print(f"Scores and thresholds: [bold]{out / PICTURE}")
    if apply:
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda result: _apply(stack, result, rule), results))
        console.print(f"Settings of {len(results)} types written.")
    else:
        console.print("Nothing is written without --apply.")


def _better_rule(scored: dict[str, dict[Rule, Scores]], far: float, others: int) -> Rule:
    """The rule that accepts more of the types' own photos; one for all, for one type has few to judge by."""
    if others < MIN_OTHERS:
        return Rule.SIMILARITY
    accepted = {
        rule: np.mean([calibrate(scores[rule], far).tar for scores in scored.values()]) for rule in Rule
    }
    return Rule.RELATIVE if accepted[Rule.RELATIVE] >= accepted[Rule.SIMILARITY] else Rule.SIMILARITY


def _apply(stack: Stack, result: Calibrated, rule: Rule) -> None:
    settings = get_json(stack, f"/types/{result.type_id}", {})["settings"]
    # The threshold holds for what uploaded photos score: what is appended should resemble those.
    decided = {"rule": str(rule), "threshold": result.calibration.threshold}
    changed = {"vouch": "uploaded"} | settings | decided
    put_json(stack, f"/types/{result.type_id}/settings", changed)


def _print(results: list[Calibrated], rule: Rule, far: float) -> None:
    console.print(f"At most {far:.2%} false accepts, by the rule [bold]{rule}[/]:")
    table = Table(box=SIMPLE_HEAD)
    for heading in ("type", "threshold", "false accepts", "true accepts", ""):
        table.add_column(heading, overflow="fold")
    for type_id, scores, calibration in results:
        table.add_row(
            type_id,
            f"{calibration.threshold:.4f}",
            _rate(calibration.far, calibration.far_interval, len(scores.impostor)),
            _rate(calibration.tar, calibration.tar_interval, len(scores.genuine)),
            "; ".join(calibration.warnings),
        )
    console.print(table)


def _rate(rate: float, interval: tuple[float, float], count: int) -> str:
    low, high = interval
    return f"{rate:.1%} of {count} ({low:.1%} to {high:.1%})"


def _draw(results: list[Calibrated], rule: Rule, far: float, path: Path) -> None:
    shown = results[:TYPES_A_PICTURE]
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(10, 1.6 + 0.32 * len(shown)), layout="constrained")
        axis = figure.subplots()
        for row, (_, scores, calibration) in enumerate(shown):
            for values, colour, shift in (
                (scores.impostor, IMPOSTOR, 0.15),
                (scores.genuine, GENUINE, -0.15),
            ):
                axis.plot(
                    values, np.full(len(values), row + shift), "|", color=colour, markersize=6, alpha=0.6
                )
            axis.plot([calibration.threshold] * 2, [row - 0.4, row + 0.4], color="#22252a", linewidth=1.6)
        axis.plot([], [], "|", color=GENUINE, label="photos of the type")
        axis.plot([], [], "|", color=IMPOSTOR, label="photos of other types")
        axis.plot([], [], color="#22252a", label=f"threshold for {far:.2%} false accepts")
        axis.set_yticks(range(len(shown)), [result.type_id for result in shown])
        axis.set(ylim=(len(shown) - 0.5, -0.5), xlabel=f"score by {rule}")
        if rule is Rule.RELATIVE:
            axis.set_xlim(-1, 1)
        figure.legend(frameon=False, loc="outside upper center", ncols=3)
        figure.savefig(path, dpi=110)
