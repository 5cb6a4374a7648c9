"""What resembles a counterexample more than any reference is no match, and the counterexample is named."""

from dataclasses import replace

import numpy as np
import pytest

from lookalike.matching.decision import decide, decide_anywhere
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.learning.fit import Prototype
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Look, Rule
from lookalike.vision.boxes import Box
from support.encodings.catalogues import catalogue, gallery_of, unit
from support.encodings.synthetic_encodings import around, encodings_of

TYPES = catalogue(seed=3, types=6, photos=8)
ASKED, SIBLING = "type-00", "type-01"
GALLERY = gallery_of({type_id: rows[:4] for type_id, rows in TYPES.items()})
REFERENCES = encodings_of(TYPES[ASKED][:4], ASKED)
ALIKE = TYPES[ASKED][5]
"""A photo of the type, which a person may yet say is none."""
POLICIES = {
    Rule.SIMILARITY: Policy(Rule.SIMILARITY, 0.65),
    Rule.PROBABILITY: Policy(Rule.PROBABILITY, 0.01, gallery=GALLERY),
}
LEFT, RIGHT = Box(0, 0, 0.4, 0.4), Box(0.6, 0.6, 1, 1)
BOXES = [Box(0, 0, 1, 1), LEFT, RIGHT]


def with_counterexamples(encodings: Encodings, *vectors: np.ndarray) -> Encodings:
    return encodings.append(
        EncodedImage(
            Row(f"types/{ASKED}/counterexamples/{index}.jpg", "etag", Origin.COUNTEREXAMPLE, ""), vector
        )
        for index, vector in enumerate(vectors)
    )


@pytest.mark.parametrize("rule", Rule)
def test_what_is_nearer_to_a_counterexample_does_not_match(rule: Rule) -> None:
    policy = POLICIES[rule]
    assert decide(ALIKE, REFERENCES, policy).match
    decision = decide(ALIKE, with_counterexamples(REFERENCES, ALIKE), policy)
    assert not decision.match
    assert decision.counterexample
    assert decision.counterexample.image == f"types/{ASKED}/counterexamples/0.jpg"
    assert decision.counterexample.similarity == pytest.approx(1)


@pytest.mark.parametrize("rule", Rule)
def test_what_is_nearer_to_a_reference_matches_still(rule: Rule) -> None:
    reference = TYPES[ASKED][0]
    decision = decide(reference, with_counterexamples(REFERENCES, TYPES[SIBLING][0]), POLICIES[rule])
    assert decision.match
    assert decision.counterexample is None


def test_by_probability_how_photos_of_one_type_differ_anyway_counts_less() -> None:
    """In the catalogue they differ the most in the first dimensions."""
    query = TYPES[ASKED][0]
    axes = np.eye(len(query), dtype=np.float32)
    reference, counterexample = unit(query + 0.5 * axes[0]), unit(query + 0.4 * axes[20])
    encodings = with_counterexamples(encodings_of(reference[np.newaxis], ASKED), counterexample)
    by_similarity, by_probability = (decide(query, encodings, POLICIES[rule]) for rule in Rule)
    assert by_similarity.counterexample
    assert by_similarity.counterexample.similarity > by_similarity.similarity
    assert by_probability.counterexample is None


def test_what_is_as_near_to_both_matches() -> None:
    reference = TYPES[ASKED][0]
    decision = decide(reference, with_counterexamples(REFERENCES, reference), POLICIES[Rule.SIMILARITY])
    assert decision.match
    assert decision.counterexample is None


def test_a_counterexample_is_never_among_the_nearest_references() -> None:
    encodings = with_counterexamples(REFERENCES, ALIKE)
    for policy in POLICIES.values():
        decision = decide(ALIKE, encodings, policy)
        assert {each.image for each in decision.nearest} == {row.image for row in REFERENCES.rows}
        assert decision.similarity == decide(ALIKE, REFERENCES, policy).similarity


def test_by_similarity_counterexamples_leave_the_score_as_it_is() -> None:
    policy = POLICIES[Rule.SIMILARITY]
    assert decide(ALIKE, with_counterexamples(REFERENCES, ALIKE), policy).score == (
        decide(ALIKE, REFERENCES, policy).score
    )


