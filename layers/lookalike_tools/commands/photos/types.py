"""`lookalike types`."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import typer
from rich.console import Console
from rich.markup import escape

from lookalike_tools.commands.options import AsJson, LiveStack
from lookalike_tools.live.api import list_types, read_type
from lookalike_tools.live.stack import find_stack
from lookalike_tools.tables import make_table

console = Console()


def types(stack: LiveStack = "lookalike", as_json: AsJson = False) -> None:
    """List the types of a stack."""
    live = find_stack(stack)
    type_ids = list_types(live)
    if not type_ids and not as_json:
        console.print("There are no types: `lookalike import DIR` brings some.")
        return
    with ThreadPoolExecutor() as threads:
        states = list(threads.map(partial(read_type, live), type_ids))
    if as_json:
        typer.echo(json.dumps(states, indent=2, ensure_ascii=False))
        return
    titled = any("title" in state["settings"] for state in states)
    table = make_table(
        ("type", *(("title",) if titled else ()), "settings"),
        ("uploaded", "recognized", "rejected", ""),
    )
    for state in states:
        settings = dict(state["settings"])
        title = settings.pop("title", "")
        table.add_row(
            state["type_id"],
            *((escape(title),) if titled else ()),
            ", ".join(f"{name} {value}" for name, value in settings.items()),
            *(str(state["origins"][origin]) for origin in ("uploaded", "recognized")),
            str(len(state["rejected"]) or ""),
            "" if state["up_to_date"] else "[yellow]being built",
        )
    console.print(table)
