"""`lookalike types`."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.api import list_types, read_type
from lookalike_tools.live.stack import find_stack

console = Console()


def types(stack: LiveStack = "lookalike") -> None:
    """List the types of a stack."""
    live = find_stack(stack)
    type_ids = list_types(live)
    if not type_ids:
        console.print("There are no types: `lookalike import DIR` brings some.")
        return
    with ThreadPoolExecutor() as threads:
        states = list(threads.map(partial(read_type, live), type_ids))
    table = Table(box=SIMPLE_HEAD)
    for heading in ("type", "uploaded", "recognized", "rejected", "settings", ""):
        table.add_column(heading, overflow="fold")
    for state in states:
        table.add_row(
            state["type_id"],
            *(str(state["origins"][origin]) for origin in ("uploaded", "recognized")),
            str(len(state["rejected"]) or ""),
            ", ".join(f"{name} {value}" for name, value in state["settings"].items()),
            "" if state["up_to_date"] else "[yellow]being built",
        )
    console.print(table)
