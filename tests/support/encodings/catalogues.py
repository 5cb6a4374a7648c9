"""Catalogues that are constructed, so that what a photo should be taken for is known."""

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Fit, Prototype, fit

Matrix = NDArray[np.float32]
MODEL = "model-fp32-0123456789ab"
NOW = "2030-01-01T00:00:00+00:00"


def unit(rows: NDArray[np.floating]) -> Matrix:
    """Rows, (..., dimension), scaled to length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def catalogue(
    seed: int, types: int, photos: int, dimension: int = 48, spread: float = 0.6
) -> dict[str, Matrix]:
    """Types around a common direction; photos differ mostly in the first four dimensions."""
    random = np.random.default_rng(seed)
    scales = np.where(np.arange(dimension) < 4, 3.0, 1.0) / np.sqrt(dimension)
    centres = np.eye(dimension)[-1] + random.normal(size=(types, 1, dimension)) / np.sqrt(dimension)
    photographed = centres + spread * scales * random.normal(size=(types, photos, dimension))
    return {f"type-{number:02}": unit(rows) for number, rows in enumerate(photographed)}


def prototypes_of(types: dict[str, Matrix]) -> dict[str, Prototype]:
    """The prototype of each type."""
    return {type_id: Prototype.of(rows) for type_id, rows in types.items()}


def learn(types: dict[str, Matrix]) -> Fit:
    """What is learnt from all photos of all types."""
    return fit(types, prototypes_of(types), NOW)


def gallery_of(types: dict[str, Matrix]) -> Gallery:
    """The gallery of types, learnt from all their photos."""
    return Gallery.of(MODEL, prototypes_of(types), learn(types))
