"""Thresholds for a wanted false accept rate, from the types' own encodings. Pure.

Each uploaded photo is compared with every type; with its own type, the photo itself is left out. Appended
photos serve as references only: they are there because they scored high.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.encodings import Encodings, Origin
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Fit, Prototype
from lookalike.matching.learning.probability import log_odds, pair_densities, sigmoid
from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.error_rates import Interval, wilson
from lookalike_tools.evaluation.scores import name_types

CHUNK = 1024
"""Photos compared with all types at once: bounds memory."""

ENOUGH_PHOTOS = 10
"""Fewer photos of a type say little about its true accept rate."""


@dataclass(frozen=True)
class Scores:
    """What photos score against a type: its own photos, and those of other types."""

    genuine: NDArray[np.floating]
    impostor: NDArray[np.floating]


@dataclass(frozen=True)
class Calibration:
    """A threshold for a type, and what to expect of it.

    Attributes:
        threshold: what the score must exceed, 0 to 1.
        far: the false accept rate on the photos of other types.
        far_interval: of that rate on new photos of those types, at 95 %.
        tar: the true accept rate on the type's own photos.
        tar_interval: of that rate on new photos of the type, at 95 %.
    """

    threshold: float
    far: float
    far_interval: Interval
    tar: float
    tar_interval: Interval


def score_types(
    types: Sequence[Encodings], fit: Fit, wanted: Sequence[str], odds: float = 1.0
) -> Iterator[tuple[str, dict[Rule, Scores]]]:
    """Score uploaded photos against types by each rule; yields each wanted type with its scores.

    Args:
        types: all types of the stack: two at least, each with at least one row.
        fit: what the stack has learnt from them.
        wanted: the types to score against.
        odds: of a type against all else before the photo is seen, as the stack has them.
    """
    matrices = [encodings.matrix for encodings in types]
    photos = np.concatenate(matrices)
    own = np.repeat(np.arange(len(types)), [len(matrix) for matrix in matrices])
    uploaded = np.array([row.origin is Origin.UPLOADED for encodings in types for row in encodings.rows])
    numbers = {encodings.type_id: number for number, encodings in enumerate(types)}
    columns = [numbers[type_id] for type_id in wanted]
    probabilities = _probabilities(matrices, fit, columns, odds)
    for column, number in enumerate(columns):
        mine = own == number
        similarity = (photos @ matrices[number].T).max(axis=1)
        among = matrices[number] @ matrices[number].T
        np.fill_diagonal(among, -1)
        similarity[mine] = among.max(axis=1)
        genuine = mine & uploaded & (mine.sum() > 1)
        impostor = ~mine & uploaded
        yield (
            wanted[column],
            {
                rule: Scores(scores[genuine], scores[impostor])
                for rule, scores in (
                    (Rule.SIMILARITY, similarity),
                    (Rule.PROBABILITY, probabilities[:, column]),
                )
            },
        )


def calibrate(scores: Scores, far: float) -> Calibration:
    """The lowest threshold that a new photo of another type exceeds with a probability of at most `far`.

    At most `far` * (n + 1) - 1 of the n photos of other types exceed it. This is the quantile of split
    conformal prediction: Angelopoulos and Bates, 2021, https://arxiv.org/abs/2107.07511, section 1.
    """
    impostor = np.sort(scores.impostor)[::-1]
    allowed = math.floor(far * (len(impostor) + 1) + 1e-9) - 1
    reached = float(impostor[max(allowed, 0)]) if len(impostor) else 1.0
    # Rounded up: a photo whose score equals the threshold stays refused.
    return expect(scores, min(1.0, max(0.0, math.ceil(reached * 1e4) / 1e4)))


def expect(scores: Scores, threshold: float) -> Calibration:
    """What to expect of a threshold, from the scores of photos that are known."""
    false_accepts = int(np.sum(scores.impostor > threshold))
    true_accepts = int(np.sum(scores.genuine > threshold))
    return Calibration(
        threshold=threshold,
        far=false_accepts / max(len(scores.impostor), 1),
        far_interval=wilson(false_accepts, len(scores.impostor)),
        tar=true_accepts / max(len(scores.genuine), 1),
        tar_interval=wilson(true_accepts, len(scores.genuine)),
    )


def warn_of_few_photos(scores: Mapping[str, Scores], far: float) -> list[str]:
    """What makes the figures of calibrated types unreliable, and what would help.

    Args:
        scores: of each type.
        far: the false accept rate that is wanted.
    """
    warnings = []
    impostors = min(len(each.impostor) for each in scores.values())
    if math.floor(far * (impostors + 1) + 1e-9) < 1:
        # The rate that the photos allow, rounded up to what one can type.
        lowest = math.ceil(1e4 / (impostors + 1) - 1e-9) / 1e4
        needed = math.ceil(1 / far - 1e-9) - 1
        warnings.append(
            f"{impostors} photos of other types are too few for {far:.2%} false accepts: the threshold lies "
            f"at their highest score, and more will exceed it. {needed} photos are needed: import more, of "
            f"any other types, or ask for a rate that these allow: --far {lowest:g}"
        )
    few = [type_id for type_id, each in scores.items() if len(each.genuine) < ENOUGH_PHOTOS]
    if few:
        warnings.append(
            f"fewer than {ENOUGH_PHOTOS} photos of its own are too few to know a type's true accept rate: "
            f"import more of {', '.join(few)}"
        )
    return warnings


def choose_rule(scores: Collection[dict[Rule, Scores]], far: float) -> Rule:
    """The rule that accepts most of the types' own photos: one for all, because each type has few photos.

    Args:
        scores: of each type that is calibrated, by each rule.
        far: the false accept rate that is wanted.
    """
    accepted = {rule: np.mean([calibrate(each[rule], far).tar for each in scores]) for rule in Rule}
    return Rule.PROBABILITY if accepted[Rule.PROBABILITY] >= accepted[Rule.SIMILARITY] else Rule.SIMILARITY


def _probabilities(
    matrices: Sequence[NDArray[np.float32]], fit: Fit, columns: Sequence[int], odds: float
) -> NDArray[np.float64]:
    """Each photo's probability to show the types `columns`, (photos, columns), its own known without it."""
    photos = np.concatenate(matrices)
    own = np.repeat(np.arange(len(matrices)), [len(matrix) for matrix in matrices])
    prototypes = {name: Prototype.of(matrix) for name, matrix in name_types(matrices).items()}
    gallery = Gallery.of("calibrated", prototypes, fit)
    to_own = np.concatenate([_densities_of_the_rest(matrix, fit) for matrix in matrices])
    parts = []
    for start in range(0, len(photos), CHUNK):
        rows = slice(start, start + CHUNK)
        densities = gallery.densities(photos[rows])
        densities.known[np.arange(len(densities.new)), own[rows]] = to_own[rows]
        parts.append(sigmoid(log_odds(densities, fit.calibration, odds)[:, columns]))
    return np.concatenate(parts)


def _densities_of_the_rest(matrix: NDArray[np.float32], fit: Fit) -> NDArray[np.floating]:
    """How well each row fits a type that consists of the other rows: (rows,)."""
    others = len(matrix) - 1
    if not others:
        return np.full(1, -np.inf)
    means = (matrix.sum(axis=0) - matrix) / others
    return pair_densities(fit.metric, matrix, means, np.full(len(matrix), float(others)))
