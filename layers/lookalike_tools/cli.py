"""The `lookalike` command: puts the commands together, and loads each only when it runs.

Torch takes seconds to import; matplotlib and boto3 take tenths of a second.
"""

import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

import lookalike
from lookalike.errors import LookalikeError, ModelError

COMMANDS = {
    "stacks": (
        "demo",
        "console",
        "local",
        "doctor",
        "rebuild",
        "redrive",
        "events",
        "remove_old_encodings",
        "delete",
    ),
    "photos": ("import_", "recognize", "types", "review", "diagnose"),
    "models": ("export_model", "evaluate", "calibrate", "bench"),
}
"""The rooms of `lookalike_tools.commands` and their modules, in the order of the help; each module has a
function of its name."""

FOLDER = Path(__file__).with_name("commands")

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lookalike {lookalike.__version__}")
        raise typer.Exit


@app.callback()
def few_shot(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Few-shot image recognition: does a photo show an object of a type?

    Exit status: 0 all is done, and all photos match; 1 some of it is not, or some do not; 2 wrong use, as of
    a folder, model or type that is not there; 3 the stack can't be reached.
    """


class LazyCommand(TyperCommand):
    """A command that is known by its name and help, and imported when it runs."""

    def __init__(self, room: str, module: str) -> None:
        """Read the help from the source of `lookalike_tools.commands.{room}.{module}`."""
        name = module.strip("_").replace("_", "-")
        super().__init__(name, help=_read_docstring(room, module), rich_help_panel=room.capitalize())
        self.room, self.module = room, module

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete by the command's own options, too."""
        return self._load().shell_complete(ctx, incomplete)

    def get_params(self, ctx: Any) -> Any:
        """The command's own options and arguments: completing a word looks at them before it runs."""
        return self._load().get_params(ctx)

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Hand over to the command itself, for it to parse its arguments and run."""
        return self._load().make_context(*arguments, **settings)

    def _load(self) -> Any:
        module = import_module(f"lookalike_tools.commands.{self.room}.{self.module}")
        one = typer.Typer(add_completion=False, context_settings=HELP_OPTIONS)
        one.command(self.name)(getattr(module, self.module))
        return typer.main.get_command(one)


def make_group() -> TyperGroup:
    """All commands under one name."""
    group = cast(TyperGroup, typer.main.get_command(app))
    for room, modules in COMMANDS.items():
        for module in modules:
            group.add_command(LazyCommand(room, module))
    return group


def main() -> None:
    """Run the command; an error that has a message for people is one line, not a traceback."""
    try:
        make_group()()
    except LookalikeError as error:
        typer.secho(f"lookalike: {error}", fg="red", err=True)
        sys.exit(getattr(error, "exit_status", 2 if isinstance(error, ModelError) else 1))
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError

        from lookalike_tools.live.stack import StackUnreachableError

        if not isinstance(error, BotoCoreError | ClientError):
            raise
        typer.secho(f"lookalike: AWS can't be reached, or refuses: {error}", fg="red", err=True)
        sys.exit(StackUnreachableError.exit_status)


def _read_docstring(room: str, module: str) -> str | None:
    """The docstring of the module's function of the same name, read without importing it."""
    parsed = ast.parse((FOLDER / room / f"{module}.py").read_text(encoding="utf-8"))
    (function,) = (node for node in parsed.body if isinstance(node, ast.FunctionDef) and node.name == module)
    return ast.get_docstring(function)
