"""`lookalike review`."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from lookalike.keys import file_name, parse_image_key
from lookalike.verdicts import Verdict
from lookalike.vision.boxes import Box
from lookalike_tools.commands.options import LiveStack
from lookalike_tools.live.api import delete_image, give_verdict, list_missed, read_type
from lookalike_tools.live.bucket.appended import AppendedImage, find_appended
from lookalike_tools.live.bucket.encodings import read_encodings
from lookalike_tools.live.bucket.photos import read_images
from lookalike_tools.live.stack import Stack, WrongUseError, find_stack
from lookalike_tools.photos.contact_sheet import Row, contact_sheet

MAX_SHOWN = 60
"""Images on a contact sheet: those that resemble the type least."""

console = Console()


def review(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    remove: Annotated[list[str] | None, typer.Option(help="Name of an image to remove.")] = None,
    is_not: Annotated[
        list[str] | None, typer.Option(help="Name of a photo that shows none: it counts against its like.")
    ] = None,
    is_one: Annotated[list[str] | None, typer.Option(help="Name of a photo that does show one.")] = None,
    out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path(".review"),
    stack: LiveStack = "lookalike",
) -> None:
    """Look at the photos that recognition appended to a type or just missed, and put wrong ones right."""
    live = find_stack(stack)
    read_type(live, type_id)  # an unknown type is an error here
    (encodings,) = read_encodings(live, [type_id])
    appended = find_appended(encodings) if encodings else []
    known = {row.image for row in encodings.rows} if encodings else set()
    missed = [_missed(entry, known) for entry in list_missed(live, type_id)]
    decided = [*_remove(live, type_id, appended, remove or [])]
    for verdict, names in ((Verdict.IS_NOT, is_not or []), (Verdict.IS_ONE, is_one or [])):
        decided += _decide(live, type_id, [*appended, *missed], verdict, names)
    _show_all(live, type_id, [image for image in appended if image.name not in decided], out)
    _show_missed(live, type_id, [image for image in missed if image.name not in decided], out)


def _missed(entry: Mapping[str, Any], known: Collection[str]) -> AppendedImage:
    return AppendedImage(
        name=file_name(entry["photo"]),
        filename=entry["filename"],
        key=entry["photo"],
        nearest=entry["nearest"] if entry["nearest"] in known else None,
        similarity=entry["similarity"],
        box=Box(*entry["box"]) if entry["box"] else None,
    )


def _remove(stack: Stack, type_id: str, appended: Sequence[AppendedImage], names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in {image.name for image in appended}:
            raise WrongUseError(
                f"{name!r} is no appended image of {type_id}: without --remove, all are listed"
            )
        delete_image(stack, type_id, name)
        console.print(f"{name} removed", soft_wrap=True)
    return list(names)


def _decide(
    stack: Stack, type_id: str, photos: Sequence[AppendedImage], verdict: Verdict, names: Sequence[str]
) -> list[str]:
    keys = {image.name: image.key for image in photos}
    for name in names:
        if name not in keys:
            raise WrongUseError(
                f"{name!r} is no appended or missed photo of {type_id}: without a verdict, all are listed"
            )
        console.print(f"{name} is now {give_verdict(stack, type_id, keys[name], verdict)}", soft_wrap=True)
    return list(names)


def _show_all(stack: Stack, type_id: str, left: Sequence[AppendedImage], out: Path) -> None:
    if left:
        _show(
            stack, left[:MAX_SHOWN], out / f"{type_id}.png", f"Appended to {type_id}, the least similar first"
        )
        console.print(f"Put right what is wrong: lookalike review {type_id} --is-not NAME", soft_wrap=True)
    else:
        console.print(f"No image of {type_id} was appended by recognition.")


def _show_missed(stack: Stack, type_id: str, left: Sequence[AppendedImage], out: Path) -> None:
    if left:
        console.print()
        _show(
            stack, left[:MAX_SHOWN], out / f"{type_id}-missed.png", f"Missed by {type_id}, the closest first"
        )
        console.print(f"Decide: lookalike review {type_id} --is-one NAME, or --is-not NAME", soft_wrap=True)


def _show(stack: Stack, photos: Sequence[AppendedImage], path: Path, title: str) -> None:
    console.print(f"{title}: similarity to the nearest reference, and the photo", soft_wrap=True)
    for image in photos:
        called = f"  {escape(image.filename)}" if image.filename else ""
        console.print(f"{image.similarity:.4f}  {image.name}{called}", soft_wrap=True, highlight=False)
    wanted = {key for image in photos for key in (image.key, image.nearest) if key}
    images = read_images(stack, wanted)
    rows = [
        Row(
            query=images[image.key],
            asked=image.name,
            nearest=images[image.nearest] if image.nearest else None,
            similarity=image.similarity,
            threshold=None,
            match=parse_image_key(image.key) is not None,
            appended=parse_image_key(image.key) is not None,
            box=image.box,
        )
        for image in photos
    ]
    contact_sheet(rows, path, title=title)
    console.print(f"Each beside its nearest reference: [bold]{path}")
