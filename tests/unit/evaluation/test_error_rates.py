"""Error rates are those of the definitions, and their intervals hold what they promise."""

from functools import partial

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
    for threshold, tar, far in zip(curve.thresholds, curve.tar, curve.far, strict=True):
        assert tar == pytest.approx(np.mean(np.array(genuine) >= threshold))
        assert far == pytest.approx(np.mean(np.array(impostor) >= threshold))


@pytest.mark.parametrize(
    ("genuine", "impostor", "expected"),
    [
        ([0.9, 0.8], [0.2, 0.1], 0),
        ([0.2, 0.1], [0.9, 0.8], 1),
        ([0.9, 0.5, 0.4, 0.3], [0.6, 0.2, 0.1, 0.0], 0.25),
        ([0.5], [0.5], 0.5),
        ([0.9, 0.3], [0.95, 0.6, 0.1], 0.5),
        ([0.9, 0.5, 0.1], [0.95, 0.3], 0.5),
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


def test_where_no_threshold_keeps_the_rate_the_highest_score_is_taken() -> None:
    curve = error_curve(trials_of([0.5], [0.9, 0.1]))
    assert tar_at_far(curve, 0.1) == 0
    assert threshold_at_far(curve, 0.1) == 0.9


def test_sorted_trials_keep_what_belongs_together() -> None:
    trials = Trials(np.array([0.1, 0.9, 0.5, 0.9]), np.array([False, True, False, False]), np.arange(4))
    scores, genuine, groups = sort_trials(trials)
    assert scores.tolist() == [0.9, 0.9, 0.5, 0.1]
    assert genuine.tolist() == [True, False, False, False]
    assert groups.tolist() == [1, 3, 2, 0]


def test_trials_of_equal_scores_keep_their_order() -> None:
    everyone = Trials(np.tile([0.5, 0.9], 500), np.zeros(1000, bool), np.arange(1000))
    assert sort_trials(everyone).groups.tolist() == [*range(1, 1000, 2), *range(0, 1000, 2)]


def test_a_group_that_is_drawn_twice_counts_twice_and_one_not_drawn_not_at_all() -> None:
    trials = Trials(
        np.array([0.9, 0.8, 0.7, 0.6, 0.5]),
        np.array([True, False, True, True, False]),
        np.array([0, 1, 1, 2, 0]),
    )
    curve = error_curve(trials, weights=np.array([2.0, 1.0, 0.0]))
    assert curve.tar == pytest.approx([2 / 3, 2 / 3, 1, 1, 1])
    assert curve.far == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 1])


def test_a_draw_without_genuine_or_impostor_trials_has_rates_all_the_same() -> None:
    trials = Trials(np.array([0.9, 0.5]), np.array([True, False]), np.array([0, 1]))
    assert error_curve(trials, weights=np.array([0.0, 2.0])).tar.tolist() == [0, 0]
    assert error_curve(trials, weights=np.array([2.0, 0.0])).far.tolist() == [0, 0]


def test_normal_scores_have_the_error_rates_of_the_textbook() -> None:
    random = np.random.default_rng(0)
    curve = error_curve(trials_of(random.normal(2, 1, 50_000).tolist(), random.normal(0, 1, 50_000).tolist()))
    assert equal_error_rate(curve) == pytest.approx(0.1587, abs=0.004)  # the normal distribution at -1
    assert tar_at_far(curve, 0.01) == pytest.approx(0.3721, abs=0.02)  # at 2 - 2.3263


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    assert wilson(1, 10) == pytest.approx((0.0179, 0.4042), abs=1e-4)
    assert wilson(0, 100) == pytest.approx((0, 0.0370), abs=1e-4)
    assert wilson(100, 100) == pytest.approx((0.9630, 1), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_rate_and_stays_one_of_rates(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_a_bootstrap_draws_as_many_groups_as_there_are() -> None:
    assert bootstrap(lambda weights: float(weights.sum()), 7) == (7, 7)


def test_a_bootstrap_is_the_same_each_time_unless_its_seed_is_another() -> None:
    values = np.arange(10)

    def interval(**options: int) -> tuple[float, float]:
        return bootstrap(lambda weights: float(np.average(values, weights=weights)), 10, **options)

    assert interval() == interval() == interval(seed=0)
    assert interval() != interval(seed=1)


def weighted(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(values, weights=weights))


def test_a_bootstrap_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        values = random.normal(0, 1, 40)
        low, high = bootstrap(partial(weighted, values), 40, seed=seed)
        held += low <= 0 <= high
    assert 0.88 <= held / 200 <= 0.99
