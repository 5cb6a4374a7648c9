"""`lookalike remove-old-encodings`."""

from typing import Annotated

import typer

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.bucket.old_encodings import old_models, remove_encodings
from lookalike_tools.live.stack import find_stack


def remove_old_encodings(
    stack: LiveStack = "lookalike",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the encodings of models that are no longer deployed; images stay."""
    live = find_stack(stack)
    models = old_models(live)
    if not models:
        typer.echo("There are no encodings but those of the model that is running.")
    for model_id in models:
        if yes or typer.confirm(f"Remove all encodings by {model_id}?"):
            typer.echo(f"encodings of {remove_encodings(live, model_id)} types by {model_id} removed")
