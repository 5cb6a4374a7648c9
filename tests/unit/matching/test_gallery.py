"""The gallery holds a prototype of each type, and what was learnt from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.matching.learning.fit import Prototype
from lookalike.vision.boxes import Box
from support.encodings.catalogues import MODEL, catalogue, gallery_of, prototypes_of, unit


def test_a_small_change_of_a_prototype_is_not_worth_writing() -> None:
    types = catalogue(seed=8, types=3, photos=40)
    full = gallery_of(types)
    grown = np.vstack([types["type-00"], types["type-00"][:1]])
    assert full.replace({"type-00": Prototype.of(grown)}) is full
    assert full.replace({"gone": None}) is full
    assert full.replace({"type-00": None}).type_ids == ("type-01", "type-02")
    assert "new" in full.replace({"new": Prototype.of(grown)}).type_ids


def test_a_prototype_is_the_mean_of_its_encodings() -> None:
    rows = catalogue(seed=1, types=1, photos=7)["type-00"]
    mean, count = Prototype.of(rows)
    assert mean == pytest.approx(rows.mean(axis=0))
    assert count == 7


def test_types_come_change_and_go() -> None:
    known = prototypes_of(catalogue(seed=2, types=3, photos=3))
    first, second, third = known.values()
    full = gallery_of(catalogue(seed=2, types=3, photos=3)).replace(dict.fromkeys(known))
    assert full.type_ids == ()
    assert full.means.shape == (0, 48)
    full = full.replace({"b": first, "a": second})
    assert full.type_ids == ("a", "b")
    full = full.replace({"a": third, "b": None, "gone": None})
    assert full.type_ids == ("a",)
    assert full.means[0] == pytest.approx(third.mean)
    assert full.model_id == MODEL


def test_types_that_do_not_change_keep_their_prototypes() -> None:
    full = gallery_of(catalogue(seed=3, types=3, photos=3))
    changed = full.replace({"new": Prototype(unit(np.ones(48)), 4)})
    assert changed.type_ids == ("new", *full.type_ids)
    assert np.array_equal(changed.means[1:], full.means)
    assert [*changed.rows] == [4, *full.rows]


@pytest.mark.parametrize(
    ("count", "outgrown"), [(20, False), (22, False), (23, True), (18, False), (17, True)]
)
def test_it_outgrows_its_fit_when_a_tenth_of_the_types_has_come_or_gone(count: int, outgrown: bool) -> None:
    types = catalogue(seed=4, types=23, photos=1)
    names = list(types)
    full = gallery_of({name: types[name] for name in names[:20]})
    prototypes = prototypes_of(types)
    now = full.replace({name: prototypes[name] if i < count else None for i, name in enumerate(names)})
    assert now.has_outgrown_its_fit is outgrown


def test_it_outgrows_its_fit_when_as_many_types_come_as_go() -> None:
    types = catalogue(seed=7, types=23, photos=1)
    names, prototypes = list(types), prototypes_of(types)
    full = gallery_of({name: types[name] for name in names[:20]})
    renewed = full.replace(dict.fromkeys(names[:2]) | {name: prototypes[name] for name in names[20:22]})
    assert not renewed.has_outgrown_its_fit
    assert renewed.replace({names[2]: None, names[22]: prototypes[names[22]]}).has_outgrown_its_fit


def test_it_outgrows_its_fit_when_types_have_many_more_photos() -> None:
    full = gallery_of(catalogue(seed=5, types=5, photos=10))
    assert not full.has_outgrown_its_fit
    assert not full.replace({"type-00": Prototype(full.means[0], 35)}).has_outgrown_its_fit
    grown = Prototype(full.means[0], 36)
    assert full.replace({"type-00": grown}).has_outgrown_its_fit


def test_ranking_names_no_more_types_than_wanted_the_most_probable_first() -> None:
    types = catalogue(seed=6, types=8, photos=4)
    full = gallery_of(types)
    ranking = full.rank(types["type-05"][0], 3)
    assert ranking.types[0][0] == "type-05"
    probabilities = [probability for _, probability in ranking.types]
    assert len(probabilities) == 3
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(full.rank(types["type-05"][0], 50).types) == 8


@given(odds=st.floats(0.01, 100))
def test_odds_of_all_types_against_none_move_what_a_photo_may_show(odds: float) -> None:
    types = catalogue(seed=9, types=4, photos=3, spread=1.5)
    known, query = gallery_of(types), types["type-01"][0]
    middle = [Box(0, 0, 1, 1)]
    of_one_view = [known.rank_views(query[np.newaxis], middle, 4, each) for each in (1.0, odds)]
    for even, shifted in (of_one_view, [known.rank(query, 4, each) for each in (1.0, odds)]):
        assert (1 - shifted.none) / shifted.none == pytest.approx(
            odds * (1 - even.none) / even.none, rel=1e-6
        )
        assert [type_id for type_id, _ in shifted.types] == [type_id for type_id, _ in even.types]
        assert sum(probability for _, probability in shifted.types) + shifted.none == pytest.approx(1)


def test_types_that_are_as_probable_rank_by_name() -> None:
    kinds = list(catalogue(seed=9, types=2, photos=3).values())
    full = gallery_of({f"type-{number:03}": kinds[number % 2] for number in range(200)})
    query = kinds[0][:1]
    for ranking in (full.rank(query[0], 200), full.rank_views(query, [Box(0, 0, 1, 1)], 200)):
        ranked = [type_id for type_id, _ in ranking.types]
        assert ranked == [*full.type_ids[::2], *full.type_ids[1::2]]
