"""An evaluation draws references, and scores every other photo as a stack would."""

import numpy as np
import pytest

from lookalike.matching.decision import decide
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule
from lookalike_tools.evaluation.scores import as_probabilities, learn_gallery
from lookalike_tools.evaluation.trials import Draw, draw, trials_of
from support.encodings.synthetic_encodings import around, centres, encodings_of

TYPES, PHOTOS, REFERENCES = 7, 12, 5
QUERIES = TYPES * (PHOTOS - REFERENCES)

both_rules = pytest.mark.parametrize("rule", list(Rule))


def synthetic_types(count: int = TYPES, photos: int = PHOTOS) -> list[np.ndarray]:
    """Types that are more varied in some cases than in others, half of them siblings of the one before."""
    middles = centres(count, common=0.7, seed=3)
    middles[1::2] = middles[::2][: count // 2] + 0.5 * middles[1::2]
    return [
        around(middle / np.linalg.norm(middle), photos, 0.3 + 0.5 * (seed % 3), seed)
        for seed, middle in enumerate(middles)
    ]


@pytest.fixture
def types() -> list[np.ndarray]:
    return synthetic_types()


@pytest.fixture
def one(types: list[np.ndarray]) -> Draw:
    return draw(types, REFERENCES, np.random.default_rng(0))


def decided(
    query: np.ndarray,
    references: list[np.ndarray],
    gallery: Gallery,
    rule: Rule,
    unknown: int | None = None,
) -> list[float]:
    """What a stack of these types scores the query against each; it may have lost one since it learnt."""
    left = gallery if unknown is None else gallery.replace({gallery.type_ids[unknown]: None})
    policy = Policy(rule, 0, gallery=left)
    return [
        decide(query, encodings_of(matrix, name), policy).score
        for name, matrix in zip(gallery.type_ids, references, strict=True)
    ]


def test_each_photo_is_a_reference_or_a_query(one: Draw) -> None:
    for number, references in enumerate(one.references):
        assert len(references) == REFERENCES
        queries = one.queries[one.own == number]
        assert sorted([*references, *queries]) == list(range(PHOTOS))


def test_draws_differ_by_their_seed_alone(types: list[np.ndarray], one: Draw) -> None:
    same, another = (draw(types, REFERENCES, np.random.default_rng(seed)) for seed in (0, 1))
    assert np.array_equal(same.queries, one.queries)
    assert not np.array_equal(another.queries, one.queries)


@both_rules
def test_a_draw_scores_each_query_against_the_references_drawn(
    types: list[np.ndarray], one: Draw, rule: Rule
) -> None:
    references = [matrix[drawn] for matrix, drawn in zip(types, one.references, strict=True)]
    gallery = learn_gallery(references)
    for own, photo, scores in zip(one.own, one.queries, one.scores[rule], strict=True):
        expected = decided(types[own][photo], references, gallery, rule)
        assert as_probabilities(scores, rule) == pytest.approx(expected, abs=1e-3)


@both_rules
def test_a_draw_scores_each_query_as_if_its_type_were_not_known(
    types: list[np.ndarray], one: Draw, rule: Rule
) -> None:
    references = [matrix[drawn] for matrix, drawn in zip(types, one.references, strict=True)]
    gallery = learn_gallery(references)
    for own, photo, scores in zip(one.own, one.queries, one.unknown[rule], strict=True):
        expected = np.delete(decided(types[own][photo], references, gallery, rule, unknown=own), own)
        found = np.delete(as_probabilities(scores, rule), own)
        assert found == pytest.approx(expected, abs=1e-3)


@both_rules
def test_the_type_identified_is_the_one_of_the_highest_score(one: Draw, rule: Rule) -> None:
    assert np.array_equal(one.first[rule], one.scores[rule].argmax(axis=1))


def test_none_of_them_is_the_answer_where_a_stack_ranks_it_first(types: list[np.ndarray], one: Draw) -> None:
    gallery = learn_gallery([matrix[drawn] for matrix, drawn in zip(types, one.references, strict=True)])
    for own, photo, none, none_if_unknown in zip(
        one.own, one.queries, one.none, one.none_if_unknown, strict=True
    ):
        query = types[own][photo]
        ranking = gallery.rank(query, 1)
        assert none == (ranking.none > ranking.types[0][1])
        assert none_if_unknown >= none


def test_photos_of_no_known_type_are_told_by_none_of_them(one: Draw) -> None:
    assert one.none_if_unknown.mean() > 0.5 > one.none.mean()


def test_siblings_are_each_others_or_one_of_them_the_others_nearest_type() -> None:
    # On a circle: b is nearest to a and c, a to b; d is far off, and nearest to c.
    angles = np.radians([0, 10, 25, 90])
    on_circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    drawn = draw([np.repeat(each[np.newaxis], 3, axis=0) for each in on_circle], 2, np.random.default_rng(0))
    pairs = {"".join(sorted("abcd"[number] for number in pair)) for pair in np.argwhere(drawn.siblings)}
    assert pairs == {"ab", "bc", "cd"}
    assert np.array_equal(drawn.siblings, drawn.siblings.T)


def test_siblings_are_near_by_direction_however_varied_they_are() -> None:
    def photos(*degrees: float) -> np.ndarray:
        return np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1).astype(np.float32)

    # b lies between a and d. Its photos are so varied that their mean is short: c's is closer to being a's.
    types = [photos(*[20] * 3), photos(60, -60, 60), photos(*[45] * 3), photos(*[-10] * 3)]
    drawn = draw(types, 2, np.random.default_rng(0))
    assert sorted(drawn.references[1]) in ([0, 1], [1, 2])
    pairs = {"".join(sorted("abcd"[number] for number in pair)) for pair in np.argwhere(drawn.siblings)}
    assert pairs == {"ab", "bd", "ac"}


