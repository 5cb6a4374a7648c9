"""The relative rule asks what the other types would have scored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.matching.decision import DECIMALS, decide
from lookalike.matching.gallery import Gallery, prototype
from lookalike.matching.policy import Policy, StackDefaults, choose_policy
from lookalike.matching.rules import RULES, relative_score
from lookalike.matching.settings import Rule, StoredSettings, TypeSettings
from support.synthetic_encodings import MODEL, around, centres, encodings_of, unit

STACK = StackDefaults(Rule.SIMILARITY, 0.92)
RELATIVE = TypeSettings(rule=Rule.RELATIVE)
RELATIVE_THRESHOLD, MIN_OTHERS = RULES[Rule.RELATIVE].threshold, RULES[Rule.RELATIVE].other_types


def relatively(threshold: float, gallery: Gallery) -> Policy:
    return Policy(Rule.RELATIVE, threshold, gallery=gallery)


def by_similarity(threshold: float) -> Policy:
    return Policy(Rule.SIMILARITY, threshold)


def siblings_and_a_varied_type() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """References and a query a type: two types that look nearly the same, a varied one, and others."""
    own = dict(zip("abcdefghi", centres(9, common=0.5), strict=True))
    own["sibling-of-a"] = unit(own["a"] + 0.3 * own["c"])
    spreads = dict.fromkeys(own, 0.1) | {"b": 0.8}
    drawn = {
        name: around(centre, 7, spreads[name], seed) for seed, (name, centre) in enumerate(own.items(), 100)
    }
    return {name: rows[:6] for name, rows in drawn.items()}, {name: rows[6] for name, rows in drawn.items()}


def test_it_is_right_where_no_threshold_on_similarity_is() -> None:
    references, queries = siblings_and_a_varied_type()
    gallery = Gallery.empty(MODEL, 64).replace({name: prototype(rows) for name, rows in references.items()})
    asked = {
        (query, name): decide(queries[query], encodings_of(rows, name), relatively(0, gallery))
        for query in queries
        for name, rows in references.items()
    }
    # The sibling is more similar to a's photos than the varied type is to its own.
    assert asked["sibling-of-a", "a"].similarity > 0.92 > asked["b", "b"].similarity
    assert [pair for pair, decision in asked.items() if decision.match] == [(name, name) for name in queries]


def test_a_decision_names_its_rule_its_score_and_the_nearest_other_type() -> None:
    references, queries = siblings_and_a_varied_type()
    gallery = Gallery.empty(MODEL, 64).replace({name: prototype(rows) for name, rows in references.items()})
    found = decide(queries["a"], encodings_of(references["a"], "a"), relatively(0.2, gallery))
    assert found.nearest_other
    assert found.nearest_other.type_id == "sibling-of-a"
    assert found.score == pytest.approx(
        1 - (1 - prototype(references["a"]) @ queries["a"]) / (1 - found.nearest_other.similarity), abs=1e-4
    )
    similar = decide(queries["a"], encodings_of(references["a"], "a"), by_similarity(0.2))
    assert similar.score == round(similar.similarity, DECIMALS)
    assert similar.nearest_other is None
    assert (found.similarity, found.nearest) == (similar.similarity, similar.nearest)


cosines = st.integers(-1000, 1000).map(lambda thousandths: thousandths / 1000)


@given(cosines, cosines)
def test_a_score_is_positive_only_for_the_nearer_type_and_at_most_1(own: float, other: float) -> None:
    score = relative_score(own, other)
    assert np.isfinite(score)
    assert score <= 1
    if max(own, other) < 1:
        assert (score > 0) == (own > other)


def many_types(count: int) -> Gallery:
    return Gallery.empty(MODEL, 64).replace({f"t{i}": row for i, row in enumerate(centres(count))})


@pytest.mark.parametrize(
    ("requested", "own", "stack", "rule", "threshold", "source"),
    [
        (None, TypeSettings(), STACK, "similarity", 0.92, "stack"),
        (None, TypeSettings(threshold=0.8), STACK, "similarity", 0.8, "type"),
        (0.7, TypeSettings(threshold=0.8), STACK, "similarity", 0.7, "request"),
        (None, RELATIVE, STACK, "relative", RELATIVE_THRESHOLD, "default"),
        (None, TypeSettings(rule=Rule.RELATIVE, threshold=0.1), STACK, "relative", 0.1, "type"),
        (0.3, TypeSettings(rule=Rule.RELATIVE, threshold=0.1), STACK, "relative", 0.3, "request"),
        (None, TypeSettings(), StackDefaults(Rule.RELATIVE, 0.92), "relative", RELATIVE_THRESHOLD, "default"),
        (
            None,
            TypeSettings(rule=Rule.SIMILARITY),
            StackDefaults(Rule.RELATIVE, 0.9),
            "similarity",
            0.9,
            "stack",
        ),
    ],
)
def test_the_requests_threshold_comes_before_the_types_and_the_stacks(
    requested: float | None, own: TypeSettings, stack: StackDefaults, rule: str, threshold: float, source: str
) -> None:
    chosen = choose_policy("t0", requested, StoredSettings(own), stack, lambda: many_types(10))
    assert (chosen.threshold, chosen.threshold_source) == (threshold, source)
    assert (chosen.gallery is not None) == (rule == "relative")
    assert chosen.settings is own


def test_a_threshold_that_was_set_for_similarity_is_not_taken_for_the_relative_rule() -> None:
    stack = StackDefaults(Rule.RELATIVE, 0.92)
    chosen = choose_policy(
        "t0", None, StoredSettings(TypeSettings(threshold=0.95)), stack, lambda: many_types(10)
    )
    assert (chosen.threshold, chosen.threshold_source) == (RELATIVE_THRESHOLD, "default")


@pytest.mark.parametrize("gallery", [None, many_types(1), many_types(MIN_OTHERS)])
def test_with_too_few_other_types_similarity_decides_and_says_why(gallery: Gallery | None) -> None:
    own = TypeSettings(rule=Rule.RELATIVE, threshold=0.05)
    for requested in (None, 0.01):
        chosen = choose_policy("t0", requested, StoredSettings(own), STACK, lambda: gallery)
        assert chosen == Policy(Rule.SIMILARITY, 0.92, settings=own, notice=chosen.notice)
        others = max(len(gallery.type_ids) - 1, 0) if gallery else 0
        assert f"there are {others}" in (chosen.notice or "")


def test_enough_other_types_are_enough() -> None:
    assert choose_policy(
        "t0", None, StoredSettings(RELATIVE), STACK, lambda: many_types(MIN_OTHERS + 1)
    ).gallery
    assert choose_policy("new", None, StoredSettings(RELATIVE), STACK, lambda: many_types(MIN_OTHERS)).gallery


def test_the_gallery_is_not_read_for_similarity() -> None:
    def refuse() -> Gallery:
        pytest.fail("it was read")

    choose_policy("t0", None, StoredSettings(), STACK, refuse)
