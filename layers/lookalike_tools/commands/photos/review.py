"""`lookalike review`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.api import delete_image, read_type
from lookalike_tools.live.appended import AppendedImage, find_appended
from lookalike_tools.live.encodings import read_encodings
from lookalike_tools.live.photos import read_images
from lookalike_tools.live.stack import Stack, WrongUseError, find_stack
from lookalike_tools.photos.contact_sheet import Row, contact_sheet

MAX_SHOWN = 60
"""Images on a contact sheet: those that resemble the type least."""

console = Console()


def review(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    remove: Annotated[list[str] | None, typer.Option(help="Name of an image to remove.")] = None,
    out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path(".review"),
    stack: LiveStack = "lookalike",
) -> None:
    """Look at the images that recognition appended to a type, and remove wrong ones."""
    live = find_stack(stack)
    read_type(live, type_id)  # an unknown type is an error here
    (encodings,) = read_encodings(live, [type_id])
    appended = find_appended(encodings) if encodings else []
    unwanted = remove or []
    names = {image.name for image in appended}
    for name in unwanted:
        if name not in names:
            raise WrongUseError(
                f"{name!r} is no appended image of {type_id}: without --remove, all are listed"
            )
        delete_image(live, type_id, name)
        console.print(f"{name} removed", soft_wrap=True)
    left = [image for image in appended if image.name not in unwanted]
    if left:
        _show(live, type_id, left[:MAX_SHOWN], out)
    else:
        console.print(f"No image of {type_id} was appended by recognition.")


def _show(stack: Stack, type_id: str, appended: Sequence[AppendedImage], out: Path) -> None:
    console.print("Similarity to the nearest reference, and the appended image:")
    for image in appended:
        called = f"  {escape(image.filename)}" if image.filename else ""
        console.print(f"{image.similarity:.4f}  {image.name}{called}", soft_wrap=True, highlight=False)
    keys = {key for image in appended for key in (image.key, image.nearest) if key}
    images = read_images(stack, keys)
    rows = [
        Row(
            query=images[image.key],
            asked=image.name,
            nearest=images[image.nearest] if image.nearest else None,
            similarity=image.similarity,
            threshold=None,
            match=True,
            appended=True,
            box=image.box,
        )
        for image in appended
    ]
    path = out / f"{type_id}.png"
    contact_sheet(rows, path, title=f"Appended to {type_id}, the least similar first")
    console.print(f"Each beside its nearest reference: [bold]{path}")
    console.print(f"Remove what is wrong: lookalike review {type_id} --remove NAME", soft_wrap=True)
