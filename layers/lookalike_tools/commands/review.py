"""Review what a live stack appended by itself: look at it, and remove what is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import requests
from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image
from rich.console import Console

from lookalike.keys import images_prefix
from lookalike.matching.encodings import Encodings, Origin
from lookalike_tools.live.encodings import read_type_encodings
from lookalike_tools.live.stack import Stack, StackError
from lookalike_tools.live.upkeep import get_json
from lookalike_tools.photos.contact_sheet import Row, contact_sheet

SHOWN = 60
"""Images on a contact sheet at most: those that resemble the type least."""

console = Console()


def review_type(stack: Stack, type_id: str, remove: Sequence[str], out: Path) -> None:
    """Remove images of a type, if any are named; then draw the appended ones with their nearest references.

    Args:
        stack: the live stack.
        type_id: the type.
        remove: names of appended images.
        out: folder for the contact sheet.

    Raises:
        StackError: no such type or image, or the stack can't be reached.
    """
    get_json(stack, f"/types/{type_id}", {})
    encodings = read_type_encodings(stack, type_id)
    names = _appended(encodings, type_id)
    for name in remove:
        if name not in names:
            raise StackError(f"{name!r} is no appended image of {type_id}: without --remove, all are listed")
        answer = stack.call("DELETE", f"/types/{type_id}/images/{quote(name, safe='')}")
        if answer.status_code != requests.codes.no_content:
            raise StackError(f"{name} can't be removed: {answer.status_code} {answer.text}")
        console.print(f"{name} removed", soft_wrap=True)
    left = {name: index for name, index in names.items() if name not in remove}
    if not encodings or not left:
        console.print(f"No image of {type_id} was appended by recognition.")
        return
    _show(stack, type_id, encodings, left, out)


def _appended(encodings: Encodings | None, type_id: str) -> dict[str, int]:
    """Row of each appended image, by its name."""
    return {
        row.image.removeprefix(images_prefix(type_id)): index
        for index, row in enumerate(encodings.rows if encodings else ())
        if row.origin is Origin.RECOGNIZED
    }


def _show(stack: Stack, type_id: str, encodings: Encodings, appended: dict[str, int], out: Path) -> None:
    uploaded = [i for i, row in enumerate(encodings.rows) if row.origin is Origin.UPLOADED]
    ranked: list[tuple[float, str, int | None]] = []
    for name, index in appended.items():
        similarities = encodings.matrix[uploaded] @ encodings.matrix[index]
        if uploaded:
            best = int(np.argmax(similarities))
            ranked.append((float(similarities[best]), name, uploaded[best]))
        else:
            ranked.append((-1, name, None))
    ranked.sort()
    console.print("Similarity to the nearest reference, and the appended image:")
    rows, s3 = [], stack.client("s3")
    for similarity, name, nearest in ranked[:SHOWN]:
        row = encodings.rows[appended[name]]
        reference = encodings.rows[nearest].image if nearest is not None else None
        console.print(f"{similarity:.4f}  {name}", soft_wrap=True, highlight=False)
        rows.append(
            Row(
                query=_fetch(s3, stack.bucket, row.image),
                asked=name,
                nearest=_fetch(s3, stack.bucket, reference) if reference else None,
                similarity=similarity,
                threshold=None,
                match=True,
                appended=True,
            )
        )
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{type_id}.png"
    contact_sheet(rows, path, title=f"Appended to {type_id}, the least similar first")
    console.print(f"Each beside its nearest reference: [bold]{path}")
    console.print(f"Remove what is wrong: lookalike review {type_id} --remove NAME", soft_wrap=True)


def _fetch(s3: Any, bucket: str, key: str) -> Image.Image:
    try:
        image = Image.open(s3.get_object(Bucket=bucket, Key=key)["Body"])
        image.load()
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{key} can't be read: {error}") from None
    return image
