"""`lookalike redrive`."""

import typer

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.queues import dead_letters
from lookalike_tools.live.stack import find_stack


def redrive(stack: LiveStack = "lookalike") -> None:
    """Give messages that failed time and again another chance, once their cause is mended."""
    live = find_stack(stack)
    sqs = live.client("sqs")
    moved = dead_letters.redrive(sqs, live.dead_letter_queue_url, live.queue_url)
    typer.echo(f"dead letters moved back to the queue: {moved}")
    photos = dead_letters.redrive(sqs, live.inbox_dead_letter_queue_url, live.inbox_queue_url)
    typer.echo(f"photos moved back to the inbox's queue: {photos}")
