"""`lookalike export-model`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike_tools.export import exporter


def export_model(
    source: Annotated[
        str, typer.Option(help="clip-ViT-B-32, a folder that holds it, or efficientnet-lite0.")
    ],
    out: Annotated[Path, typer.Option(help="The model folder to make.")],
    precision: Annotated[Literal["fp32", "int8"], typer.Option(help="int8 is a quarter the size.")] = "fp32",
) -> None:
    """Make a model folder: the encoder as the functions run it, checked against its source."""
    description = exporter.export_model(source, precision, out)
    typer.echo(
        f"{out}: {description.model_id}, {description.dimension} dimensions; cosine similarity to its source "
        f"on {description.agreement.images} images: {description.agreement.cosine_worst:.6f} at worst"
    )
