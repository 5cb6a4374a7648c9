"""Diagnosis: which of a type's photos do harm or add nothing, and what more of them would bring. Pure."""

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, Field

from lookalike.matching.decision import DECIMALS
from lookalike.matching.encodings import Encodings, Origin
from lookalike.matching.gallery import Gallery
from lookalike.matching.neighbours import (
    SAME,
    Others,
    confusable,
    find_alone,
    find_duplicates,
    learning_curve,
    nearer_elsewhere,
)

WORTH_ADDING = 0.01
"""What one more photo must bring for a type to have too few."""

MOST_COMPARED = 3000
"""References compared with each other and with all types; of more, a part. Bounds the time to seconds."""

CURVE_POINTS = 20
"""The learning curve tells of no more references."""

MOST_FOUND = 200
"""Photos told of one kind: bounds an answer's size."""


class Stray(BaseModel):
    """A reference that resembles another type more than the rest of its own."""

    image: str
    type_id: str


class Duplicate(BaseModel):
    """A reference that adds nothing to another."""

    image: str
    same_as: str
    similarity: float


class Alone(BaseModel):
    """A reference without a neighbour in its type, and how similar the nearest is."""

    image: str
    similarity: float


class Confusable(BaseModel):
    """A type that can hardly be told apart from this one."""

    type_id: str
    share: Annotated[float, Field(description="The part of the uploaded references that resemble it more.")]


class CurvePoint(BaseModel):
    """How similar the nearest of so many references is to another photo of the type, on average."""

    references: int
    similarity: float


class Diagnosis(BaseModel):
    """What is wrong with a type's references, and whether more of them would help."""

    references: int
    compared: Annotated[
        int, Field(description=f"How many of them were looked at: of more than {MOST_COMPARED:,}, a part.")
    ]
    strays: Annotated[
        list[Stray], Field(description=f"Nearer to another type than to their own: the first {MOST_FOUND}.")
    ]
    duplicates: Annotated[
        list[Duplicate],
        Field(description=f"At least {SAME} similar to another reference: the first {MOST_FOUND}."),
    ]
    alone: Annotated[
        list[Alone],
        Field(description=f"Without a neighbour in their type, the loneliest first: {MOST_FOUND} at most."),
    ]
    confusable: Annotated[list[Confusable], Field(description="Types that can hardly be told apart from it.")]
    learning_curve: Annotated[
        list[CurvePoint], Field(description="By the number of uploaded references, from one on.")
    ]
    one_more: Annotated[
        float | None,
        Field(
            description="The most that one more photo adds to that similarity, on average: what the last one "
            "did. Null for fewer than three uploaded references."
        ),
    ]
    too_few: Annotated[bool, Field(description="Whether more photos are worth adding.")]


def diagnose(encodings: Encodings, gallery: Gallery | None) -> Diagnosis:
    """Find which references of a type do harm or add nothing, and whether it has too few.

    Args:
        encodings: of the type, its counterexamples among them.
        gallery: what is known of all types; without it, nothing is compared with other types.
    """
    known = _thin_out(encodings.references)
    nearer = nearer_elsewhere(known, Others.of(gallery.type_ids, gallery.means)) if gallery else {}
    uploaded = encodings.of_origin(Origin.UPLOADED)
    curve = learning_curve(uploaded.matrix)
    one_more = _round(curve[-1] - curve[-2]) if len(curve) > 1 else None
    images = [row.image for row in known.rows]
    return Diagnosis(
        references=len(encodings.references.rows),
        compared=len(known.rows),
        strays=[Stray(image=images[row], type_id=other) for row, other in list(nearer.items())[:MOST_FOUND]],
        duplicates=[
            Duplicate(image=images[row], same_as=images[kept], similarity=_round(similarity))
            for row, (kept, similarity) in list(find_duplicates(known).items())[:MOST_FOUND]
        ],
        alone=[
            Alone(image=images[row], similarity=_round(similarity))
            for row, similarity in find_alone(known)[:MOST_FOUND]
        ],
        confusable=[
            Confusable(type_id=other, share=_round(share)) for other, share in confusable(known.rows, nearer)
        ],
        learning_curve=[
            CurvePoint(references=count, similarity=_round(similarity))
            for count, similarity in enumerate(curve[:CURVE_POINTS], 1)
        ],
        one_more=one_more,
        too_few=one_more is None or one_more > WORTH_ADDING,
    )


def _thin_out(encodings: Encodings) -> Encodings:
    """At most `MOST_COMPARED` rows, taken from all of them alike."""
    step = -(-len(encodings.rows) // MOST_COMPARED)
    if step < 2:
        return encodings
    return replace(encodings, matrix=encodings.matrix[::step], rows=encodings.rows[::step])


def _round(value: float) -> float:
    return round(min(max(value, -1.0), 1.0), DECIMALS)
