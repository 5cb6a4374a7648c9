"""A simulated month of use: the same each time, and as each kind of correction has it."""

import numpy as np
import pytest

from lookalike.matching.settings import Rule, Vouch
from lookalike_tools.evaluation.corrections.month import (
    Correction,
    Split,
    evaluate_corrections,
    plan,
    simulate,
    split,
)
from support.encodings.catalogues import catalogue

TYPES = list(catalogue(seed=4, types=5, photos=9, spread=1.2).values())
THRESHOLD = 0.35


def month(correction: Correction, vouch: Vouch = "all") -> list[dict[str, float]]:
    random = np.random.default_rng(1)
    parts = split(TYPES, 3, random)
    found = simulate(parts, plan(parts, random), Rule.SIMILARITY, THRESHOLD, vouch, correction)
    return [moment.figures() for moment in found]


def test_each_photo_is_a_reference_or_of_the_month_or_never_seen() -> None:
    parts = split(TYPES, 3, np.random.default_rng(0))
    assert [len(matrix) for matrix in parts.references] == [3, 3, 3]
    assert [len(matrix) for matrix in parts.month] == [3, 3, 3, 4, 4]
    drawn = np.concatenate([*parts.references, *parts.month, *parts.unseen])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, np.concatenate(TYPES)))


def test_the_photos_of_a_known_type_are_of_the_same_type_as_its_references() -> None:
    parts = split(TYPES, 3, np.random.default_rng(0))
    owner = {tuple(row): number for number, matrix in enumerate(TYPES) for row in matrix}
    for own in zip(parts.references, parts.month, parts.unseen, strict=False):
        assert len({owner[tuple(row)] for row in np.concatenate(own)}) == 1


def test_each_photo_of_the_month_is_asked_against_each_known_type_once() -> None:
    parts = Split(TYPES[:3], TYPES, [matrix[:0] for matrix in TYPES])
    asks = plan(parts, np.random.default_rng(0))
    questions = {(ask.own, ask.photo, ask.asked) for ask in asks}
    assert len(questions) == len(asks) == 5 * 9 * 3
    assert 0 < sum(ask.noticed for ask in asks) < len(asks) / 4


def test_all_months_begin_alike() -> None:
    first, *others = [month(correction)[0] for correction in Correction]
    assert others == [first, first]
    assert (first["matches"], first["wrong"], first["counterexamples"]) == (0, 0, 0)


def test_only_what_is_told_to_be_none_becomes_a_counterexample() -> None:
    assert month(Correction.NONE)[-1]["counterexamples"] == 0
    assert month(Correction.REMOVAL)[-1]["counterexamples"] == 0
    assert month(Correction.COUNTEREXAMPLES)[-1]["counterexamples"] > 0


def test_removal_leaves_fewer_wrong_matches_in_the_types() -> None:
    assert month(Correction.REMOVAL)[-1]["wrong"] < month(Correction.NONE)[-1]["wrong"]


def test_where_uploaded_photos_vouch_fewer_wrong_matches_join() -> None:
    assert month(Correction.NONE, "uploaded")[-1]["wrong"] < month(Correction.NONE)[-1]["wrong"]


def test_where_nothing_is_asked_nothing_changes() -> None:
    parts = Split(TYPES, [matrix[:0] for matrix in TYPES], TYPES)
    (first, *later) = simulate(parts, [], Rule.SIMILARITY, THRESHOLD, "all", Correction.NONE)
    assert not later
    assert first.matches == 0


def test_the_same_photos_give_the_same_figures() -> None:
    found = [evaluate_corrections(TYPES, {Rule.SIMILARITY: THRESHOLD}, 3, 2) for _ in range(2)]
    assert found[0] == found[1]
    assert [(each["rule"], each["vouch"], each["correction"]) for each in found[0]] == [
        ("similarity", vouch, correction) for vouch in ("all", "uploaded") for correction in Correction
    ]
    assert all(len(each["month"]) == 5 for each in found[0])


@pytest.mark.parametrize("rule", Rule)
def test_rates_are_rates(rule: Rule) -> None:
    for each in evaluate_corrections(TYPES, {rule: 0.5}, 3, 1):
        for moment in each["month"]:
            for name in ("false_accepts", "eer", "false_at_threshold", "true_at_threshold"):
                assert 0 <= moment[name] <= 1