@pytest.mark.parametrize("rule", list(Rule))
def test_what_scores_say_is_from_0_to_1(rule: Rule) -> None:
    said = as_probabilities(np.array([-800, -0.5, 0, 0.5, 800]), rule)
    assert (said[0], said[-1]) == (0, 1)
    assert said[1:4].tolist() == pytest.approx(
        [0, 0, 0.5] if rule is Rule.SIMILARITY else [0.3775, 0.5, 0.6225], abs=1e-4
    )


@both_rules
def test_each_query_is_a_trial_against_every_type(one: Draw, rule: Rule) -> None:
    trials = trials_of([one, one], rule)
    assert len(trials.scores) == 2 * QUERIES * TYPES
    assert trials.genuine.sum() == 2 * QUERIES
    assert np.bincount(trials.groups).tolist() == [2 * (PHOTOS - REFERENCES) * TYPES] * TYPES
    own = one.scores[rule][np.arange(QUERIES), one.own]
    assert np.array_equal(trials.scores[trials.genuine], np.concatenate([own, own]))


def test_trials_of_siblings_and_of_others_share_only_the_genuine_ones(one: Draw) -> None:
    everyone, siblings, others = (
        trials_of([one], Rule.PROBABILITY, siblings=which) for which in (None, True, False)
    )
    assert siblings.genuine.sum() == others.genuine.sum() == QUERIES
    assert len(everyone.scores) == len(siblings.scores) + len(others.scores) - QUERIES
    related = one.siblings[one.own] & ~np.eye(TYPES, dtype=bool)[one.own]
    assert np.array_equal(siblings.scores[~siblings.genuine], one.scores[Rule.PROBABILITY][related])


def test_impostors_of_no_known_type_have_no_better_answer(one: Draw) -> None:
    known = trials_of([one], Rule.PROBABILITY)
    unknown = trials_of([one], Rule.PROBABILITY, unknown=True)
    assert np.array_equal(unknown.genuine, known.genuine)
    assert np.array_equal(unknown.scores[known.genuine], known.scores[known.genuine])
    # Nothing else fits these photos as well as their own type does.
    assert np.median(unknown.scores[~known.genuine]) > np.median(known.scores[~known.genuine]) + 1
