"""`lookalike rebuild`."""

from typing import Annotated

import typer
from rich.progress import track

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.api import list_types
from lookalike_tools.live.rebuilding import rebuild_types
from lookalike_tools.live.stack import find_stack


def rebuild(
    types: Annotated[list[str] | None, typer.Argument(help="The types to bring up to date.")] = None,
    all_types: Annotated[bool, typer.Option("--all", help="All types of the stack.")] = False,
    stack: LiveStack = "lookalike",
) -> None:
    """Bring types up to date, as after deploying another model, and show progress until they are."""
    if bool(types) == all_types:
        raise typer.BadParameter("name the types to rebuild, or give --all")
    live = find_stack(stack)
    wanted = types or list_types(live)
    for _ in track(rebuild_types(live, wanted), description="rebuilding", total=len(wanted)):
        pass
