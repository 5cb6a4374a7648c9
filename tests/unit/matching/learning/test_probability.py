"""A photo's probability of showing a type: on encodings that are constructed, so that the answer is known."""

from dataclasses import replace
from math import gamma, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lookalike.matching.gallery import Gallery
from lookalike.matching.learning.calibration import PRIOR, calibrate
from lookalike.matching.learning.fit import Prototype
from lookalike.matching.learning.metric import Metric, fit_metric, shrinkage
from lookalike.matching.learning.probability import (
    FREEDOM,
    Calibration,
    Densities,
    Prototypes,
    densities,
    log_odds,
    mean_of_others,
    posterior,
    probability,
    sigmoid,
)
from support.encodings.catalogues import MODEL, catalogue, gallery_of, learn, prototypes_of, unit

seeds = st.integers(0, 2**32 - 1)


def student_t(
    point: NDArray[np.floating], location: NDArray[np.floating], shape: NDArray[np.floating]
) -> float:
    """Density of the multivariate t, as in any textbook."""
    k = len(point)
    freedom = FREEDOM * k
    apart = point - location
    squared = float(apart @ np.linalg.solve(shape, apart))
    half = (freedom + k) / 2
    peak = gamma(half) / gamma(freedom / 2) / (freedom * pi) ** (k / 2) / np.sqrt(np.linalg.det(shape))
    return float(peak * (1 + squared / freedom) ** -half)


