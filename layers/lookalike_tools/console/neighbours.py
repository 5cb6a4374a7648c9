"""What a type's photos resemble: each other, or another type more. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings, Origin

CHUNK = 512
"""Photos compared with all others at once: bounds memory."""

MANY = 0.25
"""Of a type's uploaded photos, the part that resembles one other type more, from which on they are alike."""


class Others(NamedTuple):
    """The other types: their names, and the direction of each one's mean encoding, (types, dimension)."""

    type_ids: tuple[str, ...]
    directions: NDArray[np.float32]

    @classmethod
    def of(cls, type_ids: Sequence[str], means: NDArray[np.float32]) -> "Others":
        """From means that are not of length 1."""
        return cls(tuple(type_ids), _directions(means))

    def without(self, type_id: str) -> "Others":
        """All but one type."""
        kept = [index for index, each in enumerate(self.type_ids) if each != type_id]
        return Others(tuple(self.type_ids[index] for index in kept), self.directions[kept])


def nearest_in_type(encodings: Encodings) -> NDArray[np.float32]:
    """Cosine similarity of each row to the nearest other row of the type that shows it; -1 without any."""
    matrix = encodings.matrix
    shows = np.array([row.origin is not Origin.COUNTEREXAMPLE for row in encodings.rows], bool)
    found = np.full(len(matrix), -1, np.float32)
    for start in range(0, len(matrix), CHUNK):
        similarities = matrix[start : start + CHUNK] @ matrix.T
        similarities[:, ~shows] = -1
        length = len(similarities)
        similarities[np.arange(length), np.arange(start, start + length)] = -1
        found[start : start + CHUNK] = similarities.max(axis=1, initial=-1)
    return found


def nearer_elsewhere(encodings: Encodings, others: Others) -> dict[int, str]:
    """The type that a row resembles more than the rest of its own, by the row's number; only of such rows.

    What is compared is the direction of the mean encoding, of the own type without the row itself.

    Args:
        encodings: of a type.
        others: all types, or all but this one.
    """
    others = others.without(encodings.type_id)
    mine = [index for index, row in enumerate(encodings.rows) if row.origin is not Origin.COUNTEREXAMPLE]
    if len(mine) < 2 or not others.type_ids:
        return {}
    matrix = encodings.matrix[mine]
    rest = _directions(matrix.sum(axis=0) - matrix)
    own = np.einsum("ij,ij->i", matrix, rest)
    found = {}
    for start in range(0, len(matrix), CHUNK):
        rows = slice(start, start + CHUNK)
        similarities = matrix[rows] @ others.directions.T
        best = similarities.argmax(axis=1)
        nearer = similarities[np.arange(len(best)), best] > own[rows]
        for index in np.flatnonzero(nearer):
            found[mine[start + int(index)]] = others.type_ids[int(best[index])]
    return found


def looks_like(encodings: Encodings, nearer: dict[int, str]) -> str | None:
    """The other type that many of a type's uploaded photos resemble more; None if there is none.

    Args:
        encodings: of a type.
        nearer: what its rows resemble more, as `nearer_elsewhere` says.
    """
    uploaded = [index for index, row in enumerate(encodings.rows) if row.origin is Origin.UPLOADED]
    counted = Counter(nearer[index] for index in uploaded if index in nearer)
    if not counted:
        return None
    ((type_id, count),) = counted.most_common(1)
    return type_id if count >= MANY * len(uploaded) else None


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-6)
    return directions
