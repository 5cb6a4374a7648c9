"""`lookalike doctor`."""

import typer
from rich.console import Console
from rich.markup import escape

from lookalike_tools.checkup import examine
from lookalike_tools.commands.options import LiveStack, Model

console = Console()


def doctor(stack: LiveStack = "lookalike", model: Model = None) -> None:
    """Look at this machine and a stack, and say of each part what to do if something is wrong.

    Exit status: 0 if all is well, 1 if not.
    """
    well = True
    for finding in examine(stack, model):
        mark = "[yellow]look[/]" if finding.advice else "[green]well[/]"
        console.print(f"{mark}  {finding.part}: {escape(finding.found)}", soft_wrap=True, highlight=False)
        if finding.advice:
            well = False
            console.print(f"      {escape(finding.advice)}", soft_wrap=True, highlight=False)
    if not well:
        raise typer.Exit(1)
