"""The gallery: one encoding that stands for each type, to tell what other types would score. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import TypeAdapter

from lookalike.errors import LookalikeError
from lookalike.keys import is_type_id
from lookalike.matching.encodings import CorruptEncodingsError, read_metadata

WORTH_WRITING = 1e-4
"""How far a prototype's cosine to the stored one must fall below 1 before the gallery is written again.

Keeps each single append to a large type from writing the whole gallery anew.
"""


class CorruptGalleryError(LookalikeError):
    """These bytes are no gallery of this model."""


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
    return (mean / length).astype(np.float32) if length > 1e-6 else matrix[0]


_TENSOR = "prototypes"
_FORMAT = "lookalike-gallery-1"
_type_ids = TypeAdapter(tuple[str, ...])


def dump(gallery: Gallery) -> bytes:
    """Write a gallery down as safetensors, in half precision: it moves a cosine by less than 0.0001."""
    metadata = {"format": _FORMAT, "model_id": gallery.model_id, "type_ids": json.dumps(gallery.type_ids)}
    return safetensors.numpy.save({_TENSOR: np.ascontiguousarray(gallery.matrix, np.float16)}, metadata)


def load(data: bytes, model_id: str, dimension: int) -> Gallery:
    """Read what `dump` wrote, and trust nothing of it.

    Raises:
        CorruptGalleryError: not safetensors, of another model or dimension, with types that do not fit the
            matrix, or with rows that are not of length 1.
    """
    try:
        matrix = safetensors.numpy.load(data)[_TENSOR].astype(np.float32)
        metadata = read_metadata(data)
        type_ids = _type_ids.validate_json(metadata["type_ids"])
        described = metadata["format"], metadata["model_id"]
    except (safetensors.SafetensorError, CorruptEncodingsError, ValueError, KeyError) as error:
        raise CorruptGalleryError(f"no gallery: {error}") from error
    if described != (_FORMAT, model_id):
        raise CorruptGalleryError(f"a gallery of {described} instead of {(_FORMAT, model_id)}")
    if matrix.shape != (len(type_ids), dimension):
        raise CorruptGalleryError(f"matrix {matrix.shape} for {len(type_ids)} types")
    if list(type_ids) != sorted(set(type_ids)) or not all(map(is_type_id, type_ids)):
        raise CorruptGalleryError("types that are named twice, out of order, or not as types are")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    # Half precision moves a unit vector's length by less; NaN fails the comparison too.
    if not np.all(np.abs(lengths - 1) < 1e-2):
        raise CorruptGalleryError("rows that are not of length 1")
    return Gallery(model_id, type_ids, matrix / lengths)


def _differ(stored: NDArray[np.float32] | None, prototype: NDArray[np.float32] | None) -> bool:
    if stored is None or prototype is None:
        return stored is not prototype
    return bool(stored @ prototype < 1 - WORTH_WRITING)
