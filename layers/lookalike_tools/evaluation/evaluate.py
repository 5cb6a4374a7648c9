"""Figures of each decision rule, from draws of reference photos."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.confusions import find_confusions
from lookalike_tools.evaluation.error_rates import (
    Trials,
    bootstrap,
    equal_error_rate,
    error_curve,
    sort_trials,
    tar_at_far,
)
from lookalike_tools.evaluation.photos import Photos
from lookalike_tools.evaluation.trials import Draw, draw, trials_of

FARS = {"tar_at_far_1pct": 0.01, "tar_at_far_01pct": 0.001}


def draw_references(photos: Photos, references: int, repeats: int) -> list[Draw]:
    """Draw `references` photos of each type `repeats` times: the same draws for the same photos."""
    random = np.random.default_rng(0)
    return [draw(photos.encodings, references, random) for _ in range(repeats)]


def evaluate_rules(draws: Sequence[Draw], photos: Photos) -> dict[str, Any]:
    """What `lookalike evaluate --json` prints of the rules: `rules`, and `eer_reduction`."""
    rules = [_evaluate_rule(draws, rule, photos) for rule in Rule]
    return {"rules": rules, "eer_reduction": 1 - rules[1]["eer"] / max(rules[0]["eer"], 1e-12)}


def _evaluate_rule(draws: Sequence[Draw], rule: Rule, photos: Photos) -> dict[str, Any]:
    types = len(photos.type_ids)
    trials = sort_trials(trials_of(draws, rule))
    curve = error_curve(trials)
    right = np.concatenate([each.first[rule] == each.own for each in draws])
    owners = np.concatenate([each.own for each in draws])
    result: dict[str, Any] = {"rule": str(rule), **_eer(trials, types)}

    def tar_among(weights: NDArray[np.float64], far: float) -> float:
        return tar_at_far(error_curve(trials, weights), far)

    for name, far in FARS.items():
        result[name] = tar_at_far(curve, far)
        result[f"{name}_interval"] = bootstrap(partial(tar_among, far=far), types)
    result["top1"] = float(right.mean())
    result["top1_interval"] = bootstrap(
        lambda weights: float(np.average(right, weights=weights[owners])), types
    )
    result["siblings"] = _eer(sort_trials(trials_of(draws, rule, siblings=True)), types)
    result["others"] = _eer(sort_trials(trials_of(draws, rule, siblings=False)), types)
    result["unknown"] = _eer(sort_trials(trials_of(draws, rule, unknown=True)), types)
    result["confusions"] = [
        {
            "type": confusion.type_id,
            "asked": confusion.asked,
            "false_accepts": confusion.false_accepts,
            "trials": confusion.trials,
        }
        for confusion in find_confusions(draws, rule, photos)
    ]
    return result


def _eer(trials: Trials, types: int) -> dict[str, Any]:
    if trials.genuine.all():
        return {"eer": None, "eer_interval": None}
    return {
        "eer": equal_error_rate(error_curve(trials)),
        "eer_interval": bootstrap(lambda weights: equal_error_rate(error_curve(trials, weights)), types),
    }
