"""Figures of each decision rule, from draws of reference photos."""

from collections.abc import Mapping, Sequence
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
from lookalike_tools.evaluation.reliability import bin_claims, calibration_error, reliability
from lookalike_tools.evaluation.scores import as_probabilities
from lookalike_tools.evaluation.trials import Draw, draw, trials_of

FARS = {"tar_at_far_1pct": 0.01, "tar_at_far_01pct": 0.001}


def draw_references(photos: Photos, references: int, repeats: int) -> list[Draw]:
    """Draw `references` photos of each type `repeats` times: the same draws for the same photos.

    A greater number of references draws the same photos, and more.
    """
    random = np.random.default_rng(0)
    return [draw(photos.encodings, references, random) for _ in range(repeats)]


def evaluate_rules(draws: Mapping[int, Sequence[Draw]], photos: Photos) -> dict[str, Any]:
    """What `lookalike evaluate --json` prints of the rules.

    Args:
        draws: by the number of references drawn of each type.
        photos: what they are drawn from.

    Returns:
        `references`, `rules` and `eer_reduction` for the greatest number of references, `learning_curve` with
        the main figures for each.
    """
    main = {
        count: [_main_figures(draws[count], rule, len(photos.type_ids)) for rule in Rule]
        for count in sorted(draws)
    }
    most = max(draws)
    rules = [
        figures | _details(draws[most], rule, photos) for rule, figures in zip(Rule, main[most], strict=True)
    ]
    return {
        "references": most,
        "rules": rules,
        "eer_reduction": 1 - rules[1]["eer"] / max(rules[0]["eer"], 1e-12),
        "learning_curve": [{"references": count, "rules": figures} for count, figures in main.items()],
    }


def _main_figures(draws: Sequence[Draw], rule: Rule, types: int) -> dict[str, Any]:
    """Error rates against known, sibling and unknown types, types identified at once, and honesty."""
    owners = np.concatenate([each.own for each in draws])
    rate_of = partial(_rate, owners=owners, types=types)
    return {
        "rule": str(rule),
        **_eer(trials_of(draws, rule), types),
        "siblings": _eer(trials_of(draws, rule, siblings=True), types),
        "unknown": _eer(trials_of(draws, rule, unknown=True), types),
        **rate_of("top1", np.concatenate([each.first[rule] == each.own for each in draws])),
        "none": None
        if rule is Rule.SIMILARITY
        else {
            **rate_of("known", np.concatenate([each.none for each in draws])),
            **rate_of("unknown", np.concatenate([each.none_if_unknown for each in draws])),
        },
        **_honesty(draws, rule, types),
    }


def _details(draws: Sequence[Draw], rule: Rule, photos: Photos) -> dict[str, Any]:
    """True accepts at low false accept rates, types that are not siblings, and the worst confusions."""
    types = len(photos.type_ids)
    trials = sort_trials(trials_of(draws, rule))

    def tar_among(weights: NDArray[np.float64], far: float) -> float:
        return tar_at_far(error_curve(trials, weights), far)

    result: dict[str, Any] = {}
    for name, far in FARS.items():
        result[name] = tar_at_far(error_curve(trials), far)
        result[f"{name}_interval"] = bootstrap(partial(tar_among, far=far), types)
    result["others"] = _eer(trials_of(draws, rule, siblings=False), types)
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
    ranked = sort_trials(trials)
    return {
        "eer": equal_error_rate(error_curve(ranked)),
        "eer_interval": bootstrap(lambda weights: equal_error_rate(error_curve(ranked, weights)), types),
    }


def _rate(name: str, true: NDArray[np.bool_], owners: NDArray[np.intp], types: int) -> dict[str, Any]:
    """How often something is true of queries, (n,), of the types `owners`, (n,)."""
    interval = bootstrap(lambda weights: float(np.average(true, weights=weights[owners])), types)
    return {name: float(true.mean()), f"{name}_interval": interval}


def _honesty(draws: Sequence[Draw], rule: Rule, types: int) -> dict[str, Any]:
    """The calibration error and the reliability curve at equal odds, as the rule is calibrated.

    Half of the questions are genuine, a quarter each are of other types and of no known type.
    """
    known, unknown = trials_of(draws, rule), trials_of(draws, rule, unknown=True)
    genuine, impostor, strange = (
        bin_claims(as_probabilities(trials.scores[kept], rule), trials.groups[kept], types)
        for trials, kept in ((known, known.genuine), (known, ~known.genuine), (unknown, ~unknown.genuine))
    )
    curve = reliability(genuine, (impostor, strange))
    return {
        "calibration_error": calibration_error(curve),
        "calibration_error_interval": bootstrap(
            lambda weights: calibration_error(reliability(genuine, (impostor, strange), weights)), types
        ),
        "reliability": [
            {"said": float(said), "right": float(right), "share": float(share)}
            for said, right, share in zip(*curve, strict=True)
        ],
    }
