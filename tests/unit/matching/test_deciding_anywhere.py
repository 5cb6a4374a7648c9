"""Of many views, the one that speaks most for a type decides; of one view, it is as without views."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.matching.decision import decide, decide_anywhere
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.probability import Calibration
from lookalike.matching.policy import Policy, StackDefaults, choose_policy
from lookalike.matching.rules import RULES
from lookalike.matching.settings import Look, Rule, StoredSettings, TypeSettings
from lookalike.vision.boxes import Box
from lookalike.vision.views import windows
from support.encodings.catalogues import catalogue, gallery_of
from support.encodings.synthetic_encodings import encodings_of

TYPES = catalogue(seed=1, types=6, photos=6)
ASKED = "type-00"
GALLERY = gallery_of({type_id: rows[:5] for type_id, rows in TYPES.items()})
ENCODINGS = encodings_of(TYPES[ASKED][:5], ASKED)
QUERIES = {type_id: rows[5] for type_id, rows in TYPES.items()}
SIMILARITY = Policy(Rule.SIMILARITY, 0.5, look=Look.ANYWHERE)
PROBABILITY = Policy(Rule.PROBABILITY, 0.5, gallery=GALLERY, look=Look.ANYWHERE)
WHOLE = [Box(0, 0, 1, 1)]
BOXES = windows(800, 600, 224)


def views_with(type_id: str, view: int) -> np.ndarray:
    """Views that show nothing known, but one that shows a type."""
    draws = np.random.default_rng(5).normal(size=(len(BOXES), TYPES[ASKED].shape[1]))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    draws[view] = QUERIES[type_id]
    return np.asarray(draws, np.float32)


@pytest.mark.parametrize("policy", [SIMILARITY, PROBABILITY])
@pytest.mark.parametrize("view", [0, 3, len(BOXES) - 1])
def test_the_view_that_shows_the_type_decides(policy: Policy, view: int) -> None:
    decision = decide_anywhere(views_with(ASKED, view), BOXES, ENCODINGS, policy)
    assert (decision.match, decision.view) == (True, view)
    assert decision.nearest == decide(QUERIES[ASKED], ENCODINGS, policy).nearest


def test_by_similarity_one_view_decides_as_the_photo_does() -> None:
    for query in QUERIES.values():
        seen = decide_anywhere(query[np.newaxis], WHOLE, ENCODINGS, SIMILARITY)
        alone = decide(query, ENCODINGS, SIMILARITY)
        assert (seen.match, seen.nearest, seen.view) == (alone.match, alone.nearest, 0)
        assert seen.score == pytest.approx(alone.score, abs=1e-6)


def test_by_probability_one_view_decides_nearly_as_the_photo_does() -> None:
    for query in QUERIES.values():
        seen = decide_anywhere(query[np.newaxis], WHOLE, ENCODINGS, PROBABILITY)
        alone = decide(query, ENCODINGS, PROBABILITY)
        assert seen.match == alone.match
        assert seen.score == pytest.approx(alone.score, abs=0.1)


def test_the_probability_is_held_against_other_types_in_the_same_place() -> None:
    views = views_with("type-03", 4)
    assert not decide_anywhere(views, BOXES, ENCODINGS, PROBABILITY).match
    views[len(BOXES) - 1] = QUERIES[ASKED]
    assert decide_anywhere(views, BOXES, ENCODINGS, PROBABILITY).view == len(BOXES) - 1


def test_a_type_that_the_gallery_does_not_have_yet_is_found() -> None:
    gallery = GALLERY.replace({ASKED: None})
    policy = Policy(Rule.PROBABILITY, 0.5, gallery=gallery, look=Look.ANYWHERE)
    decision = decide_anywhere(views_with(ASKED, 7), BOXES, ENCODINGS, policy)
    assert (decision.match, decision.view) == (True, 7)


def test_of_one_view_types_rank_as_without_views() -> None:
    for query in QUERIES.values():
        seen, alone = GALLERY.rank_views(query[np.newaxis], WHOLE, 6), GALLERY.rank(query, 6)
        assert [type_id for type_id, _ in seen.types] == [type_id for type_id, _ in alone.types]
        assert [p for _, p in seen.types] == pytest.approx([p for _, p in alone.types], abs=1e-6)
        assert seen.none == pytest.approx(alone.none, abs=1e-6)


def test_types_in_different_places_do_not_exclude_each_other() -> None:
    views = views_with(ASKED, len(BOXES) - 1)
    views[7] = QUERIES["type-03"]
    (first, p), (second, q), (_, r) = GALLERY.rank_views(views, BOXES, 3).types
    assert {first, second} == {ASKED, "type-03"}
    assert min(p, q) > 0.5 > r


@pytest.mark.parametrize("rule", list(Rule))
@given(threshold=st.floats(0, 1))
def test_what_is_beyond_doubt_exceeds_the_threshold(rule: Rule, threshold: float) -> None:
    sure = RULES[rule].sure(threshold)
    assert threshold <= sure <= 1
    assert threshold in (0, 1) or sure == pytest.approx(threshold, abs=1e-9) or sure > threshold


def test_what_is_beyond_doubt_at_usual_thresholds() -> None:
    assert RULES[Rule.SIMILARITY].sure(0.92) == pytest.approx(0.96)
    assert RULES[Rule.PROBABILITY].sure(0.5) == pytest.approx(20 / 21)


@pytest.mark.parametrize(
    ("requested", "own", "stack", "chosen"),
    [
        (None, None, Look.CENTRE, Look.CENTRE),
        (None, None, Look.ANYWHERE, Look.ANYWHERE),
        (None, Look.ANYWHERE, Look.CENTRE, Look.ANYWHERE),
        (Look.CENTRE, Look.ANYWHERE, Look.ANYWHERE, Look.CENTRE),
    ],
)
@pytest.mark.parametrize("rule", list(Rule))
def test_the_requests_look_comes_before_the_types_and_the_stacks(
    requested: Look | None, own: Look | None, stack: Look, chosen: Look, rule: Rule
) -> None:
    stored = StoredSettings(TypeSettings(look=own))
    defaults = StackDefaults(rule, 0.92, look=stack)
    assert choose_policy(None, stored, defaults, lambda: None, requested).look is chosen


def log_odds(type_id: str, gallery: Gallery, odds: float = 1.0) -> float:
    """Of a photo that shows a type, by the score of the decision, asked for `ASKED`."""
    policy = replace(PROBABILITY, gallery=gallery, odds=odds)
    score = decide_anywhere(views_with(type_id, 7), BOXES, ENCODINGS, policy).score
    return float(np.log(score / (1 - score)))


def test_the_stacks_odds_and_the_calibration_shift_the_log_odds() -> None:
    vague = replace(GALLERY, fit=replace(GALLERY.fit, calibration=Calibration(2, 0)))
    shifted = replace(GALLERY, fit=replace(GALLERY.fit, calibration=Calibration(2, 0.5)))
    plain = log_odds("type-03", vague)
    assert log_odds("type-03", vague, odds=3) == pytest.approx(plain + np.log(3), abs=1e-3)
    assert log_odds("type-03", shifted) == pytest.approx(plain + 0.5, abs=1e-3)


def test_what_is_seen_among_other_types_decides_not_what_the_view_alone_would_say() -> None:
    views = views_with(ASKED, 7)
    views[0] = QUERIES["type-03"]
    seen = decide_anywhere(views, BOXES, ENCODINGS, PROBABILITY)
    alone = decide(views[seen.view], ENCODINGS, PROBABILITY)
    between = (seen.score + alone.score) / 2
    assert abs(seen.score - alone.score) > 1e-4
    policy = replace(PROBABILITY, threshold=between)
    assert decide_anywhere(views, BOXES, ENCODINGS, policy).match is (seen.score > between)
    assert decide(views[seen.view], ENCODINGS, policy).match is (alone.score > between)


def test_that_a_photo_shows_none_is_told_of_the_place_of_its_first_type() -> None:
    assert GALLERY.rank_views(views_with(ASKED, 7), BOXES, 1).none < 0.1
    assert GALLERY.replace(dict.fromkeys(TYPES)).rank_views(views_with(ASKED, 7), BOXES, 1).none == 1


def test_of_one_view_a_type_alone_ranks_as_without_views() -> None:
    alone = gallery_of({ASKED: TYPES[ASKED][:5]})
    for query in QUERIES.values():
        expected = alone.rank(query, 1).types[0][1]
        assert alone.rank_views(query[np.newaxis], WHOLE, 1).types[0][1] == pytest.approx(expected, abs=1e-6)
