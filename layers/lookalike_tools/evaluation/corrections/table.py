"""What a simulated month of use comes to, for people to read."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console

from lookalike.matching.settings import Vouch
from lookalike_tools.tables import make_table

FIGURES = {
    "false_accepts": "FAR at 90 % TAR",
    "eer": "EER",
    "false_at_threshold": "FAR",
    "true_at_threshold": "TAR",
}

JOINS: Mapping[Vouch, str] = {
    "all": "all matches join",
    "uploaded": "those join that match uploaded photos alone",
}


def print_corrections(found: Sequence[dict[str, Any]]) -> None:
    """Print what `evaluate_corrections` found: each figure at the month's beginning and at its end."""
    console = Console()
    for (rule, threshold, vouch), months in groupby(found, itemgetter("rule", "threshold", "vouch")):
        table = make_table(["corrections"], [*FIGURES.values(), "wrong"])
        for each in months:
            first, last = each["month"][0], each["month"][-1]
            figures = [f"{first[name]:.3f} {last[name]:.3f}" for name in FIGURES]
            table.add_row(each["correction"], *figures, f"{last['wrong']:.0f} of {last['matches']:.0f}")
        console.print(f"By {rule}, threshold {threshold:g}; {JOINS[vouch]}; before and after the month:")
        console.print(table)
    console.print("FAR and TAR: at the threshold. Wrong: photos that joined types and show none of them.")
