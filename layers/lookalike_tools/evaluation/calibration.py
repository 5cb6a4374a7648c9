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
from lookalike.matching.gallery import prototype
from lookalike.matching.rules import RULES, relative_score
from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.error_rates import Interval, wilson

CHUNK = 1024
"""Photos compared with all prototypes at once: bounds memory."""

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
    types: Sequence[Encodings], wanted: Sequence[str]
) -> Iterator[tuple[str, dict[Rule, Scores]]]:
    """Score uploaded photos against types by each rule; yields each wanted type with its scores.

    Args:
        types: all types of the stack: two at least, each with at least one row.
        wanted: the types to score against.
    """
    matrices = [encodings.matrix for encodings in types]
    photos = np.concatenate(matrices)
    own = np.repeat(np.arange(len(types)), [len(matrix) for matrix in matrices])
    uploaded = np.array([row.origin is Origin.UPLOADED for encodings in types for row in encodings.rows])
    centres = np.stack([prototype(matrix) for matrix in matrices])
    to_own = np.concatenate([_similarities_to_the_rest(matrix) for matrix in matrices])
    best, best_type, second = _nearest_two(photos, centres, own, to_own)
    numbers = {encodings.type_id: number for number, encodings in enumerate(types)}
    for type_id in wanted:
        number = numbers[type_id]
        mine = own == number
        similarity = (photos @ matrices[number].T).max(axis=1)
        among = matrices[number] @ matrices[number].T
        np.fill_diagonal(among, -1)
        similarity[mine] = among.max(axis=1)
        to_type = np.where(mine, to_own, photos @ centres[number])
        relative = relative_score(to_type, np.where(best_type == number, second, best))
        genuine = mine & uploaded & (mine.sum() > 1)
        impostor = ~mine & uploaded
        yield (
            type_id,
            {
                Rule.SIMILARITY: Scores(similarity[genuine], similarity[impostor]),
                Rule.RELATIVE: Scores(relative[genuine], relative[impostor]),
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
    threshold = min(1.0, max(0.0, math.ceil(reached * 1e4) / 1e4))
    false_accepts, true_accepts = int(np.sum(impostor > threshold)), int(np.sum(scores.genuine > threshold))
    return Calibration(
        threshold=threshold,
        far=false_accepts / max(len(impostor), 1),
        far_interval=wilson(false_accepts, len(impostor)),
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


def choose_rule(scores: Collection[dict[Rule, Scores]], far: float, types: int) -> Rule:
    """The rule that accepts most of the types' own photos: one for all, because each type has few photos.

    Args:
        scores: of each type that is calibrated, by each rule.
        far: the false accept rate that is wanted.
        types: how many types the stack has; with few, only similarity can decide.
    """
    if types <= RULES[Rule.RELATIVE].other_types:
        return Rule.SIMILARITY
    accepted = {rule: np.mean([calibrate(each[rule], far).tar for each in scores]) for rule in Rule}
    return Rule.RELATIVE if accepted[Rule.RELATIVE] >= accepted[Rule.SIMILARITY] else Rule.SIMILARITY


def _similarities_to_the_rest(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Similarity of each row to the prototype of the other rows: (rows,); -1 for a single row."""
    if len(matrix) == 1:
        return np.full(1, -1, np.float32)
    rest = matrix.sum(axis=0) - matrix
    lengths = np.maximum(np.linalg.norm(rest, axis=1), 1e-6)
    return np.asarray(np.einsum("rd,rd->r", matrix, rest) / lengths, np.float32)


def _nearest_two(
    photos: NDArray[np.float32],
    centres: NDArray[np.float32],
    own: NDArray[np.intp],
    to_own: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]:
    """Each photo's greatest similarity to a prototype, the type it belongs to, and the second greatest."""
    parts = []
    for start in range(0, len(photos), CHUNK):
        rows = slice(start, start + CHUNK)
        similarities = photos[rows] @ centres.T
        index = np.arange(len(similarities))
        similarities[index, own[rows]] = to_own[rows]
        nearest = similarities.argmax(axis=1)
        best = similarities[index, nearest]
        similarities[index, nearest] = -1
        parts.append((best, nearest, similarities.max(axis=1)))
    best, nearest, second = (np.concatenate(values) for values in zip(*parts, strict=True))
    return best, nearest, second
