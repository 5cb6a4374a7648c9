"""`lookalike local`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lookalike_tools.commands.interrupting import interrupt_by_signals
from lookalike_tools.commands.options import Model
from lookalike_tools.export.default_model import prepare_model
from lookalike_tools.local.stack import ROOT, LocalStack, follow_logs, local_stack, write_ready_file


def local(
    ready_file: Annotated[
        Path | None, typer.Option(help="Written, as JSON, when the stack is ready.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on the loopback interface; else a free one.")
    ] = None,
    model: Model = None,
) -> None:
    """Run the whole stack on this machine until it is interrupted: the real template on an emulated AWS."""
    run_stack(model or prepare_model(Console(stderr=True)), port, ready_file)


def run_stack(
    model_dir: Path, port: int | None = None, ready_file: Path | None = None, *, root: Path = ROOT
) -> None:
    """Run the stack until SIGINT or SIGTERM, printing the functions' logs.

    Args:
        model_dir: the model folder that the functions use.
        port: TCP port on the loopback interface; a free one if None.
        ready_file: written when the stack is ready, removed when it stops.
        root: the project's folder.

    Raises:
        ModelError: `model_dir` holds no model.
        LocalStackError: the stack can't be started, or stopped by itself.
    """
    interrupt_by_signals()
    if ready_file:
        ready_file.parent.mkdir(parents=True, exist_ok=True)
        ready_file.unlink(missing_ok=True)
    try:
        with suppress(KeyboardInterrupt), local_stack(model_dir, port, root=root) as stack:
            _print_how_to_use(stack)
            if ready_file:
                write_ready_file(ready_file, stack)
            for line in follow_logs(stack):
                typer.echo(line)
    finally:
        if ready_file:
            ready_file.unlink(missing_ok=True)


def _print_how_to_use(stack: LocalStack) -> None:
    typer.echo(
        f"API        {stack.api_url}\n"
        f"S3         {stack.bucket} for photos, {stack.work_bucket} for encodings and queries,\n"
        f"           at {stack.endpoint_url} ({stack.region}, credentials test/test)\n"
        f"Emulator   logs to {stack.emulator.log_file}\n\n"
        f"  curl '{stack.api_url}/health'\n"
        "  curl -X PUT -H 'Content-Type: image/jpeg' --data-binary @reference.jpg "
        f"'{stack.api_url}/types/hex-nut/images/1.jpg'\n"
        "  curl -H 'Content-Type: image/jpeg' --data-binary @query.jpg "
        f"'{stack.api_url}/types/hex-nut/recognize'\n\n"
        "Ctrl-C stops it all. The functions' logs follow.",
        err=True,
    )
