"""Comparing a query with many encodings, and loading them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from sentence_transformers import util

from lookalike.matching.decision import decide
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row, now
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule
from lookalike.storage.encodings_file import dump, load
from lookalike_tools.bench.timing import median_seconds, seconds

ROWS = (100, 10_000, 100_000)
APPEND_ROWS = (100, 1_000, 10_000)
PLAIN_ROWS = 1_000
"""The plain loop is timed on this many rows at most; its time grows in proportion."""

DIMENSION = 512


@dataclass(frozen=True)
class Comparing:
    """Seconds to compare by rows, and to load 100 rows."""

    plain: dict[int, float]
    ours: dict[int, float]
    memory_pass: dict[int, float]
    load_json: float
    load_ours: float
    append: dict[int, float]


def measure_comparing() -> Comparing:
    """Compare, load and append; `append` leaves out the write to S3."""
    compared = {rows: _compare(rows) for rows in ROWS}
    small = make_encodings(100)
    as_json = json.dumps([list(map(float, row)) for row in small.matrix])
    as_file, empty = dump(small), Encodings.empty(small.model_id, small.type_id, DIMENSION)
    load_json, load_ours = _alternate(
        lambda: np.array(json.loads(as_json), np.float32),
        lambda: load(as_file, empty),
        30,
    )
    return Comparing(
        plain={rows: times[0] for rows, times in compared.items()},
        ours={rows: times[1] for rows, times in compared.items()},
        memory_pass={rows: times[2] for rows, times in compared.items()},
        load_json=load_json,
        load_ours=load_ours,
        append={rows: _append(rows) for rows in APPEND_ROWS},
    )


def _compare(rows: int) -> tuple[float, float, float]:
    """Seconds of the plain loop, of ours, and of the one pass over memory that any comparison needs."""
    encodings = make_encodings(rows)
    query = encodings.matrix[0].copy()
    listed = encodings.matrix[:PLAIN_ROWS].tolist()
    policy = Policy(Rule.SIMILARITY, 0.92)
    plain = median_seconds(lambda: [float(util.cos_sim(query, row)) for row in listed], 3)
    ours, memory_pass = _alternate(
        lambda: decide(query, encodings, policy),
        lambda: encodings.matrix @ query,
        50 if rows <= 10_000 else 15,
    )
    return plain * rows / len(listed), ours, memory_pass


def _append(rows: int) -> float:
    encodings = make_encodings(rows)
    new = EncodedImage(Row("new", "etag", Origin.RECOGNIZED, now()), encodings.matrix[0])
    return median_seconds(lambda: dump(encodings.append([new])), 9)


def make_encodings(rows: int, model_id: str = "model", type_id: str = "type") -> Encodings:
    """Random encodings under names like those of appended images."""
    matrix = np.random.default_rng(0).standard_normal((rows, DIMENSION), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    named = tuple(
        Row(f"types/{type_id}/images/{row:032x}.jpeg", f'"{row:032x}"', Origin.RECOGNIZED, now())
        for row in range(rows)
    )
    return Encodings(model_id, type_id, matrix, named)


def _alternate(
    first: Callable[[], object], second: Callable[[], object], repeats: int
) -> tuple[float, float]:
    first_times, second_times = [], []
    for _ in range(repeats):
        first_times.append(seconds(first))
        second_times.append(seconds(second))
    return median(first_times), median(second_times)
