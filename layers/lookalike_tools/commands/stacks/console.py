"""`lookalike console`."""

from pathlib import Path
from typing import Annotated

import requests
import typer
from rich.console import Console

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.commands.stacks.demo import prepare, upload_references
from lookalike_tools.live.queries import recognize_photo
from lookalike_tools.live.stack import Stack, StackError, find_stack
from lookalike_tools.local.stack import local_stack
from lookalike_tools.photos.demo import TypePhotos
from lookalike_tools.photos.folders import print_left_out

printed = Console()


def console(
    stack: LiveStack = "lookalike",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on the loopback interface; else a free one.")
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Start a stack on this machine, with the demo's parts.")
    ] = False,
    photos: Annotated[
        Path | None,
        typer.Option(help="With --local: your own photos, a folder for each type, in place of the parts."),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Look at a stack's types in a browser, and put right what is wrong, until it is interrupted.

    It is served to this machine alone, with your AWS credentials, which stay out of the browser. The address
    that is printed lets you in.
    """
    # The pages take a second to import.
    from lookalike_tools.console.server import serve

    def say(address: str) -> None:
        printed.print(f"The console is at [bold]{address}[/]\nCtrl-C stops it.", soft_wrap=True)

    if not (local or photos):
        serve(find_stack(stack), port, say, open_browser=open_browser)
        return
    types, left_out, model_dir = prepare(photos)
    print_left_out(printed, left_out)
    with local_stack(model_dir, parameters={"KeepMissed": "close"}) as started:
        upload_references(started, types)
        _recognize(started, types)
        serve(started, port, say, open_browser=open_browser)


def _recognize(stack: Stack, types: list[TypePhotos]) -> None:
    """Ask each type for its queries: those that match join it, for people to look at."""
    for each in types:
        for query in each.queries:
            response = recognize_photo(stack, each.type_id, query.data, query.name, append=True)
            if response.status_code != requests.codes.ok:
                raise StackError(f"{query.name} against {each.type_id}: {response.text}")