def test_by_probability_a_counterexample_helps_against_its_like() -> None:
    """Photos of something that no type of the gallery shows: one of them tells of the others."""
    stranger = around((TYPES[ASKED][0] + TYPES[ASKED][1]) / 2, 6, 0.9, seed=8)
    policy = POLICIES[Rule.PROBABILITY]
    for query in stranger[1:]:
        before = decide(query, REFERENCES, policy).score
        after = decide(query, with_counterexamples(REFERENCES, stranger[0]), policy).score
        assert after < before


def test_a_types_prototype_is_that_of_its_references() -> None:
    encodings = with_counterexamples(REFERENCES, TYPES[SIBLING][0])
    assert np.array_equal(
        Prototype.of(encodings.references.matrix).mean, Prototype.of(REFERENCES.matrix).mean
    )
    assert len(encodings.references.rows) == len(REFERENCES.rows)
    assert [row.origin for row in encodings.counterexamples.rows] == [Origin.COUNTEREXAMPLE]


@pytest.mark.parametrize("rule", Rule)
def test_beside_a_counterexample_the_object_is_seen(rule: Rule) -> None:
    policy = replace(POLICIES[rule], look=Look.ANYWHERE)
    encodings = with_counterexamples(REFERENCES, ALIKE)
    elsewhere = np.stack([TYPES["type-05"][7], ALIKE, TYPES[ASKED][0]])
    decision = decide_anywhere(elsewhere, BOXES, encodings, policy)
    assert (decision.match, decision.view, decision.counterexample) == (True, 2, None)


@pytest.mark.parametrize("rule", Rule)
def test_a_photo_that_shows_a_counterexample_alone_does_not_match_anywhere(rule: Rule) -> None:
    policy = replace(POLICIES[rule], look=Look.ANYWHERE)
    encodings = with_counterexamples(REFERENCES, ALIKE)
    nothing = TYPES["type-05"][6:]
    decision = decide_anywhere(np.stack([nothing[0], ALIKE, nothing[1]]), BOXES, encodings, policy)
    assert not decision.match


def test_a_view_is_outweighed_by_what_another_view_of_its_place_shows() -> None:
    """A part of the wrong thing looks like the type; the whole of it, around that part, is known."""
    part, whole = TYPES[ASKED][4], TYPES[SIBLING][5]
    encodings = with_counterexamples(REFERENCES, whole)
    decision = decide_anywhere(
        np.stack([whole, part]), [Box(0, 0, 1, 1), LEFT], encodings, POLICIES[Rule.SIMILARITY]
    )
    assert not decision.match
    assert decision.counterexample
    assert decision.counterexample.similarity == pytest.approx(1)


def test_of_the_views_of_a_place_the_most_alike_names_the_counterexample() -> None:
    first, second = TYPES[SIBLING][5], TYPES["type-02"][5]
    nearly = around(second, 1, 0.3, seed=1)[0]
    decision = decide_anywhere(
        np.stack([nearly, first]),
        [Box(0, 0, 1, 1), Box(0, 0, 0.9, 0.9)],
        with_counterexamples(REFERENCES, first, second),
        POLICIES[Rule.SIMILARITY],
    )
    assert decision.counterexample
    assert decision.counterexample.image.endswith("/0.jpg")
    assert decision.counterexample.similarity == pytest.approx(1)


def test_a_counterexample_a_little_less_alike_outweighs_nothing() -> None:
    photo = TYPES[ASKED][0]
    nearly = around(photo, 1, 0.3, seed=1)[0]
    assert decide(photo, with_counterexamples(REFERENCES, nearly), POLICIES[Rule.SIMILARITY]).match


def test_anywhere_too_a_counterexample_helps_against_its_like() -> None:
    stranger = around((TYPES[ASKED][0] + TYPES[ASKED][1]) / 2, 2, 0.9, seed=8)
    policy = POLICIES[Rule.PROBABILITY]
    views, boxes = stranger[1:], [Box(0, 0, 1, 1)]
    before = decide_anywhere(views, boxes, REFERENCES, policy).score
    assert decide_anywhere(views, boxes, with_counterexamples(REFERENCES, stranger[0]), policy).score < before
