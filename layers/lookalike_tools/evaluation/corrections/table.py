"""What a simulated month of use comes to, for people to read."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from lookalike_tools.tables import make_table

FIGURES = {
    "false_accepts": "FAR at 90 % TAR",
    "eer": "EER",
    "false_at_threshold": "FAR",
    "true_at_threshold": "TAR",
}


def print_corrections(found: Sequence[dict[str, Any]]) -> None:
    """Print what `evaluate_corrections` found: each figure at the month's beginning and at its end."""
    console = Console()
    for rule in dict.fromkeys(each["rule"] for each in found):
        months = [each for each in found if each["rule"] == rule]
        table = make_table(["corrections"], [*FIGURES.values(), "wrong"])
        for each in months:
            first, last = each["month"][0], each["month"][-1]
            figures = [f"{first[name]:.3f} {last[name]:.3f}" for name in FIGURES]
            table.add_row(each["correction"], *figures, f"{last['wrong']:.0f} of {last['matches']:.0f}")
        console.print(f"By {rule}, threshold {months[0]['threshold']:g}; before and after the month:")
        console.print(table)
    console.print("FAR and TAR: at the threshold. Wrong: photos that joined types and show none of them.")
