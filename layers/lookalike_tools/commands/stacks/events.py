"""`lookalike events`."""

import json
from contextlib import suppress
from typing import Annotated, Any

import typer

from lookalike_tools.commands.interrupting import interrupt_by_signals
from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.queues.event_stream import listening
from lookalike_tools.live.stack import find_stack


def events(
    follow: Annotated[bool, typer.Option("--follow", help="Print all, until Ctrl-C.")] = False,
    stack: LiveStack = "lookalike",
) -> None:
    """Print the next event that a stack tells of, or with --follow all that pass: a line of JSON each."""
    interrupt_by_signals()
    with suppress(KeyboardInterrupt), listening(find_stack(stack)) as receive:
        typer.echo("listening", err=True)
        while True:
            for event in receive():
                typer.echo(json.dumps(_in_short(event), ensure_ascii=False))
                if not follow:
                    return


def _in_short(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in ("time", "detail-type", "detail")}
