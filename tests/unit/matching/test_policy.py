"""What decides: the request's threshold, else the type's, else the stack's, if it is meant for the rule."""

import pytest

from lookalike.matching.decision import decide
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy, StackDefaults, choose_policy
from lookalike.matching.rules import RULES
from lookalike.matching.settings import Rule, StoredSettings, TypeSettings, parse_settings
from support.encodings.catalogues import catalogue, gallery_of
from support.encodings.synthetic_encodings import encodings_of

STACK = StackDefaults(Rule.SIMILARITY, 0.92)
BY_PROBABILITY = TypeSettings(rule=Rule.PROBABILITY)
EVEN = RULES[Rule.PROBABILITY].threshold
TYPES = catalogue(seed=1, types=6, photos=6)
GALLERY = gallery_of({type_id: rows[:5] for type_id, rows in TYPES.items()})


def refuse() -> Gallery:
    pytest.fail("the gallery was read")


@pytest.mark.parametrize(
    ("requested", "own", "stack", "rule", "threshold", "source"),
    [
        (None, TypeSettings(), STACK, "similarity", 0.92, "stack"),
        (None, TypeSettings(threshold=0.8), STACK, "similarity", 0.8, "type"),
        (0.7, TypeSettings(threshold=0.8), STACK, "similarity", 0.7, "request"),
        (0.0, TypeSettings(threshold=0.8), STACK, "similarity", 0.0, "request"),
        (None, BY_PROBABILITY, STACK, "probability", EVEN, "default"),
        (None, TypeSettings(rule=Rule.PROBABILITY, threshold=0.9), STACK, "probability", 0.9, "type"),
        (0.3, TypeSettings(rule=Rule.PROBABILITY, threshold=0.9), STACK, "probability", 0.3, "request"),
        (None, TypeSettings(), StackDefaults(Rule.PROBABILITY, 0.92), "probability", EVEN, "default"),
        (
            None,
            TypeSettings(rule=Rule.SIMILARITY),
            StackDefaults(Rule.PROBABILITY, 0.9),
            "similarity",
            0.9,
            "stack",
        ),
    ],
)
def test_the_requests_threshold_comes_before_the_types_and_the_stacks(
    requested: float | None, own: TypeSettings, stack: StackDefaults, rule: str, threshold: float, source: str
) -> None:
    chosen = choose_policy(requested, StoredSettings(own), stack, lambda: GALLERY)
    assert (chosen.rule, chosen.threshold, chosen.threshold_source) == (rule, threshold, source)
    assert (chosen.gallery is GALLERY) == (rule == "probability")
    assert chosen.settings is own
    assert chosen.notice is None


def test_a_threshold_that_was_set_for_similarity_is_not_taken_for_the_probability() -> None:
    stack = StackDefaults(Rule.PROBABILITY, 0.92)
    chosen = choose_policy(None, StoredSettings(TypeSettings(threshold=0.95)), stack, lambda: GALLERY)
    assert (chosen.threshold, chosen.threshold_source) == (EVEN, "default")
    assert "meant for similarity" in (chosen.notice or "")


def test_until_there_is_a_gallery_similarity_decides_and_says_why() -> None:
    own = TypeSettings(rule=Rule.PROBABILITY, threshold=0.05)
    for requested in (None, 0.01):
        chosen = choose_policy(requested, StoredSettings(own), STACK, lambda: None)
        assert chosen == Policy(Rule.SIMILARITY, 0.92, settings=own, notice=chosen.notice)
        assert "still being learnt" in (chosen.notice or "")


def test_until_there_is_a_gallery_what_is_stricter_than_the_stack_still_counts() -> None:
    stack, meant_for_similarity = StackDefaults(Rule.PROBABILITY, 0.92), TypeSettings(threshold=0.97)
    own = choose_policy(None, StoredSettings(meant_for_similarity), stack, lambda: None)
    assert (own.rule, own.threshold, own.threshold_source) == (Rule.SIMILARITY, 0.97, "type")
    asked = choose_policy(0.99, StoredSettings(meant_for_similarity), stack, lambda: None)
    assert (asked.threshold, asked.threshold_source) == (0.99, "request")


def test_the_gallery_is_not_read_for_similarity() -> None:
    assert choose_policy(None, StoredSettings(), STACK, refuse).gallery is None


def test_settings_that_can_not_be_read_append_nothing_and_say_so() -> None:
    chosen = choose_policy(None, parse_settings(b"no JSON"), STACK, refuse)
    assert (chosen.rule, chosen.threshold, chosen.appends) == (Rule.SIMILARITY, 0.92, False)
    assert "nothing is appended" in (chosen.notice or "")


