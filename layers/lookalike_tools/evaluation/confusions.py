"""Types that are accepted as other types."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.error_rates import error_curve, sort_trials, threshold_at_far
from lookalike_tools.evaluation.photos import Photos
from lookalike_tools.evaluation.trials import Draw, trials_of

MAX_CONFUSIONS = 6


@dataclass(frozen=True)
class Confusion:
    """A type that is accepted as another.

    Attributes:
        type_id: what the photos show.
        asked: what they are accepted as.
        false_accepts: how many trials are accepted.
        trials: of how many.
        query: the photo with the highest score.
        reference: the photo that it resembles most.
    """

    type_id: str
    asked: str
    false_accepts: int
    trials: int
    query: Path
    reference: Path


@dataclass(frozen=True)
class _Worst:
    score: float
    query: Path
    reference: Path


def find_confusions(draws: Sequence[Draw], rule: Rule, photos: Photos) -> list[Confusion]:
    """The pairs of types with the most false accepts, at the threshold for 1 % over all pairs."""
    threshold = threshold_at_far(error_curve(sort_trials(trials_of(draws, rule))), 0.01)
    counts: Counter[tuple[int, int]] = Counter()
    worst: dict[tuple[int, int], _Worst] = {}
    for each in draws:
        accepted = each.scores[rule] >= threshold
        accepted[np.arange(len(each.own)), each.own] = False
        for query, asked in zip(*np.nonzero(accepted), strict=True):
            pair = int(each.own[query]), int(asked)
            counts[pair] += 1
            score = float(each.scores[rule][query, asked])
            if pair not in worst or score > worst[pair].score:
                photo = each.queries[query]
                encoding = photos.encodings[pair[0]][photo]
                drawn = each.references[asked]
                nearest = drawn[(photos.encodings[asked][drawn] @ encoding).argmax()]
                worst[pair] = _Worst(score, photos.paths[pair[0]][photo], photos.paths[asked][nearest])
    asked_of = Counter(int(own) for each in draws for own in each.own)
    return [
        Confusion(
            type_id=photos.type_ids[own],
            asked=photos.type_ids[asked],
            false_accepts=count,
            trials=asked_of[own],
            query=worst[own, asked].query,
            reference=worst[own, asked].reference,
        )
        for (own, asked), count in counts.most_common(MAX_CONFUSIONS)
    ]