@given(seed=seeds, between=st.floats(0.05, 20), counts=st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_the_posterior_is_that_of_the_model(seed: int, between: float, counts: list[int]) -> None:
    random = np.random.default_rng(seed)
    dimension, rank = 5, 2
    basis = np.linalg.qr(random.normal(size=(dimension, dimension)))[0][:rank]
    variances, rest = random.uniform(0.5, 3, rank), float(random.uniform(0.2, 1))
    metric = Metric(random.normal(size=dimension), basis, variances, rest, between)
    within = basis.T @ np.diag(variances - rest) @ basis + rest * np.eye(dimension)
    means, query = random.normal(size=(len(counts), dimension)), random.normal(size=dimension)

    n = np.array(counts)
    trust = between / (between + 1 / n)
    expected = [
        student_t(query, metric.mean + t * (mean - metric.mean), within * (1 + t / many))
        for t, mean, many in zip(trust, means, n, strict=True)
    ]
    none = student_t(query, metric.mean, within * (1 + between))
    weights = np.array([*(each / len(expected) for each in expected), none])

    fitted = densities(metric, query[np.newaxis], Prototypes.of(metric, means, n))
    assert posterior(fitted, Calibration(dimension, 9))[0] == pytest.approx(
        weights / weights.sum(), rel=1e-5, abs=1e-12
    )
    for asked, likely in enumerate(expected):
        others = np.delete(expected, asked)
        against = (np.sqrt(np.mean(others**2)) + none) / 2 if len(others) else none
        found = sigmoid(log_odds(fitted, Calibration(dimension, 0)))[0, asked]
        assert found == pytest.approx(likely / (likely + against), rel=1e-5, abs=1e-12)
        known, new = fitted.known[0], float(fitted.new[0])
        single = probability(known[asked], np.delete(known, asked), new, Calibration(dimension, 0))
        assert single == pytest.approx(found, rel=1e-5, abs=1e-12)


@given(seed=seeds)
def test_a_photo_halfway_between_two_types_is_either(seed: int) -> None:
    first, second = unit(np.random.default_rng(seed).normal(size=(2, 16)))
    known = gallery_of({"first": first[np.newaxis], "second": second[np.newaxis]})
    halfway = unit(first + second)
    asked = [
        known.judge(halfway, type_id, Prototype(mean, 1)).probability
        for type_id, mean in (("first", first), ("second", second))
    ]
    assert asked[0] == pytest.approx(asked[1], abs=1e-3)


@given(seed=seeds, shuffle=seeds)
@settings(max_examples=settings().max_examples // 4)
def test_a_fit_is_the_same_whatever_order_photos_came_in(seed: int, shuffle: int) -> None:
    types = catalogue(seed, types=5, photos=4)
    random = np.random.default_rng(shuffle)
    other = {name: types[name][random.permutation(4)] for name in random.permutation(list(types))}
    first, second = learn(types), learn(other)
    assert first.calibration == second.calibration
    assert (first.metric.rest, first.metric.between) == (second.metric.rest, second.metric.between)
    for name in ("mean", "basis", "variances"):
        assert np.array_equal(getattr(first.metric, name), getattr(second.metric, name))


@given(st.integers(1, 5), st.integers(1, 4), st.floats(1, 1e5), st.integers(0, 2**32 - 1))
def test_the_posterior_of_each_of_several_photos_is_its_own(
    photos: int, types: int, scale: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    fitted = Densities(-scale * random.random((photos, types)), -scale * random.random(photos))
    together = posterior(fitted, Calibration(20, 0))
    assert together.sum(axis=1) == pytest.approx(np.ones(photos))
    for number in range(photos):
        alone = Densities(fitted.known[[number]], fitted.new[[number]])
        assert posterior(alone, Calibration(20, 0))[0] == pytest.approx(together[number])


@given(
    st.integers(1, 4).flatmap(
        lambda types: st.lists(
            st.lists(st.just(-np.inf) | st.floats(-3000, 100), min_size=types, max_size=types),
            min_size=1,
            max_size=3,
        )
    )
)
def test_the_mean_of_others_loses_nothing_however_unlikely_they_are(logs: list[list[float]]) -> None:
    for row, found in zip(logs, mean_of_others(np.array(logs)), strict=True):
        for column, mean in enumerate(found):
            others = [2 * log for log in np.delete(row, column) if np.isfinite(log)]
            expected = (np.logaddexp.reduce(others) - np.log(len(others))) / 2 if others else -np.inf
            assert mean == pytest.approx(expected, abs=1e-9)


@given(
    seed=seeds,
    types=st.integers(1, 4),
    photos=st.integers(1, 3),
    alike=st.sampled_from(["photos", "types", "nothing"]),
)
@settings(max_examples=settings().max_examples // 2)
def test_a_poor_catalogue_has_sane_answers(seed: int, types: int, photos: int, alike: str) -> None:
    known = catalogue(seed, types, photos)
    if alike == "photos":
        known = {name: np.repeat(rows[:1], photos, axis=0) for name, rows in known.items()}
    if alike == "types":
        known = dict.fromkeys(known, next(iter(known.values())))
    full = gallery_of(known)
    query = unit(np.random.default_rng(seed).normal(size=48))
    ranking = full.rank(query, 10)
    assert sum(p for _, p in ranking.types) + ranking.none == pytest.approx(1)
    for name, rows in known.items():
        own = Prototype.of(rows)
        near, far = full.judge(rows[0], name, own).probability, full.judge(-rows[0], name, own).probability
        assert 0 <= far <= near <= 1
        assert 0 <= full.judge(query, name, own).probability <= 1
        if alike != "types":
            assert near > 0.5


@given(seed=seeds)
def test_one_photo_of_one_type_decides_as_similarity_does(seed: int) -> None:
    random = np.random.default_rng(seed)
    reference, queries = unit(random.normal(size=(1, 24))), unit(random.normal(size=(30, 24)))
    alone = gallery_of({"only": reference})
    own = Prototype.of(reference)
    order = np.argsort(queries @ reference[0])
    scores = np.array([alone.judge(queries[i], "only", own).probability for i in order])
    assert np.all(np.diff(scores) > -1e-6)


def test_photos_of_no_type_are_told_from_known_ones() -> None:
    types = catalogue(seed=1, types=30, photos=12)
    known = {name: rows[:6] for name, rows in list(types.items())[:20]}
    full = gallery_of(known)
    mine = np.concatenate([types[name][6:] for name in known])
    strange = np.concatenate([rows for name, rows in types.items() if name not in known])
    none_of_mine = np.mean([full.rank(query, 1).none for query in mine])
    none_of_strange = np.mean([full.rank(query, 1).none for query in strange])
    assert none_of_mine < 0.3
    assert none_of_strange > 0.7


def test_of_photos_scored_so_high_as_many_are_what_they_say() -> None:
    types = catalogue(seed=2, types=40, photos=20, spread=1.0)
    references = {name: rows[:5] for name, rows in types.items()}
    learnt = learn(references)
    prototypes = gallery_of(references)
    queries = np.concatenate([rows[5:] for rows in types.values()])
    own = np.repeat(np.arange(40), 15)
    fitted = prototypes.densities(queries)
    genuine = np.zeros(fitted.known.shape, bool)
    genuine[np.arange(len(own)), own] = True
    scores = sigmoid(log_odds(fitted, learnt.calibration))
    unknown = sigmoid(
        log_odds(Densities(np.where(genuine, -np.inf, fitted.known), fitted.new), learnt.calibration)
    )
    groups = [(scores[genuine], 1, 0.5), (scores[~genuine], 0, 0.25), (unknown[~genuine], 0, 0.25)]
    error = 0.0
    for low in np.arange(0, 1, 0.1):
        within = [
            (each[(each >= low) & (each < low + 0.1)], right, w / len(each)) for each, right, w in groups
        ]
        error += abs(sum(weight * float(np.sum(each - right)) for each, right, weight in within))
    assert error < 0.05


def test_what_varies_within_types_hardly_counts() -> None:
    metric = fit_metric(catalogue(seed=3, types=40, photos=10))
    along, across = metric.squared_lengths(np.eye(48)[[0, 20]])
    assert along < across / 3


@pytest.mark.parametrize(("types", "photos"), [(1, 5), (4, 1)])
def test_without_two_types_of_two_photos_all_directions_count_alike(types: int, photos: int) -> None:
    known = catalogue(4, types, photos)
    assert shrinkage([rows - rows.mean(axis=0) for rows in known.values()]) == 1
    lengths = fit_metric(known).squared_lengths(np.eye(48, dtype=np.float32))
    assert lengths == pytest.approx(np.full(48, lengths[0]), rel=1e-4)


def test_a_counterexample_takes_probability_from_what_resembles_it() -> None:
    types = catalogue(seed=5, types=6, photos=5)
    full, own = gallery_of(types), Prototype.of(types["type-00"])
    query = types["type-00"][0]
    rival = Prototype(query, 1)
    without = full.judge(query, "type-00", own).probability
    assert full.judge(query, "type-00", own, rivals=(rival,)).probability < without


@given(odds=st.floats(0.01, 100))
def test_odds_shift_the_log_odds(odds: float) -> None:
    types = catalogue(seed=6, types=4, photos=3, spread=1.5)
    fixed = replace(learn(types), calibration=Calibration(20, 0))
    full = Gallery.of(MODEL, prototypes_of(types), fixed)
    own = Prototype.of(types["type-00"])
    even, shifted = (
        full.judge(types["type-01"][0], "type-00", own, each).probability for each in (1.0, odds)
    )
    assert shifted / (1 - shifted) == pytest.approx(odds * even / (1 - even), rel=1e-6)


def test_where_nothing_tells_the_prior_does() -> None:
    found = calibrate(catalogue(seed=7, types=1, photos=1))
    assert found.dimensions == pytest.approx(20, rel=0.1)
    assert found.offset == pytest.approx(0, abs=0.01)


def test_with_one_photo_of_each_of_many_types_the_prior_decides() -> None:
    """No photo can be left out and still be known by another of its type."""
    assert calibrate(catalogue(seed=7, types=40, photos=1)) == pytest.approx(PRIOR, rel=0.1, abs=0.01)


def test_the_likeliest_other_type_is_named_with_its_similarity() -> None:
    types = catalogue(seed=15, types=4, photos=5)
    photo, own = types["type-02"][0], Prototype.of(types["type-00"])
    other = gallery_of(types).judge(photo, "type-00", own).nearest_other
    assert other
    assert other.type_id == "type-02"
    mean = types["type-02"].mean(axis=0)
    assert other.similarity == pytest.approx(float(mean @ photo / np.linalg.norm(mean)), abs=1e-5)


def test_a_type_alone_has_no_other() -> None:
    types = catalogue(seed=16, types=1, photos=5)
    photo, own = types["type-00"][0], Prototype.of(types["type-00"])
    assert gallery_of(types).judge(photo, "type-00", own).nearest_other is None


def test_a_type_that_the_gallery_does_not_know_yet_is_judged_all_the_same() -> None:
    types = catalogue(seed=17, types=5, photos=5)
    fresh = types.pop("type-04")
    judged = gallery_of(types).judge(fresh[0], "type-04", Prototype.of(fresh[1:]))
    assert judged.probability > 0.5
