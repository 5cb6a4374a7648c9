"""A calibrated threshold keeps its false accept rate on photos that it was not calibrated on."""

import numpy as np
import pytest

from lookalike.matching.decision import decide
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Fit, Prototype, fit
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule
from lookalike_tools.evaluation import thresholds
from lookalike_tools.evaluation.thresholds import (
    Scores,
    calibrate,
    choose_rule,
    score_types,
)
from support.encodings.synthetic_encodings import MODEL, around, centres, encodings_of, unit

TYPES = 20
SPREADS = [1.0 + 0.2 * (index % 6) for index in range(TYPES)]


def middles() -> np.ndarray:
    """Centres of types of which every second is a sibling of the one before."""
    own = centres(TYPES, common=0.7)
    return unit(np.where(np.arange(TYPES)[:, np.newaxis] % 2, own + 3 * np.roll(own, 1, axis=0), own))


def photos(count: int, seed: int) -> list[np.ndarray]:
    return [
        around(middle, count, spread, seed + index)
        for index, (middle, spread) in enumerate(zip(middles(), SPREADS, strict=True))
    ]


def named(matrices: list[np.ndarray]) -> list[Encodings]:
    return [encodings_of(matrix, f"t{index:02}") for index, matrix in enumerate(matrices)]


def learn(types: list[Encodings]) -> Fit:
    """What a stack learns from these types."""
    return fit({each.type_id: each.matrix for each in types}, prototypes(types), "")


def prototypes(types: list[Encodings]) -> dict[str, Prototype]:
    return {each.type_id: Prototype.of(each.matrix) for each in types}


def known(types: list[Encodings], learnt: Fit) -> Gallery:
    return Gallery.of(MODEL, prototypes(types), learnt)


def score(types: list[Encodings], wanted: list[str]) -> dict[str, dict[Rule, Scores]]:
    return dict(score_types(types, learn(types), wanted))


@pytest.fixture
def scored() -> tuple[list[Encodings], dict[str, dict[Rule, Scores]]]:
    types = named(photos(20, seed=1000))
    return types, score(types, [each.type_id for each in types])


@pytest.mark.slow
@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("far", [0.01, 0.05])
def test_it_keeps_its_rate_on_other_photos_of_the_same_types(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]], rule: Rule, far: float
) -> None:
    types, scores = scored
    gallery = known(types, learn(types))
    fresh = photos(20, seed=5000)
    rates, stated = [], []
    for number, each in enumerate(types):
        calibration = calibrate(scores[each.type_id][rule], far)
        policy = Policy(rule, calibration.threshold, gallery=gallery)
        matches = [
            decide(photo, each, policy).match
            for other, matrix in enumerate(fresh)
            if other != number
            for photo in matrix
        ]
        rates.append(np.mean(matches))
        stated.append(calibration.far_interval)
        assert calibration.far <= far
    assert np.mean(rates) <= far
    assert np.mean([rate <= interval.high for rate, interval in zip(rates, stated, strict=True)]) >= 0.95


def test_each_photo_is_asked_against_its_own_type_without_itself(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]],
) -> None:
    types, scores = scored
    gallery = known(types, learn(types))
    for each in types[:3]:
        for index, photo in enumerate(each.matrix):
            rest = encodings_of(np.delete(each.matrix, index, axis=0), each.type_id)
            for rule in Rule:
                expected = decide(photo, rest, Policy(rule, 0, gallery=gallery)).score
                assert scores[each.type_id][rule].genuine[index] == pytest.approx(expected, abs=1e-3)


def test_each_photo_is_asked_against_every_other_type(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]],
) -> None:
    types, scores = scored
    learnt = learn(types)
    asked, *others = types
    # Of a photo's own type the stack knows its other photos.
    for each in others[:3]:
        for index, photo in enumerate(each.matrix):
            rest = encodings_of(np.delete(each.matrix, index, axis=0), each.type_id)
            without_itself = known([rest if one is each else one for one in types], learnt)
            for rule in Rule:
                expected = decide(photo, asked, Policy(rule, 0, gallery=without_itself)).score
                place = types.index(each) - 1
                found = scores[asked.type_id][rule].impostor[place * len(each.matrix) + index]
                assert found == pytest.approx(expected, abs=1e-3)


def test_scores_are_the_same_however_many_photos_are_compared_at_once(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    types, scores = scored
    monkeypatch.setattr(thresholds, "CHUNK", 7)
    for type_id, by_rule in score(types, ["t03", "t19"]).items():
        for rule in Rule:
            assert by_rule[rule].genuine == pytest.approx(scores[type_id][rule].genuine, abs=1e-5)
            assert by_rule[rule].impostor == pytest.approx(scores[type_id][rule].impostor, abs=1e-5)


def test_probabilities_are_at_the_odds_of_the_stack(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]],
) -> None:
    types, _ = scored
    learnt, (asked, *_) = learn(types), types
    scores = dict(score_types(types, learnt, [asked.type_id], odds=0.1))[asked.type_id]
    rest = encodings_of(asked.matrix[1:], asked.type_id)
    policy = Policy(Rule.PROBABILITY, 0, gallery=known(types, learnt), odds=0.1)
    expected = decide(asked.matrix[0], rest, policy).score
    assert scores[Rule.PROBABILITY].genuine[0] == pytest.approx(expected, abs=1e-3)


