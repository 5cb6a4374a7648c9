"""The `lookalike` command: puts the commands together, and loads each only when it runs.

Torch takes seconds to import; matplotlib and boto3 take tenths of a second.
"""

import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from lookalike.errors import LookalikeError

COMMANDS = (
    "export_model",
    "local",
    "demo",
    "evaluate",
    "calibrate",
    "import_",
    "recognize",
    "types",
    "review",
    "rebuild",
    "redrive",
    "remove_old_encodings",
    "bench",
)
"""The modules of `lookalike_tools.commands`, in the order of the help; each has a function of its name."""

FOLDER = Path(__file__).with_name("commands")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback()
def lookalike() -> None:
    """Few-shot image recognition: does a photo show an object of a type?"""


class LazyCommand(TyperCommand):
    """A command that is known by its name and help, and imported when it runs."""

    def __init__(self, module: str) -> None:
        """Read the help from the source of `lookalike_tools.commands.{module}`."""
        super().__init__(module.strip("_").replace("_", "-"), help=_read_docstring(module))
        self.module = module

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Hand over to the command itself, for it to parse its arguments and run."""
        function = getattr(import_module(f"lookalike_tools.commands.{self.module}"), self.module)
        one = typer.Typer(add_completion=False)
        one.command(self.name)(function)
        return typer.main.get_command(one).make_context(*arguments, **settings)


def make_group() -> TyperGroup:
    """All commands under one name."""
    group = cast(TyperGroup, typer.main.get_command(app))
    for module in COMMANDS:
        group.add_command(LazyCommand(module))
    return group


def main() -> None:
    """Run the command; an error that has a message for people is one line, not a traceback."""
    try:
        make_group()()
    except LookalikeError as error:
        typer.secho(f"lookalike: {error}", fg="red", err=True)
        sys.exit(1)


def _read_docstring(module: str) -> str | None:
    """The docstring of the module's function of the same name, read without importing it."""
    parsed = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    (function,) = (node for node in parsed.body if isinstance(node, ast.FunctionDef) and node.name == module)
    return ast.get_docstring(function)
