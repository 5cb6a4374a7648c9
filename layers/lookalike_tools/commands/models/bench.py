"""`lookalike bench`."""

from pathlib import Path
from typing import Annotated

import typer

from lookalike_tools.bench.benchmark import run_bench


def bench(
    out: Annotated[Path, typer.Option(help="Where models, figures and the picture go.")] = Path(".bench"),
) -> None:
    """Measure speed and memory next to what people would use instead, in a quarter of an hour."""
    run_bench(out)
