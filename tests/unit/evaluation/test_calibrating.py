"""A threshold is the lowest that keeps the wanted false accept rate, and too few photos for it are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike_tools.evaluation.error_rates import wilson
from lookalike_tools.evaluation.thresholds import Scores, calibrate, warn_of_few_photos


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=400), st.sampled_from([0.01, 0.05, 0.2]))
def test_no_more_than_the_wanted_rate_exceed_the_threshold(impostor: list[float], far: float) -> None:
    calibration = calibrate(Scores(np.array([0.5]), np.array(impostor)), far)
    assert np.mean(np.array(impostor) > calibration.threshold) == calibration.far <= far
    assert 0 <= calibration.threshold <= 1


@pytest.mark.parametrize(("far", "exceeding"), [(0.01, 0), (0.02, 1), (0.1, 9), (0.5, 49)])
def test_as_many_exceed_the_threshold_as_the_rate_allows_with_one_more_photo(
    far: float, exceeding: int
) -> None:
    impostor = np.arange(99) / 100
    calibration = calibrate(Scores(np.array([0.5]), impostor), far)
    assert np.sum(impostor > calibration.threshold) == exceeding
    assert calibration.far == pytest.approx(exceeding / 99)
    assert calibration.far_interval == wilson(exceeding, 99)


def test_where_the_rate_allows_not_quite_one_more_photo_none_exceeds_the_threshold() -> None:
    assert calibrate(Scores(np.array([0.5]), np.arange(98) / 100), 0.02).far == 0


def test_no_threshold_is_beyond_1() -> None:
    assert calibrate(Scores(np.array([0.5]), np.array([1.00001])), 0.01).threshold == 1


def test_one_photo_of_its_own_is_all_of_them() -> None:
    assert calibrate(Scores(np.array([0.9]), np.linspace(0, 0.5, 200)), 0.01).tar == 1


def test_a_threshold_is_rounded_up_to_four_decimals() -> None:
    calibration = calibrate(Scores(np.array([0.5]), np.array([0.123412])), 0.5)
    assert calibration.threshold == 0.1235


def test_without_photos_of_other_types_nothing_matches() -> None:
    calibration = calibrate(Scores(np.array([1.0]), np.array([])), 0.01)
    assert (calibration.threshold, calibration.far, calibration.tar) == (1, 0, 0)
    assert calibration.far_interval == (0, 1)


def test_without_photos_of_its_own_the_true_accept_rate_is_not_known() -> None:
    calibration = calibrate(Scores(np.array([]), np.linspace(0, 0.5, 200)), 0.01)
    assert calibration.tar == 0
    assert calibration.tar_interval == (0, 1)


def test_the_true_accept_rate_is_the_share_of_its_own_photos_above_the_threshold() -> None:
    calibration = calibrate(Scores(np.array([0.9, 0.8, 0.5, 0.1]), np.full(200, 0.5)), 0.01)
    assert calibration.threshold == 0.5
    assert calibration.tar == 0.5
    assert calibration.tar_interval == wilson(2, 4)


def few(genuine: int, impostor: int) -> dict[str, Scores]:
    return {"nut": Scores(np.full(genuine, 0.9), np.linspace(0, 0.5, impostor))}


def test_99_photos_are_enough_for_1_in_100_and_10_for_a_true_accept_rate() -> None:
    assert warn_of_few_photos(few(10, 99), 0.01) == []
    assert len(warn_of_few_photos(few(9, 98), 0.01)) == 2


@given(st.integers(1, 500), st.sampled_from([0.5, 0.1, 0.05, 0.02, 0.01, 0.001]))
def test_photos_are_too_few_where_none_may_exceed_the_threshold_and_the_rate_told_is_one_that_they_allow(
    photos: int, far: float
) -> None:
    warned = warn_of_few_photos(few(20, photos), far)
    assert bool(warned) is (photos + 1 < round(1 / far))
    if warned:
        assert f"{round(1 / far) - 1} photos are needed" in warned[0]
        allowed = float(warned[0].rpartition("--far ")[2])
        assert warn_of_few_photos(few(20, photos), allowed) == []
        assert warn_of_few_photos(few(20, photos), allowed - 0.0002)


def test_a_rate_that_photos_allow_to_the_digit_is_told_as_it_is() -> None:
    (warned,) = warn_of_few_photos(few(20, 99), 0.001)
    assert warned.endswith("--far 0.01")


def test_too_few_photos_are_told_once_for_all_types() -> None:
    scores = {name: Scores(np.full(3, 0.9), np.linspace(0, 0.5, 54)) for name in ("bolt", "gear", "nut")}
    others, own = warn_of_few_photos(scores, 0.01)
    assert "54 photos of other types are too few for 1.00%" in others
    assert ". 99 photos are needed" in others
    assert others.endswith("--far 0.0182")
    assert own.endswith("import more of bolt, gear, nut")


def test_with_enough_photos_the_rates_are_as_good_as_they_look() -> None:
    assert calibrate(Scores(np.array([0.9, 0.8]), np.linspace(0, 0.5, 50)), 0.01).threshold == 0.5
    enough = calibrate(Scores(np.full(20, 0.9), np.linspace(0, 0.5, 500)), 0.01)
    assert enough.tar == 1
    assert enough.tar_interval.low < 0.9
