"""Does a query match a type? Pure: encodings and a threshold in, similarities and a decision out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.encodings import Encodings

NEAREST = 5
"""How many of the nearest images an answer names at most."""


class Neighbour(NamedTuple):
    """An image and its cosine similarity to the query, -1 to 1."""

    image: str
    similarity: float


class Decision(NamedTuple):
    """Whether the query matches, and the images nearest to it, the nearest first."""

    match: bool
    similarity: float
    threshold: float
    nearest: tuple[Neighbour, ...]


def cosine_similarities(query: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine similarity of a query, (dimension,), to each row of a matrix, (rows, dimension).

    All are of length 1, so that the dot product is the cosine; rounding is kept out of [-1, 1].
    """
    return np.clip(matrix @ query, -1, 1)


def decide(query: NDArray[np.float32], encodings: Encodings, threshold: float) -> Decision:
    """Decide whether a query encoding, (dimension,), matches a type.

    It matches when its cosine similarity to one of the type's encodings, of which there must be at least
    one, exceeds the threshold.
    """
    similarities = cosine_similarities(query, encodings.matrix)
    order = np.argsort(-similarities, kind="stable")[:NEAREST]
    nearest = tuple(Neighbour(encodings.rows[i].image, float(similarities[i])) for i in order)
    similarity = nearest[0].similarity
    return Decision(similarity > threshold, similarity, threshold, nearest)
