"""The evaluation of scenes as a table for the terminal."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike.matching.settings import Look, Rule

FIGURES = {
    "eer": "equal error rate",
    "tar_at_far_5pct": "true accepts at 5 % false",
    "tar_at_far_1pct": "true accepts at 1 % false",
    "best_is_there": "the best type is there",
    "box_holds_object": "the box holds the object",
    "ends_early": "ends with the middle",
    "ends_early_in_vain": "so, the type not there",
}
"""The figures of a look and a rule, and what people call them."""


def print_table(result: dict[str, Any]) -> None:
    """Print the figures of each look and rule, in 80 columns."""
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
    for name, title in FIGURES.items():
        table.add_row(title)
        for look in Look:
            found = [each for each in result["results"] if each["look"] == look]
            if look is Look.CENTRE and name.startswith("ends_early"):
                continue
            table.add_row(f"  {look}", *(_rate(each, name) for each in found))
    console.print(table)
    console.print("Boxes are judged at 5 % false accepts.")


def _rate(values: dict[str, Any], name: str) -> str:
    if values[name] is None:
        return "-"
    low, high = values[f"{name}_interval"]
    return f"{values[name]:.3f} ({low:.3f} to {high:.3f})"
