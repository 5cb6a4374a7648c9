"""Encodings without a model: types around directions of their own, some of them siblings."""

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row

MODEL = "model"


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors, (..., dimension), scaled to length 1."""
    scaled: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(
        np.float32
    )
    return scaled


def around(centre: NDArray[np.floating], count: int, spread: float, seed: int) -> NDArray[np.float32]:
    """Encodings, (count, dimension), that scatter around a centre, (dimension,)."""
    noise = np.random.default_rng(seed).normal(size=(count, len(centre)))
    return unit(centre + spread * unit(noise))


def centres(count: int, dimension: int = 64, common: float = 1, seed: int = 0) -> NDArray[np.float32]:
    """A centre for each type, (count, dimension); what they have in common makes all of them similar."""
    own = unit(np.random.default_rng(seed).normal(size=(count, dimension)))
    shared = unit(np.random.default_rng(seed + 1).normal(size=dimension))
    return unit(own + common * shared)


def encodings_of(
    matrix: NDArray[np.float32], type_id: str = "type", origin: Origin = Origin.UPLOADED
) -> Encodings:
    """A type's encodings, from a matrix, (rows, dimension)."""
    rows = (Row(f"types/{type_id}/images/{i}.jpg", "etag", origin, "") for i in range(len(matrix)))
    images = [EncodedImage(row, vector) for row, vector in zip(rows, matrix, strict=True)]
    return Encodings.empty(MODEL, type_id, matrix.shape[1]).append(images)
