"""What is wrong with types' references, drawn: each photo beside the one that it is like."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lookalike.keys import file_name
from lookalike.matching.encodings import Encodings
from lookalike_tools.live.encodings import read_encodings
from lookalike_tools.live.photos import read_images
from lookalike_tools.live.stack import Stack
from lookalike_tools.photos.contact_sheet import Row, contact_sheet

MOST_DRAWN = 60
"""Pairs on a sheet."""


class Pair(NamedTuple):
    """A photo that was found, and the one that it is like.

    Attributes:
        type_id: whose photo it is.
        photo: its key.
        beside: the key of the other.
        similarity: their cosine similarity.
        told: what is wrong.
    """

    type_id: str
    photo: str
    beside: str
    similarity: float
    told: str


def draw_findings(stack: Stack, found: Mapping[str, dict[str, Any]], path: Path) -> int:
    """Draw the first `MOST_DRAWN` findings of some diagnoses, by the type; returns how many there are to see.

    Raises:
        StackError: photos or encodings can't be read.
        OSError: the file can't be written.
    """
    involved = set(found) | {stray["type_id"] for each in found.values() for stray in each["strays"]}
    type_ids = sorted(involved)
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


def find_pairs(
    type_id: str, diagnosis: Mapping[str, Any], encodings: Mapping[str, Encodings]
) -> Iterator[Pair]:
    """A type's findings, each with the photo that it is like. Photos that have changed since are left out.

    Args:
        type_id: of the type.
        diagnosis: as the API answers.
        encodings: the references of the types that are involved, by the type.
    """
    own = encodings.get(type_id)
    if own is None:
        return
    for stray in diagnosis["strays"]:
        like = f"nearer to {stray['type_id']}"
        yield from _nearest(own, stray["image"], encodings.get(stray["type_id"]), like)
    for same in diagnosis["duplicates"]:
        if {same["image"], same["same_as"]} <= {row.image for row in own.rows}:
            yield Pair(type_id, same["image"], same["same_as"], same["similarity"], "adds nothing")
    for alone in diagnosis["alone"]:
        yield from _nearest(own, alone["image"], own, "no neighbour")


def _nearest(own: Encodings, photo: str, others: Encodings | None, told: str) -> Iterator[Pair]:
    """A photo with the nearest of some others."""
    index = next((index for index, row in enumerate(own.rows) if row.image == photo), None)
    if index is None or others is None:
        return
    similarities = others.matrix @ own.matrix[index]
    same = np.array([row.image == photo for row in others.rows], bool)
    if same.all():
        return
    nearest = int(np.where(same, -np.inf, similarities).argmax())
    yield Pair(own.type_id, photo, others.rows[nearest].image, float(similarities[nearest]), told)
