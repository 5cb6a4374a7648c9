"""The gallery: one encoding that stands for each type, to tell what other types would score. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

WORTH_WRITING = 1e-4
"""How far a prototype's cosine to the stored one must fall below 1 before the gallery is written again.

Keeps each single append to a large type from writing the whole gallery anew.
"""


class TypeSimilarity(NamedTuple):
    """A type, and the cosine similarity of a query to its prototype, -1 to 1."""

    type_id: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Gallery:
    """A prototype of each type by one model.

    Attributes:
        type_ids: the types, in order of their names.
        matrix: (types, dimension), float32, rows of length 1.
    """

    model_id: str
    type_ids: tuple[str, ...]
    matrix: NDArray[np.float32]

    @classmethod
    def empty(cls, model_id: str, dimension: int) -> Self:
        """A gallery without a type."""
        return cls(model_id, (), np.empty((0, dimension), np.float32))

    def replace(self, prototypes: Mapping[str, NDArray[np.float32] | None]) -> Self:
        """With other prototypes, (dimension,), for some types; None for a type that is gone.

        The same object if no change is worth writing.
        """
        known = dict(zip(self.type_ids, self.matrix, strict=True))
        changed = {
            type_id: prototype
            for type_id, prototype in prototypes.items()
            if _differ(known.get(type_id), prototype)
        }
        if not changed:
            return self
        kept = {
            type_id: prototype for type_id, prototype in (known | changed).items() if prototype is not None
        }
        type_ids = tuple(sorted(kept))
        rows = [kept[type_id] for type_id in type_ids]
        empty = np.empty((0, self.matrix.shape[1]), np.float32)
        return type(self)(self.model_id, type_ids, np.stack(rows) if rows else empty)

    def others(self, type_id: str) -> int:
        """How many types there are beside this one."""
        return len(self.type_ids) - (type_id in self.type_ids)

    def nearest(
        self, query: NDArray[np.float32], count: int, without: str | None = None
    ) -> list[TypeSimilarity]:
        """The types whose prototypes are nearest to a query, (dimension,), the nearest first.

        Args:
            query: of length 1.
            count: how many at most.
            without: a type to leave out.
        """
        similarities = self.matrix @ query
        if without in self.type_ids:
            similarities[self.type_ids.index(without)] = -np.inf
            count = min(count, len(similarities) - 1)
        order = np.argsort(-similarities, kind="stable")[:count]
        return [TypeSimilarity(self.type_ids[i], float(similarities[i])) for i in order]


def prototype(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction of the mean of a type's encodings: (rows, dimension), at least one, to (dimension,).

    The class representative of Snell et al., "Prototypical Networks for Few-shot Learning", 2017:
    https://arxiv.org/abs/1703.05175
    """
    mean = matrix.mean(axis=0)
    length = np.linalg.norm(mean)
    # Encodings that cancel out have no direction in common.
    direction: NDArray[np.float32] = mean / length if length > 1e-6 else matrix[0]
    return direction


def _differ(stored: NDArray[np.float32] | None, prototype: NDArray[np.float32] | None) -> bool:
    if stored is None or prototype is None:
        return stored is not prototype
    return bool(stored @ prototype < 1 - WORTH_WRITING)
