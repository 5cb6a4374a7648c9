"""Error rates of a decision by score, as biometrics states them (ISO/IEC 19795-1). Pure.

A trial asks whether a photo shows a type. In a genuine trial it does, in an impostor trial it does not. At a
threshold, the true accept rate (TAR) is the share of genuine trials whose score exceeds it; the false accept
rate (FAR) is that share of impostor trials. The equal error rate (EER) is FAR where it equals 1 - TAR.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Z = 1.959964
"""The 97.5 % quantile of the normal distribution, for 95 % confidence intervals."""


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


class Trials(NamedTuple):
    """Trials and their scores.

    Attributes:
        scores: (trials,), higher is more alike.
        genuine: (trials,), whether the photo shows the type.
        groups: (trials,), numbers from 0 of what is drawn together, such as the photo's type or scene: trials
            of one group are not independent.
    """

    scores: NDArray[np.floating]
    genuine: NDArray[np.bool_]
    groups: NDArray[np.intp]


class Curve(NamedTuple):
    """Error rates at falling thresholds: scores at the threshold or above are accepted."""

    thresholds: NDArray[np.floating]
    tar: NDArray[np.float64]
    far: NDArray[np.float64]


def sort_trials(trials: Trials) -> Trials:
    """The trials, highest scores first, as `error_curve` takes them."""
    order = np.argsort(-trials.scores, kind="stable")
    return Trials(trials.scores[order], trials.genuine[order], trials.groups[order])


def error_curve(trials: Trials, weights: NDArray[np.float64] | None = None) -> Curve:
    """Error rates at each threshold, from sorted trials.

    Args:
        trials: sorted, with both genuine and impostor ones.
        weights: (groups,), how often each group counts; once if None.
    """
    weight = np.ones(len(trials.scores)) if weights is None else weights[trials.groups]
    genuine = np.cumsum(weight * trials.genuine)
    impostor = np.cumsum(weight * ~trials.genuine)
    # Trials of equal scores are accepted or refused together.
    ends = np.append(trials.scores[1:] != trials.scores[:-1], True)
    return Curve(
        trials.scores[ends],
        genuine[ends] / max(genuine[-1], 1),
        impostor[ends] / max(impostor[-1], 1),
    )


def equal_error_rate(curve: Curve) -> float:
    """The rate at which FAR equals 1 - TAR, by linear interpolation between thresholds."""
    far, frr = np.append(0, curve.far), np.append(1, 1 - curve.tar)
    after = int(np.argmax(far >= frr))
    before = after - 1
    gap_before, gap_after = frr[before] - far[before], frr[after] - far[after]
    share = gap_before / (gap_before - gap_after)
    return float(far[before] + share * (far[after] - far[before]))


def tar_at_far(curve: Curve, far: float) -> float:
    """The highest true accept rate whose false accept rate is at most `far`."""
    within = curve.far <= far
    return float(curve.tar[within].max(initial=0))


def threshold_at_far(curve: Curve, far: float) -> float:
    """The lowest score that can be accepted with a false accept rate of at most `far`."""
    within = curve.thresholds[curve.far <= far]
    return float(within[-1]) if len(within) else float(curve.thresholds[0])


def bootstrap(
    statistic: Callable[[NDArray[np.float64]], float], groups: int, repeats: int = 200, seed: int = 0
) -> Interval:
    """A percentile bootstrap interval over groups, because trials of one group share photos.

    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Args:
        statistic: takes how often each group was drawn, (groups,). Draws for which it is NaN don't count.
        groups: how many there are.
        repeats: how often to draw.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    drawn = random.multinomial(groups, np.full(groups, 1 / groups), repeats).astype(np.float64)
    low, high = np.nanquantile([statistic(weights) for weights in drawn], [0.025, 0.975])
    return Interval(float(low), float(high))


def wilson(successes: int, trials: int) -> Interval:
    """The interval of a rate; 0 to 1 without any trial.

    Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not trials:
        return Interval(0, 1)
    rate, z2 = successes / trials, Z**2 / trials
    centre = (rate + z2 / 2) / (1 + z2)
    half = Z / (1 + z2) * (rate * (1 - rate) / trials + z2 / (4 * trials)) ** 0.5
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
