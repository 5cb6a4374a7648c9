"""No other calibration makes the right answers about photos that were left out more probable."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.matching.learning.calibration import calibrate
from lookalike.matching.learning.metric import Array, draw_sample, estimate
from lookalike.matching.learning.probability import Calibration, Prototypes, densities, log_odds
from support.encodings.catalogues import catalogue

FOLDS = 5
STEP = 100 ** (1 / 39)
"""From one number of dimensions that is tried to the next: 40 of them from 2 to 200."""


def prototypes_of(
    rows: dict[int, Array], left_out: int | None = None
) -> tuple[list[int], Array, NDArray[np.integer]]:
    known = [number for number in rows if number != left_out]
    means = np.stack([rows[number].mean(axis=0) for number in known])
    return known, means, np.array([len(rows[number]) for number in known])


def questions(types: list[Array], dimensions: float) -> Iterator[tuple[str, float]]:
    """What is asked about photos that are left out in turn, and the log odds without an offset."""
    plain = Calibration(dimensions, 0)
    for fold in range(FOLDS):
        out = [[(i + number) % FOLDS == fold for i in range(len(rows))] for number, rows in enumerate(types)]
        kept = {n: rows[~np.array(out[n])] for n, rows in enumerate(types) if not all(out[n])}
        if not kept:
            continue
        metric = estimate(list(kept.values()))
        for own, rows in enumerate(types):
            for query in rows[np.array(out[own])]:
                for kind, left_out in (("known", None), ("strange", own)):
                    if set(kept) == {left_out}:
                        continue
                    known, means, counts = prototypes_of(kept, left_out)
                    fitted = densities(metric, query[np.newaxis], Prototypes.of(metric, means, counts))
                    for asked, found in zip(known, log_odds(fitted, plain)[0], strict=True):
                        if kind == "known":
                            yield ("genuine" if asked == own else "impostor"), found
                        else:
                            yield "strange", found


def loss(types: list[Array], calibration: Calibration) -> float:
    """Minus the log probability of the right answers and of the calibration itself."""
    dimensions, offset = calibration
    wrong: dict[str, list[float]] = {"genuine": [], "impostor": [], "strange": []}
    for kind, found in questions(types, dimensions):
        sign = -1 if kind == "genuine" else 1
        wrong[kind].append(float(np.logaddexp(0, sign * (found + offset))))
    shares = {"genuine": 0.5, "impostor": 0.25, "strange": 0.25}
    answers = sum(shares[kind] * np.mean(each) for kind, each in wrong.items() if each)
    prior = (np.log(dimensions / 20) ** 2 + offset**2) / 2
    return float(len(wrong["genuine"]) * answers + prior)


@pytest.mark.parametrize(
    ("seed", "counts", "spread"),
    [(1, (4, 6, 3), 0.6), (2, (2, 1, 3, 7), 1.2), (3, (6,), 1.0), (4, (1, 1), 0.6), (5, (8, 8, 8, 8), 2.5)],
)
def test_no_other_calibration_makes_the_right_answers_more_probable(
    seed: int, counts: tuple[int, ...], spread: float
) -> None:
    full = catalogue(seed, len(counts), max(counts), 16, spread)
    types = {name: rows[:count] for count, (name, rows) in zip(counts, full.items(), strict=True)}
    sample, found = draw_sample(types), calibrate(types)
    best = loss(sample, found)
    assert 2 <= found.dimensions <= 200
    below, above = (loss(sample, found._replace(offset=found.offset + by)) for by in (-1e-3, 1e-3))
    assert best < min(below, above)
    assert above == pytest.approx(below, abs=2e-6)  # it is flat at the least
    for dimensions in (found.dimensions / STEP, found.dimensions * STEP):
        if 2 - 1e-6 <= dimensions <= 200 + 1e-6:
            offsets = found.offset + np.linspace(-0.3, 0.3, 13)
            others = [loss(sample, Calibration(dimensions, float(offset))) for offset in offsets]
            assert best <= min(others) + 1e-9
