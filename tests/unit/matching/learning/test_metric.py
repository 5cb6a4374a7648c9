"""The metric is what its definition says, written out with whole matrices."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.matching.learning import metric
from lookalike.matching.learning.metric import (
    PRIOR_TYPES,
    Array,
    draw_sample,
    estimate,
    fit_metric,
    shrinkage,
)
from support.encodings.catalogues import catalogue


def rows_of(seed: int, counts: tuple[int, ...], dimension: int) -> list[Array]:
    """Some types' encodings, some of them alike or alone."""
    random = np.random.default_rng(seed)
    scales = np.geomspace(5, 0.05, dimension)
    return [
        random.normal(size=dimension) + scales * random.normal(size=(count, dimension)) for count in counts
    ]


def covariances(types: list[Array]) -> tuple[list[Array], NDArray[np.integer]]:
    """Of types of several photos that differ, and their degrees of freedom."""
    residuals = [rows - rows.mean(axis=0) for rows in types if len(rows) > 1 and np.ptp(rows, axis=0).any()]
    freedom = np.array([len(rows) - 1 for rows in residuals])
    return [rows.T @ rows / (len(rows) - 1) for rows in residuals], freedom


def shrinkage_by_definition(types: list[Array]) -> float:
    """Ledoit and Wolf's estimate, with types in the place of observations."""
    own, freedom = covariances(types)
    weights = freedom / freedom.sum()
    pooled = np.tensordot(weights, own, axes=1)
    apart = [np.sum((each - pooled) ** 2) for each in own]
    error = np.sum(weights**2 * apart) / (1 - np.sum(weights**2))
    identity = np.eye(len(pooled)) * np.trace(pooled) / len(pooled)
    return float(np.clip(error / np.sum((pooled - identity) ** 2), 0, 1))


def within_by_definition(types: list[Array]) -> tuple[Array, Array]:
    """The covariance of photos of a type, and the mean of all types."""
    dimension, counts = types[0].shape[1], np.array([len(rows) for rows in types])
    mean = np.sum([rows.mean(axis=0) for rows in types], axis=0) / (len(types) + PRIOR_TYPES)
    scatter = sum(np.cov(rows.T, bias=True) * len(rows) for rows in types)
    total = np.mean([np.mean(np.sum((rows - mean) ** 2, axis=1)) for rows in types])
    imaginary = PRIOR_TYPES * counts.mean()
    freedom = np.sum(counts - 1) + imaginary
    trace = (np.trace(scatter) + imaginary * total / 2) / freedom
    kept = (1 - shrinkage_by_definition(types)) * (1 - imaginary / freedom)
    return trace * (kept * scatter / np.trace(scatter) + (1 - kept) * np.eye(dimension) / dimension), mean


CASES = [
    rows_of(1, (9, 4, 1, 7, 5), 6),  # more photos than dimensions
    rows_of(2, (3, 4, 2, 1), 24),  # fewer
    [*rows_of(3, (4, 6, 3), 8), np.ones((3, 8))],  # one whose photos are the same
    rows_of(4, (5, 4), 6),  # two
]


@pytest.mark.parametrize("types", CASES)
def test_shrinkage_is_that_of_ledoit_and_wolf(types: list[Array]) -> None:
    expected = shrinkage_by_definition(types)
    assert 0 < expected < 1
    assert shrinkage([rows - rows.mean(axis=0) for rows in types]) == pytest.approx(expected)


@pytest.mark.parametrize("types", CASES)
def test_shrinkage_knows_no_scale(types: list[Array]) -> None:
    residuals = [rows - rows.mean(axis=0) for rows in types]
    assert shrinkage([0.01 * rows for rows in residuals]) == pytest.approx(shrinkage(residuals))


def test_types_that_vary_alike_are_not_shrunk_and_noise_is_shrunk_whole() -> None:
    (rows,) = rows_of(5, (6,), 4)
    residuals = rows - rows.mean(axis=0)
    assert shrinkage([residuals, residuals, residuals]) == 0
    random = np.random.default_rng(4)
    noise = [random.normal(size=(3, 40)) for _ in range(6)]
    assert shrinkage([rows - rows.mean(axis=0) for rows in noise]) == 1


