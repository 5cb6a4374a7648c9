"""Error rates are those of the definitions, and their intervals hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike_tools.evaluation.error_rates import (
    Trials,
    bootstrap,
    equal_error_rate,
    error_curve,
    sort_trials,
    tar_at_far,
    threshold_at_far,
    wilson,
)


def trials_of(genuine: list[float], impostor: list[float]) -> Trials:
    scores = np.array([*genuine, *impostor])
    is_genuine = np.arange(len(scores)) < len(genuine)
    return sort_trials(Trials(scores, is_genuine, np.zeros(len(scores), np.intp)))


scores = st.lists(st.integers(0, 10).map(float), min_size=1, max_size=30)


@given(scores, scores)
def test_rates_are_the_shares_that_reach_the_threshold(genuine: list[float], impostor: list[float]) -> None:
    curve = error_curve(trials_of(genuine, impostor))
    for threshold, tar, far in zip(*curve, strict=True):
        assert tar == pytest.approx(np.mean(np.array(genuine) >= threshold))
        assert far == pytest.approx(np.mean(np.array(impostor) >= threshold))


@pytest.mark.parametrize(
    ("genuine", "impostor", "expected"),
    [
        ([0.9, 0.8], [0.2, 0.1], 0),
        ([0.2, 0.1], [0.9, 0.8], 1),
        ([0.9, 0.5, 0.4, 0.3], [0.6, 0.2, 0.1, 0.0], 0.25),
        ([0.5], [0.5], 0.5),
    ],
)
def test_the_equal_error_rate_is_where_both_errors_meet(
    genuine: list[float], impostor: list[float], expected: float
) -> None:
    assert equal_error_rate(error_curve(trials_of(genuine, impostor))) == pytest.approx(expected)


@given(scores, scores, st.sampled_from([0.0, 0.01, 0.1, 0.5]))
def test_a_threshold_for_a_false_accept_rate_keeps_it(
    genuine: list[float], impostor: list[float], far: float
) -> None:
    curve = error_curve(trials_of(genuine, impostor))
    if tar_at_far(curve, far):
        threshold = threshold_at_far(curve, far)
        assert np.mean(np.array(impostor) >= threshold) <= far
        assert np.mean(np.array(genuine) >= threshold) == pytest.approx(tar_at_far(curve, far))


def test_normal_scores_have_the_error_rates_of_the_textbook() -> None:
    random = np.random.default_rng(0)
    curve = error_curve(trials_of(random.normal(2, 1, 50_000).tolist(), random.normal(0, 1, 50_000).tolist()))
    assert equal_error_rate(curve) == pytest.approx(0.1587, abs=0.004)  # the normal distribution at -1
    assert tar_at_far(curve, 0.01) == pytest.approx(0.3721, abs=0.02)  # at 2 - 2.3263


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    assert wilson(1, 10) == pytest.approx((0.0179, 0.4042), abs=1e-4)
    assert wilson(0, 100) == pytest.approx((0, 0.0370), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


def test_a_bootstrap_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        values = random.normal(0, 1, 40)
        low, high = bootstrap(lambda weights, v=values: float(np.average(v, weights=weights)), 40, seed=seed)
        held += low <= 0 <= high
    assert 0.88 <= held / 200 <= 0.99
