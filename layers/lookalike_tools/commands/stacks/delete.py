"""`lookalike delete`."""

from typing import Annotated

import typer

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.deleting import companion_stacks, delete_stack
from lookalike_tools.live.stack import find_stack


def delete(
    stack: LiveStack = "lookalike",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a stack and all that can be made again; photos and settings stay, in their bucket."""
    live = find_stack(stack)
    if not yes:
        typer.confirm(
            f"Delete the stack {live.name}, with its encodings and queries? "
            f"The photos and settings in {live.bucket} stay.",
            abort=True,
        )
    for doing in delete_stack(live):
        typer.echo(doing)
    typer.echo(
        f"The stack {live.name} is deleted. Its photos and settings stay in the bucket {live.bucket}: "
        f"'lookalike import s3://{live.bucket}' takes them into another stack."
    )
    for companion in companion_stacks(live):
        typer.echo(f"The images stay in the repositories of the stack {companion}.")
