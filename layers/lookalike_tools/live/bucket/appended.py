"""The images that recognition appended to a type, beside the references they resemble."""

from dataclasses import dataclass

import numpy as np

from lookalike.keys import images_prefix
from lookalike.matching.encodings import Encodings, Origin
from lookalike.vision.boxes import Box


@dataclass(frozen=True)
class AppendedImage:
    """An image that recognition appended.

    Attributes:
        name: its name within the type.
        filename: what it was called where it came from, if that is known.
        key: its key in the bucket.
        nearest: key of the uploaded image most like it; None if none was uploaded.
        similarity: cosine similarity to that one; -1 if there is none.
        box: the part of it that matched; None for the middle.
    """

    name: str
    filename: str | None
    key: str
    nearest: str | None
    similarity: float
    box: Box | None


def find_appended(encodings: Encodings) -> list[AppendedImage]:
    """The appended images of a type, the least similar to what was uploaded first."""
    rows = encodings.rows
    uploaded = [index for index, row in enumerate(rows) if row.origin is Origin.UPLOADED]
    found = []
    for index, row in enumerate(rows):
        if row.origin is not Origin.RECOGNIZED:
            continue
        nearest, similarity = None, -1.0
        if uploaded:
            similarities = encodings.matrix[uploaded] @ encodings.matrix[index]
            best = int(np.argmax(similarities))
            nearest, similarity = rows[uploaded[best]].image, float(similarities[best])
        name = row.image.removeprefix(images_prefix(encodings.type_id))
        found.append(
            AppendedImage(
                name=name,
                filename=row.filename,
                key=row.image,
                nearest=nearest,
                similarity=similarity,
                box=row.box,
            )
        )
    return sorted(found, key=lambda image: (image.similarity, image.name))
