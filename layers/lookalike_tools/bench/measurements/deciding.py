"""Deciding by probability among many types, and learning what it knows of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.decision import decide
from lookalike.matching.encodings import now
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Prototype, fit
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule
from lookalike_tools.bench.measurements.comparing import DIMENSION, make_encodings
from lookalike_tools.bench.timing import median_seconds

TYPES = (1_000, 20_000)
ROWS = 50
"""Encodings of each type."""

LEARNT_PHOTOS = 20
"""Photos of each type that are learnt from."""

SPREAD = 0.7
"""How far photos lie from their type's mean, in parts of the distance of types' means."""

ROUNDS = 30
LEARNING_ROUNDS = 3


@dataclass(frozen=True)
class Deciding:
    """What knowing all types costs.

    Attributes:
        by_probability: seconds of a decision about an encoded query, by the number of types.
        learning: seconds of learning among the fewest of them, all cores' together: what one core would take.
    """

    by_probability: dict[int, float]
    learning: float


def measure_deciding() -> Deciding:
    """Decide about a query among types of random encodings."""
    random = np.random.default_rng(0)
    sample = {f"type-{i:05}": _photos(random, LEARNT_PHOTOS) for i in range(min(TYPES))}
    prototypes = {type_id: Prototype.of(matrix) for type_id, matrix in sample.items()}
    learnt = fit(sample, prototypes, now())
    learning = median(
        _processor_seconds(partial(fit, sample, prototypes, now())) for _ in range(LEARNING_ROUNDS)
    )
    encodings = make_encodings(ROWS, type_id="type-00000")
    query = encodings.matrix[0].copy()
    by_probability = {}
    for types in TYPES:
        known = {f"type-{i:05}": Prototype(_photos(random, 1)[0], ROWS) for i in range(types)}
        gallery = Gallery.of(encodings.model_id, known, learnt)
        policy = Policy(Rule.PROBABILITY, 0.5, gallery=gallery)
        work = partial(decide, query, encodings, policy)
        work()  # the gallery keeps what it works out once
        by_probability[types] = median_seconds(work, ROUNDS)
    return Deciding(by_probability, learning)


def _photos(random: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Encodings of photos of one type, (count, DIMENSION), of length 1."""
    mean = random.standard_normal((1, DIMENSION), np.float32)
    matrix = mean + SPREAD * random.standard_normal((count, DIMENSION), np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def _processor_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
