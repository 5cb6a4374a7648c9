"""The calibration error is small for honest probabilities, and as large as others are wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike_tools.evaluation.reliability import (
    BINS,
    Claims,
    bin_claims,
    calibration_error,
    reliability,
)

QUESTIONS = 200_000


def claims(*probabilities: float) -> Claims:
    """Of photos of one type."""
    return bin_claims(np.array(probabilities), np.zeros(len(probabilities), np.intp), 1)


def ask(said: np.ndarray, truth: np.ndarray) -> tuple[Claims, Claims]:
    """Claims of genuine questions and of the others: what was said, and how likely it was so."""
    genuine = np.random.default_rng(1).uniform(size=len(said)) < truth
    return claims(*said[genuine]), claims(*said[~genuine])


def test_honest_probabilities_have_no_calibration_error() -> None:
    said = np.random.default_rng(0).uniform(size=QUESTIONS)
    genuine, impostor = ask(said, said)
    assert calibration_error(reliability(genuine, [impostor])) < 0.01


def test_probabilities_that_say_too_much_have_as_large_an_error_as_they_are_wrong() -> None:
    truth = np.random.default_rng(0).choice([0.35, 0.65], QUESTIONS)
    said = np.where(truth > 0.5, 0.95, 0.05)
    genuine, impostor = ask(said, truth)
    assert calibration_error(reliability(genuine, [impostor])) == pytest.approx(0.3, abs=0.01)


def test_certain_and_right_is_honest_certain_and_wrong_is_not() -> None:
    assert calibration_error(reliability(claims(1, 1), [claims(0, 0, 0)])) == 0
    assert calibration_error(reliability(claims(0, 0), [claims(1, 1, 1)])) == 1


def test_genuine_questions_are_one_half_however_few_they_are() -> None:
    found = reliability(claims(0.95), [claims(*[0.05] * 99)])
    assert found.share == pytest.approx([0.5, 0.5])
    assert found.said == pytest.approx([0.05, 0.95])
    assert found.right == pytest.approx([0, 1])


def test_kinds_of_impostors_share_the_other_half() -> None:
    found = reliability(claims(0.95), [claims(0.05, 0.05, 0.05), claims(0.55)])
    assert found.share == pytest.approx([0.25, 0.25, 0.5])


def test_types_count_as_often_as_they_are_drawn() -> None:
    genuine = bin_claims(np.array([0.95, 0.35]), np.array([0, 1]), 2)
    impostor = bin_claims(np.array([0.05, 0.05]), np.array([0, 1]), 2)
    assert reliability(genuine, [impostor], np.array([2.0, 0.0])).share == pytest.approx([0.5, 0.5])
    assert reliability(genuine, [impostor], np.array([3.0, 1.0])).share == pytest.approx([0.5, 0.125, 0.375])


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=50),
    st.lists(st.floats(0, 1), min_size=1, max_size=50),
)
def test_a_curve_is_made_of_shares_that_are_one_together(genuine: list[float], impostor: list[float]) -> None:
    found = reliability(claims(*genuine), [claims(*impostor)])
    assert found.share.sum() == pytest.approx(1)
    assert len(found.said) <= BINS
    assert np.all((found.said >= -1e-9) & (found.said <= 1 + 1e-9))
    assert np.all((found.right >= -1e-9) & (found.right <= 1 + 1e-9))
    assert 0 <= calibration_error(found) <= 1


def test_probabilities_lie_in_ten_bins_certainty_in_the_last() -> None:
    assert claims(0, 0.05, 0.15, 0.85, 0.95, 1).counts.tolist() == [[2, 1, 0, 0, 0, 0, 0, 0, 1, 2]]


def test_impostors_count_as_often_as_their_types_are_drawn() -> None:
    genuine = bin_claims(np.array([0.95, 0.95]), np.array([0, 1]), 2)
    impostor = bin_claims(np.array([0.05, 0.35]), np.array([0, 1]), 2)
    assert reliability(genuine, [impostor], np.array([3.0, 1.0])).share == pytest.approx([0.375, 0.125, 0.5])
    # Only how often they count in proportion matters.
    assert reliability(genuine, [impostor], np.array([0.3, 0.1])).share == pytest.approx([0.375, 0.125, 0.5])
