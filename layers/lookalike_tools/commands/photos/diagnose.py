"""`lookalike diagnose`."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from lookalike.keys import file_name
from lookalike_tools.commands.options import AsJson, LiveStack
from lookalike_tools.live.api import list_types, read_diagnosis
from lookalike_tools.live.bucket.encodings import read_encodings
from lookalike_tools.live.bucket.photos import read_images
from lookalike_tools.live.stack import Stack, find_stack
from lookalike_tools.photos.contact_sheet import Row, contact_sheet
from lookalike_tools.photos.findings import find_pairs

MOST_DRAWN = 60
"""Pairs on a sheet."""

console = Console()


def diagnose(
    type_id: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="All types if left out.")] = None,
    stack: LiveStack = "lookalike",
    sheet: Annotated[Path | None, typer.Option(help="Draw what is found side by side: a .png file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find reference photos that do harm or add nothing, types that look alike, and where more would help."""
    live = find_stack(stack)
    type_ids = [type_id] if type_id else list_types(live)
    with ThreadPoolExecutor() as threads:
        found = dict(zip(type_ids, threads.map(partial(read_diagnosis, live), type_ids), strict=True))
    pairs = _draw(live, found, sheet) if sheet else 0
    if as_json:
        typer.echo(
            json.dumps(
                [{"type_id": name} | each for name, each in found.items()], indent=2, ensure_ascii=False
            )
        )
        return
    if not found:
        console.print("There are no types: `lookalike import DIR` brings some.")
    for name, diagnosis in found.items():
        told = list(_tell(diagnosis))
        console.print(f"[bold]{name}[/]  {diagnosis['references']} references", highlight=False)
        for line in told or ["nothing is wrong"]:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if sheet:
        console.print(
            f"{pairs} of them side by side: {sheet}" if pairs else "There is nothing to draw.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _tell(diagnosis: dict[str, Any]) -> Iterator[str]:
    """A line for each finding."""
    if diagnosis["compared"] < diagnosis["references"]:
        yield f"{diagnosis['compared']} of them looked at"
    for other in diagnosis["confusable"]:
        yield f"{other['share']:.0%} of its uploaded photos look more like {other['type_id']}"
    for stray in diagnosis["strays"]:
        yield f"nearer to {stray['type_id']}: {file_name(stray['image'])}"
    for alone in diagnosis["alone"]:
        yield f"no neighbour, {alone['similarity']:.4f} to the nearest: {file_name(alone['image'])}"
    for same in diagnosis["duplicates"]:
        kept, similarity = file_name(same["same_as"]), same["similarity"]
        yield f"adds nothing to {kept}, {similarity:.4f}: {file_name(same['image'])}"
    if diagnosis["one_more"] is None:
        yield "too few photos: three uploaded ones tell what one more would bring"
    elif diagnosis["too_few"]:
        yield f"too few photos: one more brings up to {diagnosis['one_more']:.4f} similarity to the nearest"


def _draw(stack: Stack, found: Mapping[str, dict[str, Any]], path: Path) -> int:
    """Draw the first `MOST_DRAWN` findings of each type's diagnosis; returns how many are drawn."""
    type_ids = sorted(set(found) | {stray["type_id"] for each in found.values() for stray in each["strays"]})
    encodings = {each.type_id: each.references for each in read_encodings(stack, type_ids) if each}
    findings = (pair for type_id in found for pair in find_pairs(type_id, found[type_id], encodings))
    pairs = list(islice(findings, MOST_DRAWN))
    if not pairs:
        return 0
    images = read_images(stack, {key for pair in pairs for key in (pair.photo, pair.beside)})
    rows = [
        Row(
            query=images[pair.photo],
            asked=file_name(pair.photo),
            nearest=images[pair.beside],
            similarity=pair.similarity,
            threshold=None,
            match=False,
            appended=False,
            heading=pair.type_id,
            told=pair.told,
        )
        for pair in pairs
    ]
    contact_sheet(
        rows,
        path,
        title="References that do harm or add nothing",
        legend="Left: the reference. Right: the photo that it is like.",
    )
    return len(pairs)