def test_only_the_wanted_types_are_scored(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]],
) -> None:
    types, _ = scored
    assert list(score(types, ["t19", "t03"])) == ["t19", "t03"]


def test_the_only_photo_of_a_type_is_asked_as_one_of_no_known_type() -> None:
    matrices = [photos(count, seed=1)[index] for index, count in enumerate((1, 6, 6))]
    types = named(matrices)
    learnt = learn(types)
    scores = dict(score_types(types, learnt, ["t01"]))["t01"]
    policy = Policy(Rule.PROBABILITY, 0, gallery=known(types[1:], learnt))
    expected = decide(matrices[0][0], types[1], policy).score
    assert scores[Rule.PROBABILITY].impostor[0] == pytest.approx(expected, abs=1e-3)


def test_photos_that_cancel_out_have_scores_too() -> None:
    photo = np.eye(1, 4, dtype=np.float32)[0]
    # Without the first photo, the other two have no direction in common.
    type_ = encodings_of(np.stack([photo, np.roll(photo, 1), -np.roll(photo, 1)]), "a")
    other = encodings_of(np.stack([np.roll(photo, 2)] * 2), "b")
    scores = score([type_, other], ["a"])["a"]
    assert np.all(np.isfinite(scores[Rule.PROBABILITY].genuine))


def test_probability_accepts_more_of_varied_types_at_the_same_rate(
    scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]],
) -> None:
    _, scores = scored
    tar = {rule: np.mean([calibrate(each[rule], 0.01).tar for each in scores.values()]) for rule in Rule}
    assert tar[Rule.PROBABILITY] > tar[Rule.SIMILARITY]
    assert choose_rule(scores.values(), 0.01) is Rule.PROBABILITY


def test_the_rule_is_the_one_that_accepts_more_of_the_types_own_photos() -> None:
    good, bad = (Scores(np.full(20, value), np.linspace(0, 0.5, 200)) for value in (0.9, 0.1))
    assert choose_rule([{Rule.SIMILARITY: good, Rule.PROBABILITY: bad}], 0.01) is Rule.SIMILARITY
    assert choose_rule([{Rule.SIMILARITY: bad, Rule.PROBABILITY: good}], 0.01) is Rule.PROBABILITY


def test_of_rules_that_accept_as_many_probability_is_the_one() -> None:
    same = Scores(np.full(20, 0.9), np.linspace(0, 0.5, 200))
    assert choose_rule([dict.fromkeys(Rule, same)], 0.01) is Rule.PROBABILITY


def test_two_types_are_enough_to_compare_both_rules() -> None:
    types = named(photos(12, seed=1)[:4:2])
    scores = score(types, ["t00", "t01"])
    for each in scores.values():
        assert [len(each[Rule.PROBABILITY].genuine), len(each[Rule.PROBABILITY].impostor)] == [12, 12]
        assert each[Rule.PROBABILITY].genuine.mean() > 0.5 > each[Rule.PROBABILITY].impostor.mean()


def test_probabilities_are_from_0_to_1(scored: tuple[list[Encodings], dict[str, dict[Rule, Scores]]]) -> None:
    for each in scored[1].values():
        both = np.concatenate([each[Rule.PROBABILITY].genuine, each[Rule.PROBABILITY].impostor])
        assert 0 <= both.min() <= both.max() <= 1


def test_appended_photos_ask_nothing() -> None:
    uploaded, appended = photos(6, seed=1)[0], photos(6, seed=99)[0]
    both = encodings_of(uploaded, "t00").append(
        EncodedImage(Row(f"appended-{index}.jpg", "etag", Origin.RECOGNIZED, ""), row)
        for index, row in enumerate(appended)
    )
    other = encodings_of(photos(6, seed=1)[1], "t01")
    scores = score([both, other], ["t00"])["t00"]
    assert len(scores[Rule.SIMILARITY].genuine) == len(uploaded)
    assert len(scores[Rule.SIMILARITY].impostor) == len(other.rows)


def test_a_type_of_one_photo_has_none_to_ask_it() -> None:
    one, other = encodings_of(photos(1, seed=1)[0], "a"), encodings_of(photos(6, seed=1)[1], "b")
    scores = score([one, other], ["a"])["a"]
    assert len(scores[Rule.PROBABILITY].genuine) == 0
    assert len(scores[Rule.SIMILARITY].genuine) == 0
    assert len(scores[Rule.PROBABILITY].impostor) == 6


def test_two_photos_of_a_type_ask_each_other() -> None:
    two, other = encodings_of(photos(2, seed=1)[0], "a"), encodings_of(photos(6, seed=1)[1], "b")
    scores = score([two, other], ["a"])["a"]
    between = float(two.matrix[0] @ two.matrix[1])
    assert scores[Rule.SIMILARITY].genuine == pytest.approx([between, between], abs=1e-5)
