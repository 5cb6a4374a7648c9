"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path | None, typer.Option(help="Model folder; else CLIP, or a stand-in where CLIP can't be had.")
]
LiveStack = Annotated[str, typer.Option(help="Name of a deployed stack, or the ready file of a local one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PhotosFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Holds a folder of photos for each type.")]
