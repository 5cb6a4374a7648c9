"""What is wrong with types' references: each photo beside the one that it is like. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from lookalike.matching.encodings import Encodings


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
