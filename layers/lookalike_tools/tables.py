"""Tables that fit a terminal of 80 columns: names fold, headings and figures are never cut."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table


def make_table(names: Sequence[str], figures: Sequence[str]) -> Table:
    """An empty table: columns of names, of any length, then columns of figures."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for heading in names:
        table.add_column(heading, overflow="fold", min_width=len(heading))
    for heading in figures:
        table.add_column(heading, no_wrap=True)
    return table
