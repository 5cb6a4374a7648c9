"""Neighbours: which photos of a type resemble each other, and which those of other types. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings, Origin, Row

CHUNK = 512
"""Photos compared with all others at once: bounds memory."""

MANY = 0.25
"""Of a type's uploaded photos, the part that resembles one other type more, from which on they are alike."""

SAME = 0.99
"""Cosine similarity from which on two photos of a type are as one."""

OFF = 0.05
"""How much less than other photos of its type, at least, a photo resembles its nearest to stand alone."""

FEWEST = 5
"""References that a type needs before one of them can stand alone."""

CURVE_PHOTOS = 200
"""The learning curve looks at no more photos: bounds its time."""


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


def find_duplicates(encodings: Encodings) -> dict[int, tuple[int, float]]:
    """References that add nothing: the row that each is the same as, which is none of them, and how similar.

    Of photos that are the same, an uploaded one stays rather than one that recognition appended.

    Args:
        encodings: of a type, without counterexamples.
    """
    order = sorted(range(len(encodings.rows)), key=lambda row: encodings.rows[row].origin != Origin.UPLOADED)
    matrix = encodings.matrix[order]
    kept = np.zeros(len(order), bool)
    found = {}
    for start in range(0, len(order), CHUNK):
        similarities = matrix[start : start + CHUNK] @ matrix.T
        for place, row in enumerate(similarities, start):
            row[~kept] = -1
            nearest = int(row.argmax())
            if row[nearest] >= SAME:
                found[order[place]] = order[nearest], float(row[nearest])
            else:
                kept[place] = True
    return dict(sorted(found.items()))


def find_alone(encodings: Encodings) -> list[tuple[int, float]]:
    """References without a neighbour, the loneliest first: each row, and its similarity to the nearest.

    Their similarity is below Tukey's lower fence for all rows, and clearly so.

    Args:
        encodings: of a type, without counterexamples.
    """
    if len(encodings.rows) < FEWEST:
        return []
    nearest = nearest_in_type(encodings)
    low, high = np.percentile(nearest, (25, 75))
    alone = np.flatnonzero(nearest < low - max(1.5 * (high - low), OFF))
    return [(int(row), float(nearest[row])) for row in alone[np.argsort(nearest[alone], kind="stable")]]


def learning_curve(matrix: NDArray[np.float32]) -> list[float]:
    """How similar a photo is to the nearest of 1, 2, ... references, on average over all that could be drawn.

    It grows, and by less with each reference: the last step bounds what the next would bring.

    Args:
        matrix: a type's photos, (photos, dimension), rows of length 1; each is compared with all others.

    Returns:
        One figure less than photos; none for fewer than two.
    """
    matrix = matrix[:: -(-len(matrix) // CURVE_PHOTOS) or 1]
    others = len(matrix) - 1
    if others < 1:
        return []
    among = matrix.astype(np.float64) @ matrix.T
    np.fill_diagonal(among, -np.inf)
    ranked = -np.sort(-among, axis=1)[:, :others].mean(axis=0)
    # The i-th nearest of n others (from 0) is the nearest of k drawn in C(n - 1 - i, k - 1) of C(n, k) draws.
    later = np.arange(others - 1, 0, -1)
    curve = []
    for count in range(1, others + 1):
        steps = np.maximum(later - count + 1, 0) / later
        chances = count / others * np.concatenate([[1.0], np.cumprod(steps)])
        curve.append(float(ranked @ chances))
    return curve


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
    return next((type_id for type_id, _ in confusable(encodings.rows, nearer)), None)


def confusable(rows: Sequence[Row], nearer: dict[int, str]) -> list[tuple[str, float]]:
    """The types that many uploaded photos resemble more, and how many of them do, in parts; most first."""
    uploaded = [index for index, row in enumerate(rows) if row.origin is Origin.UPLOADED]
    counted = Counter(nearer[index] for index in uploaded if index in nearer)
    return [
        (type_id, count / len(uploaded))
        for type_id, count in counted.most_common()
        if count >= MANY * len(uploaded)
    ]


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-6)
    return directions