def test_a_decision_by_probability_names_the_other_type_and_keeps_the_similarity() -> None:
    encodings, photo = encodings_of(TYPES["type-00"][:5], "type-00"), TYPES["type-00"][5]
    by_probability = decide(photo, encodings, Policy(Rule.PROBABILITY, 0.5, gallery=GALLERY))
    by_similarity = decide(photo, encodings, Policy(Rule.SIMILARITY, 0.5))
    assert by_probability.match
    assert by_probability.nearest_other
    assert by_probability.nearest_other.type_id != "type-00"
    assert by_similarity.nearest_other is None
    assert by_similarity.similarity == by_probability.similarity
    assert by_similarity.score == round(by_similarity.similarity, 6)
    assert by_similarity.nearest == by_probability.nearest


def test_a_probability_must_exceed_the_threshold() -> None:
    encodings, photo = encodings_of(TYPES["type-00"][:5], "type-00"), TYPES["type-00"][5]
    score = decide(photo, encodings, Policy(Rule.PROBABILITY, 0, gallery=GALLERY)).score
    for threshold, match in ((score - 1e-6, True), (score, False), (score + 1e-6, False)):
        policy = Policy(Rule.PROBABILITY, threshold, gallery=GALLERY)
        assert decide(photo, encodings, policy).match is match


def test_the_stacks_odds_count() -> None:
    encodings, photo = encodings_of(TYPES["type-00"][:5], "type-00"), TYPES["type-01"][5]
    stack = StackDefaults(Rule.PROBABILITY, 0.92, odds=0.01)
    policy = choose_policy(None, StoredSettings(), stack, lambda: GALLERY)
    even = decide(photo, encodings, Policy(Rule.PROBABILITY, 0.5, gallery=GALLERY)).score
    assert decide(photo, encodings, policy).score < even


def test_without_a_gallery_there_is_no_probability() -> None:
    with pytest.raises(ValueError, match="give the gallery"):
        decide(TYPES["type-00"][5], encodings_of(TYPES["type-00"]), Policy(Rule.PROBABILITY, 0.5))


@pytest.mark.parametrize(
    ("requested", "own", "match", "joins"),
    [
        (0.0, TypeSettings(), True, False),
        (0.0, TypeSettings(threshold=0.5), True, True),
        (0.6, TypeSettings(threshold=0.8), True, False),
        (0.75, TypeSettings(threshold=0.5), False, False),
        (None, TypeSettings(threshold=0.7), False, False),
        (None, TypeSettings(threshold=0.5), True, True),
    ],
)
def test_a_request_can_make_what_joins_stricter_and_never_looser(
    requested: float | None, own: TypeSettings, match: bool, joins: bool
) -> None:
    score = 0.7
    chosen = choose_policy(requested, StoredSettings(own), STACK, refuse)
    assert (score > chosen.threshold) is match
    assert chosen.admits(score) is joins


def test_what_joins_exceeds_the_threshold_where_nothing_else_is_asked() -> None:
    policy = Policy(Rule.SIMILARITY, 0.5)
    assert [policy.admits(score) for score in (0.5, 0.51)] == [False, True]


def test_by_probability_what_joins_exceeds_what_is_meant_for_probability() -> None:
    stack = StackDefaults(Rule.PROBABILITY, 0.92)
    chosen = choose_policy(0.3, StoredSettings(), stack, lambda: GALLERY)
    assert [chosen.admits(score) for score in (0.4, 0.6)] == [False, True]


def test_until_there_is_a_gallery_settings_that_can_not_be_read_append_nothing() -> None:
    stack = StackDefaults(Rule.PROBABILITY, 0.92)
    chosen = choose_policy(None, parse_settings(b"no JSON"), stack, lambda: None)
    assert not chosen.appends
    unreadable, early = (chosen.notice or "").split("; ", 1)
    assert unreadable.startswith("settings.json") and early.startswith("similarity decided")


def test_a_request_no_stricter_than_the_stack_changes_nothing_until_there_is_a_gallery() -> None:
    stack = StackDefaults(Rule.PROBABILITY, 0.92)
    assert choose_policy(0.92, StoredSettings(), stack, lambda: None).threshold_source == "stack"


def test_each_notice_is_told() -> None:
    stack, stored = StackDefaults(Rule.PROBABILITY, 0.92), parse_settings(b'{"threshold": 0.95, "angle": 7}')
    unknown, unmeant = (choose_policy(None, stored, stack, lambda: GALLERY).notice or "").split("; ")
    assert unknown.endswith("angle") and unmeant.startswith("the type's threshold")
