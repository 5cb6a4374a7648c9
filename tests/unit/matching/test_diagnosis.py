"""What a type's photos resemble, which of them do harm or add nothing, and what more would bring."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lookalike.matching import neighbours
from lookalike.matching.diagnosis import diagnose
from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.fit import Prototype, fit
from lookalike.matching.neighbours import (
    SAME,
    Others,
    confusable,
    find_alone,
    find_duplicates,
    learning_curve,
    looks_like,
    nearer_elsewhere,
    nearest_in_type,
)
from support.encodings.synthetic_encodings import around, centres, encodings_of, unit


def encodings(*vectors: tuple[float, ...], origins: str = "") -> Encodings:
    """Of a type `nut`; `origins` has a letter a row: `u` uploaded, `r` recognised, `c` counterexample."""
    matrix = np.array(vectors, np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    marks = origins.ljust(len(vectors), "u")
    origin = {"u": Origin.UPLOADED, "r": Origin.RECOGNIZED, "c": Origin.COUNTEREXAMPLE}
    rows = [Row(f"{i}", "e", origin[mark], "") for i, mark in enumerate(marks)]
    return Encodings("model", "nut", matrix, tuple(rows))


def others(**means: tuple[float, ...]) -> Others:
    return Others.of(list(means), np.array(list(means.values()), np.float32))


def gallery_of(**types: Encodings) -> Gallery:
    matrices = {name: each.matrix for name, each in types.items()}
    prototypes = {name: Prototype.of(matrix) for name, matrix in matrices.items()}
    return Gallery.of("model", prototypes, fit(matrices, prototypes, "2026-01-01T00:00:00+00:00"))


photos = st.builds(
    lambda count, spread, seed: around(centres(1, 8)[0], count, spread, seed),
    st.integers(0, 30),
    st.floats(0.01, 1),
    st.integers(0, 1000),
)


def test_the_nearest_other_is_never_the_photo_itself() -> None:
    found = nearest_in_type(encodings((1, 0), (1, 0), (0, 1)))
    assert found.tolist() == pytest.approx([1, 1, 0])


def test_a_photo_alone_has_no_nearest_other() -> None:
    assert nearest_in_type(encodings((1, 0))).tolist() == [-1]


def test_many_photos_are_compared_in_parts_alike() -> None:
    vectors = np.random.default_rng(0).normal(size=(1100, 3))
    many = encodings(*map(tuple, vectors))
    among = many.matrix @ many.matrix.T
    np.fill_diagonal(among, -1)
    assert nearest_in_type(many) == pytest.approx(among.max(axis=1))


def test_a_counterexample_is_no_photos_nearest_other() -> None:
    own = encodings((1, 0), (0, 1), (1, 0.1), origins="uuc")
    assert nearest_in_type(own).tolist() == pytest.approx([0, 0, own.matrix[0] @ own.matrix[2]])


@given(photos.filter(lambda matrix: len(matrix) > 3))
def test_what_is_found_is_the_same_however_many_are_compared_at_once(matrix: NDArray[np.float32]) -> None:
    own, rest = encodings(*map(tuple, matrix)), Others.of(["bolt"], -matrix[:1])
    found = find_duplicates(own), nearer_elsewhere(own, rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "CHUNK", 3)
        again = find_duplicates(own), nearer_elsewhere(own, rest)
    assert again[0].keys() == found[0].keys()
    assert again[1] == found[1]


def test_how_long_other_types_means_are_does_not_count() -> None:
    assert others(bolt=(0.3, 0.4)).directions == pytest.approx(np.array([[0.6, 0.8]]))


def test_of_two_photos_each_is_held_against_the_other() -> None:
    assert nearer_elsewhere(encodings((1, 0), (0, 1)), others(bolt=(1, 0.1))) == {0: "bolt", 1: "bolt"}


def test_what_resembles_another_type_just_as_much_does_not_resemble_it_more() -> None:
    assert nearer_elsewhere(encodings((1, 0), (1, 0)), others(bolt=(1, 0))) == {}


def test_a_photo_nearer_to_another_type_is_found() -> None:
    stray = encodings((1, 0), (1, 0.1), (0.1, 1))
    assert nearer_elsewhere(stray, others(nut=(1, 0.2), bolt=(0, 3))) == {2: "bolt"}


def test_the_own_type_among_the_others_does_not_count() -> None:
    assert nearer_elsewhere(encodings((1, 0), (0.9, 0.1)), others(nut=(1, 0))) == {}


def test_a_photo_alone_resembles_nothing_more() -> None:
    assert nearer_elsewhere(encodings((0, 1)), others(bolt=(0, 1))) == {}


def test_many_uploaded_photos_nearer_to_one_type_make_it_look_like_it() -> None:
    own = encodings((1, 0), (1, 0), (1, 0), (1, 0), origins="uuur")
    assert looks_like(own, {0: "bolt"}) == "bolt"
    assert looks_like(own, {3: "bolt"}) is None
    assert looks_like(own, {}) is None


@pytest.mark.parametrize(("uploaded", "share"), [(4, 0.25), (5, None)])
def test_a_quarter_of_the_uploaded_photos_is_many(uploaded: int, share: float | None) -> None:
    own = encodings(*[(1.0, 0.0)] * uploaded)
    assert confusable(own.rows, {0: "bolt"}) == ([("bolt", share)] if share else [])


@given(photos.filter(len), st.text("ur", max_size=30))
def test_each_duplicate_is_the_same_as_a_photo_that_stays_and_those_are_not_the_same(
    matrix: NDArray[np.float32], origins: str
) -> None:
    own = encodings(*map(tuple, matrix), origins=origins[: len(matrix)])
    found = find_duplicates(own)
    kept = [row for row in range(len(matrix)) if row not in found]
    for row, (same_as, similarity) in found.items():
        assert same_as in kept
        assert similarity == pytest.approx(float(own.matrix[row] @ own.matrix[same_as]), abs=1e-5)
    assert all(own.matrix[one] @ own.matrix[other] < SAME + 1e-5 for one, other in combinations(kept, 2))


def test_of_two_photos_that_are_the_same_the_uploaded_one_stays() -> None:
    found = find_duplicates(encodings((1, 0), (1, 0.01), (0, 1), origins="ruu"))
    assert {row: same_as for row, (same_as, _) in found.items()} == {0: 1}


def test_a_photo_far_from_all_others_of_its_type_is_alone() -> None:
    near = [(1, 0.1 * turn, 0) for turn in range(5)]
    ((row, similarity),) = find_alone(encodings(*near, (0, 0, 1)))
    assert row == 5
    assert similarity == pytest.approx(0)
    assert find_alone(encodings(*near)) == []


def test_among_few_photos_none_is_alone() -> None:
    assert find_alone(encodings((1, 0), (1, 0), (1, 0), (0, 1))) == []
    assert [row for row, _ in find_alone(encodings((1, 0), (1, 0), (1, 0), (1, 0), (0, 1)))] == [4]


@pytest.mark.parametrize(
    ("alone", "others", "found"),
    [
        (0.13, (0.6, 0.9, 0.9, 0.99), True),
        (0.145, (0.6, 0.9, 0.9, 0.99), True),
        (0.18, (0.6, 0.9, 0.9, 0.99), False),
        (0.86, (0.9, 0.9, 0.9, 0.9), False),
        (0.84, (0.9, 0.9, 0.9, 0.9), True),
    ],
)
def test_how_far_below_the_others_a_photo_is_alone(
    alone: float, others: tuple[float, ...], found: bool
) -> None:
    """Below the lower quartile by 1.5 times the distance of the quartiles, and by 0.05 at least."""
    axes = np.eye(9)
    pairs = [
        (axes[2 * pair], alike * axes[2 * pair] + np.sqrt(1 - alike**2) * axes[2 * pair + 1])
        for pair, alike in enumerate(others)
    ]
    photo = alone * axes[6] + np.sqrt(1 - alone**2) * axes[8]
    rows = [tuple(row) for pair in pairs for row in pair]
    told = find_alone(encodings(*rows, tuple(photo)))
    assert [row for row, _ in told] == ([8] if found else [])
    assert [similarity for _, similarity in told] == pytest.approx([alone] if found else [])


@given(photos)
def test_the_learning_curve_grows_by_less_with_each_reference(matrix: NDArray[np.float32]) -> None:
    curve = learning_curve(matrix)
    assert len(curve) == max(len(matrix) - 1, 0)
    steps = np.diff(curve)
    assert (steps >= -1e-6).all()
    assert (np.diff(steps) <= 1e-6).all()


@given(photos.filter(lambda matrix: 2 <= len(matrix) <= 6))
def test_the_learning_curve_is_the_mean_over_all_draws(matrix: NDArray[np.float32]) -> None:
    def nearest(count: int) -> float:
        among = matrix @ matrix.T
        numbers = range(len(matrix))
        return float(
            np.mean(
                [
                    among[query, list(drawn)].max()
                    for query in numbers
                    for drawn in combinations([other for other in numbers if other != query], count)
                ]
            )
        )

    expected = [nearest(count) for count in range(1, len(matrix))]
    assert learning_curve(matrix) == pytest.approx(expected, abs=1e-5)


def test_of_very_many_photos_a_sample_tells_the_learning_curve() -> None:
    assert 100 <= len(learning_curve(around(centres(1)[0], 1001, 0.3, 0))) <= 200


def test_a_type_whose_photos_are_of_another_can_not_be_told_apart() -> None:
    nut, bolt = centres(2)
    mixed = np.vstack([around(nut, 7, 0.2, 0), around(bolt, 3, 0.2, 1)])
    own, other = encodings_of(mixed, "nut"), encodings_of(around(bolt, 9, 0.2, 2), "bolt")
    found = diagnose(own, gallery_of(nut=own, bolt=other))
    assert [stray.image for stray in found.strays] == [f"types/nut/images/{i}.jpg" for i in (7, 8, 9)]
    assert [(each.type_id, each.share) for each in found.confusable] == [("bolt", 0.3)]


def test_photos_that_vary_call_for_more_and_photos_that_are_alike_do_not() -> None:
    centre = centres(1)[0]
    assert diagnose(encodings_of(around(centre, 4, 1, 0)), None).too_few
    alike = diagnose(encodings_of(around(centre, 9, 0.05, 0)), None)
    assert not alike.too_few
    assert len(alike.duplicates) == 8


def test_of_very_many_references_a_part_is_looked_at() -> None:
    found = diagnose(encodings_of(around(centres(1, 8)[0], 3001, 1, 0)), None)
    assert found.references == 3001
    assert 1500 <= found.compared <= 3000


def test_counterexamples_are_no_references() -> None:
    own = encodings((1, 0), (1, 0.5), (0, 1), (0, 1), origins="uucc")
    found = diagnose(own, None)
    assert (found.references, found.duplicates) == (2, [])
    assert (found.one_more, found.too_few) == (None, True)


def test_a_type_without_photos_has_too_few_and_nothing_else() -> None:
    empty = encodings_of(unit(np.empty((0, 4), np.float32)))
    found = diagnose(empty, gallery_of(bolt=encodings((1, 0, 0, 0))))
    assert found.model_dump() == {
        "references": 0,
        "compared": 0,
        "strays": [],
        "duplicates": [],
        "alone": [],
        "confusable": [],
        "learning_curve": [],
        "one_more": None,
        "too_few": True,
    }


def test_what_one_more_photo_brings_is_at_most_what_the_last_one_did() -> None:
    own = encodings((1, 0, 0), (0.8, 0.6, 0), (0, 0.6, 0.8), (0, 0, 1))
    curve = learning_curve(own.matrix)
    found = diagnose(own, None)
    told = [(point.references, point.similarity) for point in found.learning_curve]
    assert told == [(count, round(similarity, 6)) for count, similarity in enumerate(curve, 1)]
    assert found.one_more == pytest.approx(curve[2] - curve[1], abs=1e-6)
    three = encodings((1, 0), (0.8, 0.6), (0, 1))
    assert diagnose(three, None).one_more == pytest.approx(np.diff(learning_curve(three.matrix))[0], abs=1e-6)
