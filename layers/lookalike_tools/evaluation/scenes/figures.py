"""Figures of what a look and a rule answer about scenes. Pure."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.matching.settings import Look
from lookalike_tools.evaluation.error_rates import (
    Curve,
    Trials,
    bootstrap,
    equal_error_rate,
    error_curve,
    sort_trials,
    tar_at_far,
    threshold_at_far,
)
from lookalike_tools.evaluation.scenes.answers import Answers

FARS = {"tar_at_far_5pct": 0.05, "tar_at_far_1pct": 0.01}

BOX_FAR = 0.05
"""The false accept rate at which boxes are judged."""

Weights = NDArray[np.float64]


def evaluate_answers(answers: Answers, scenes: int) -> dict[str, Any]:
    """What `lookalike evaluate --scenes DIR --json` prints of a look and a rule.

    Args:
        answers: with trials of both kinds.
        scenes: how many there are: intervals are by bootstrap over them.
    """
    trials = trials_of(answers)
    result: dict[str, Any] = {
        "look": str(answers.look),
        "rule": str(answers.rule),
        "trials": len(trials.scores),
        "eer": equal_error_rate(error_curve(trials)),
        "eer_interval": bootstrap(lambda weights: equal_error_rate(error_curve(trials, weights)), scenes),
    }

    def tar_among(weights: Weights, far: float) -> float:
        return tar_at_far(error_curve(trials, weights), far)

    for name, far in FARS.items():
        result[name] = tar_at_far(error_curve(trials), far)
        result[f"{name}_interval"] = bootstrap(partial(tar_among, far=far), scenes)
    shares = {
        "best_is_there": _best_is_there,
        "box_holds_object": _box_holds_object,
        "ends_early": _ends_early,
        "ends_early_in_vain": _ends_early_in_vain,
    }
    for name, share in shares.items():
        value = share(answers, np.ones(scenes))
        known = not np.isnan(value)
        result[name] = value if known else None
        result[f"{name}_interval"] = bootstrap(partial(share, answers), scenes) if known else None
    return result


def trials_of(answers: Answers) -> Trials:
    """The answers as trials, sorted, in groups of scenes."""
    groups = np.repeat(answers.asked, answers.scores.shape[1])
    return sort_trials(Trials(answers.scores.ravel(), answers.shown.ravel(), groups))


def accepted(answers: Answers, curve: Curve) -> NDArray[np.bool_]:
    """Which answers, (n, types), are accepted with at most `BOX_FAR` false accepts; none if that can't be."""
    if tar_at_far(curve, BOX_FAR) == 0:
        return np.zeros_like(answers.shown)
    return answers.scores >= threshold_at_far(curve, BOX_FAR)


def _best_is_there(answers: Answers, weights: Weights) -> float:
    """How often the best type is one that is there, of the scenes that show any."""
    best = answers.scores.argmax(axis=1)
    there = answers.shown[np.arange(len(best)), best]
    return _share(there, weights[answers.asked] * answers.shown.any(axis=1))


def _box_holds_object(answers: Answers, weights: Weights) -> float:
    """How often the box holds the middle of an object of the type, of true accepts."""
    true_accepts = answers.shown & accepted(answers, error_curve(trials_of(answers), weights))
    return _share(answers.held, weights[answers.asked][:, np.newaxis] * true_accepts)


def _ends_early(answers: Answers, weights: Weights) -> float:
    """How often looking anywhere ends with the middle, of questions for a type that is there."""
    return _share(answers.sure, _looked_anywhere(answers, weights) * answers.shown)


def _ends_early_in_vain(answers: Answers, weights: Weights) -> float:
    """The same of questions for a type that is not there."""
    return _share(answers.sure, _looked_anywhere(answers, weights) * ~answers.shown)


def _looked_anywhere(answers: Answers, weights: Weights) -> Weights:
    return weights[answers.asked][:, np.newaxis] * (answers.look is Look.ANYWHERE)


def _share(right: NDArray[np.bool_], weights: Weights) -> float:
    """NaN if nothing has a weight."""
    total = weights.sum()
    return float((weights * right).sum() / total) if total else float("nan")
