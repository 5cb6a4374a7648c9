from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lookalike.matching.sighting import (
    Sighting,
    outweighed_views,
    rank_by_evidence,
    shared_parts,
    sight_by_evidence,
    sight_by_similarity,
)
from lookalike.vision.boxes import Box
from lookalike.vision.views import windows

BOXES = windows(800, 600, 224)
EVIDENCE = arrays(np.float64, (len(BOXES), 4), elements=st.floats(-100, 100))


def about(value: float) -> Any:
    """As a score that has been rounded."""
    return pytest.approx(value)


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_by_similarity_the_view_nearest_to_any_reference_speaks() -> None:
    draws = np.random.default_rng(0)
    views, references = unit(draws.normal(size=(9, 16))), unit(draws.normal(size=(5, 16)))
    views[6] = references[3]
    assert sight_by_similarity(views, references) == Sighting(6, about(1))


def test_of_one_view_the_similarity_is_that_of_the_photo() -> None:
    draws = np.random.default_rng(1)
    view, references = unit(draws.normal(size=(1, 16))), unit(draws.normal(size=(5, 16)))
    assert sight_by_similarity(view, references) == Sighting(0, about((references @ view[0]).max()))


@given(EVIDENCE)
def test_of_views_of_one_size_the_one_with_the_most_evidence_speaks(evidence: np.ndarray) -> None:
    same_size = BOXES[1:7]
    for own, sighting in enumerate(sight_by_evidence(evidence[1:7], same_size)):
        assert evidence[1 + sighting.view, own] == pytest.approx(evidence[1:7, own].max(), abs=1e-9)


@given(EVIDENCE)
def test_more_views_are_never_less_evidence_for_the_only_type(evidence: np.ndarray) -> None:
    scores = [sight_by_evidence(evidence[:count, :1], BOXES[:count])[0].score for count in (1, 7, 42)]
    assert scores == sorted(scores)


def test_of_one_view_these_are_its_log_odds() -> None:
    first, second = sight_by_evidence(np.array([[3.0, 1.0]]), BOXES[:1])
    assert first == Sighting(0, about(3 - np.log((np.exp(1) + 1) / 2)))
    assert second == Sighting(0, about(1 - np.log((np.exp(3) + 1) / 2)))


def test_a_small_view_needs_more_evidence_than_the_middle() -> None:
    middle, small = Box(0, 0, 1, 1), Box(0, 0, 0.5, 0.5)
    (seen,) = sight_by_evidence(np.array([[2.0], [2.5]]), [middle, small])
    assert seen == Sighting(0, 2)
    (seen,) = sight_by_evidence(np.array([[2.0], [3.0]]), [middle, small])
    assert seen == Sighting(1, about(3 - np.log(2)))


def test_another_type_in_the_same_place_is_a_rival() -> None:
    hammer, part_of_it = Box(0, 0, 0.6, 0.6), Box(0.1, 0.1, 0.4, 0.4)
    #                  pliers, hammer
    evidence = np.array([[-5.0, 20.0], [8.0, 4.0]])
    pliers, seen_hammer = sight_by_evidence(evidence, [hammer, part_of_it])
    assert pliers.view == 1 and pliers.score < -10
    assert seen_hammer.view == 0 and seen_hammer.score > 10


def test_another_type_elsewhere_is_no_rival() -> None:
    here, there = Box(0, 0, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9)
    seen = sight_by_evidence(np.array([[8.0, -60.0], [-60.0, 30.0]]), [here, there])
    assert seen == [Sighting(0, about(8 + np.log(2))), Sighting(1, about(30 + np.log(2)))]


def test_where_no_other_type_is_known_all_evidence_counts() -> None:
    assert sight_by_evidence(np.array([[1.0], [3.0]]), BOXES[1:3]) == [Sighting(1, 3)]


def test_how_much_boxes_share() -> None:
    whole, left, right, corner = Box(0, 0, 1, 1), Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1), Box(0.4, 0, 0.8, 0.5)
    shared = shared_parts([whole, left, right, corner])
    assert shared[0].tolist() == [1, 1, 1, 1]
    assert shared[1, 2] == 0
    assert shared[1, 3] == pytest.approx(0.25)


@pytest.mark.parametrize("sign", [1, -1])
def test_rounding_takes_no_similarity_beyond_1(sign: int) -> None:
    longer = np.array([[sign * 1.0001, 0]], np.float32)
    assert sight_by_similarity(longer, np.eye(1, 2, dtype=np.float32)) == Sighting(0, sign)


def test_boxes_above_each_other_share_nothing() -> None:
    assert shared_parts([Box(0, 0, 1, 0.4), Box(0, 0.6, 1, 1)])[0, 1] == 0


def test_views_that_share_no_more_than_a_half_are_different_places() -> None:
    evidence = np.array([[8.0, 0.0], [0.0, 30.0]])
    half = sight_by_evidence(evidence, [Box(0, 0, 0.5, 0.5), Box(0.25, 0, 0.75, 0.5)])
    more = sight_by_evidence(evidence, [Box(0, 0, 0.5, 0.5), Box(0.125, 0, 0.625, 0.5)])
    assert half[0] == Sighting(0, about(8))
    assert more[0] == Sighting(0, about(8 - 30 + np.log(2)))


def test_evidence_beyond_what_floats_hold_leaves_other_places_as_they_are() -> None:
    apart = [Box(0, 0, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9)]
    places = rank_by_evidence(np.array([[5000.0, -5000.0], [-5000.0, 1.0]]), apart)
    assert places.seen == pytest.approx([1, np.e / (1 + np.e)])
    assert places.none == pytest.approx([0, 1 / (1 + np.e)])
    nothing = rank_by_evidence(np.array([[-5000.0]]), apart[:1])
    assert (*nothing.seen, *nothing.none) == (0, 1)


APART = [Box(0, 0, 0.2, 0.2), Box(0.4, 0.4, 0.6, 0.6), Box(0.8, 0.8, 1, 1)]


def directions(*degrees: float) -> np.ndarray:
    return unit(np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1))


def test_views_are_outweighed_each_in_its_own_place() -> None:
    references, counterexamples = directions(0), directions(100)
    # Nearer to the counterexample; nearer to the reference; as near to both.
    outweighed = outweighed_views(directions(80, 30, 50), APART, references, counterexamples)
    assert outweighed.tolist() == [True, False, False]
    together = outweighed_views(directions(80, 30, 50), [Box(0, 0, 1, 1)] * 3, references, counterexamples)
    assert together.tolist() == [True, True, True]


def test_without_counterexamples_no_view_is_outweighed() -> None:
    none = np.empty((0, 2), np.float32)
    assert not outweighed_views(directions(80, 30, 179), APART, directions(0), none).any()


def test_each_view_is_held_against_the_counterexamples_by_itself() -> None:
    references, against = np.array([[1, 0]], np.float32), np.array([[0, 1]], np.float32)
    views = np.array([[1, 0], [0.6, 0.8]], np.float32)
    places = [Box(0, 0, 0.4, 0.4), Box(0.6, 0.6, 1, 1)]
    assert outweighed_views(views, places, references, against).tolist() == [False, True]