@pytest.mark.parametrize("types", CASES)
def test_distances_are_by_the_inverse_of_the_covariance_within_types(types: list[Array]) -> None:
    within, mean = within_by_definition(types)
    found = estimate(types)
    assert found.mean == pytest.approx(mean)
    dimension = len(mean)
    assert found.precise(np.eye(dimension)) == pytest.approx(np.linalg.inv(within) / dimension)
    lengths = [row @ np.linalg.inv(within) @ row / dimension for row in types[0]]
    assert found.squared_lengths(types[0]) == pytest.approx(lengths)


@pytest.mark.parametrize("types", CASES)
def test_types_vary_as_their_means_do_beyond_what_chance_explains(types: list[Array]) -> None:
    within, mean = within_by_definition(types)
    means, counts = np.array([rows.mean(axis=0) for rows in types]), np.array([len(rows) for rows in types])
    squared = np.einsum("td,td->t", (means - mean) @ np.linalg.inv(within), means - mean) / len(mean)
    expected = (max(np.sum(squared - 1 / counts), 0) + PRIOR_TYPES) / (len(types) + PRIOR_TYPES)
    assert estimate(types).between == pytest.approx(expected)


def test_types_that_vary_no_more_than_chance_explains_vary_as_the_prior_says() -> None:
    random = np.random.default_rng(0)
    alike = [random.normal(size=(2, 6)) for _ in range(8)]
    middle = sum(rows.mean(axis=0) for rows in alike) / 8
    centred = [rows - rows.mean(axis=0) + 0.01 * middle for rows in alike]
    assert estimate(centred).between == pytest.approx(PRIOR_TYPES / (8 + PRIOR_TYPES))


def test_what_is_kept_of_a_fit_has_single_precision() -> None:
    found = fit_metric(catalogue(seed=7, types=3, photos=4))
    assert {part.dtype for part in (found.mean, found.basis, found.variances)} == {np.dtype(np.float32)}


def test_photos_that_are_all_the_origin_have_a_metric() -> None:
    found = estimate([np.zeros((3, 5)), np.zeros((1, 5))])
    assert found.squared_lengths(np.eye(5)) == pytest.approx([1 / 1e-6] * 5)


@pytest.mark.parametrize("counts", [(9, 8, 7), (3, 2, 3)])
def test_directions_are_those_of_the_greatest_variance(
    monkeypatch: pytest.MonkeyPatch, counts: tuple[int, ...]
) -> None:
    monkeypatch.setattr(metric, "RANK", 3)
    types = rows_of(5, counts, 10)
    found = estimate(types)
    residuals = np.concatenate([rows - rows.mean(axis=0) for rows in types])
    _, vectors = np.linalg.eigh(residuals.T @ residuals)
    assert found.basis.shape == (3, 10)
    assert np.abs(found.basis @ vectors[:, :-4:-1]) == pytest.approx(np.eye(3), abs=1e-9)
    assert sorted(found.variances, reverse=True) == list(found.variances)
    # What the kept directions leave of the variance is shared by all others.
    expected, _ = within_by_definition(types)
    assert found.variances.sum() + 7 * found.rest == pytest.approx(np.trace(expected))


def test_directions_without_variance_are_left_out() -> None:
    flat = [np.pad(rows, ((0, 0), (0, 5))) for rows in rows_of(6, (4, 4, 4), 3)]
    assert estimate(flat).basis.shape == (3, 8)
    assert estimate(flat).squared_lengths(np.eye(8)[3:]) == pytest.approx([1 / estimate(flat).rest / 8] * 5)


def test_a_fit_looks_at_a_part_of_many_types_and_photos_the_same_in_any_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metric, "SAMPLE_TYPES", 4)
    monkeypatch.setattr(metric, "SAMPLE_PHOTOS", 13)
    types = catalogue(seed=7, types=9, photos=5)
    sample = draw_sample(types)
    assert [len(rows) for rows in sample] == [3] * 4
    assert {rows.dtype for rows in sample} == {np.dtype(np.float64)}
    assert metric.sample_types(types) != sorted(types)[:4]  # names that sort first may be of a kind
    drawn = {type_id for type_id, rows in types.items() for some in sample if (some[0] == rows).all(1).any()}
    assert drawn == set(metric.sample_types(types)) and len(drawn) == 4
    turned = {type_id: rows[::-1] for type_id, rows in reversed(types.items())}
    for rows, again in zip(sample, draw_sample(turned), strict=True):
        assert np.array_equal(rows, again)
    few = draw_sample({"only": types["type-00"]})
    assert {tuple(row) for row in few[0]} == {tuple(row) for row in types["type-00"].astype(float)}
