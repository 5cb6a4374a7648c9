"""A query matches when its nearest encoding is more similar than the threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lookalike.matching.decision import NEAREST, decide
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.policy import Policy
from lookalike.matching.rules import cosine_similarities
from lookalike.matching.settings import Rule

HALF = Policy(Rule.SIMILARITY, 0.5)


def vectors(count: int, seed: int, dimension: int = 8) -> NDArray[np.float32]:
    matrix = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    unit: NDArray[np.float32] = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


def encodings_of(matrix: NDArray[np.float32]) -> Encodings:
    rows = (Row(f"{index}.jpg", "etag", Origin.UPLOADED, "") for index in range(len(matrix)))
    images = [EncodedImage(row, vector) for row, vector in zip(rows, matrix, strict=True)]
    return Encodings.empty("model", "type", matrix.shape[1]).append(images)


@given(st.integers(1, 20), st.integers(0, 1000))
def test_similarity_is_the_cosine(count: int, seed: int) -> None:
    query, *matrix = vectors(count + 1, seed)
    expected = [
        np.dot(query, row) / np.linalg.norm(query) / np.linalg.norm(row) for row in np.asarray(matrix)
    ]
    assert cosine_similarities(query, np.asarray(matrix)) == pytest.approx(expected, abs=1e-5)


def test_an_image_is_wholly_similar_to_itself_and_never_more() -> None:
    matrix = vectors(50, seed=1, dimension=512)
    similarities = [decide(row, encodings_of(matrix), HALF).similarity for row in matrix]
    assert similarities == pytest.approx([1] * 50, abs=1e-5)
    assert max(similarities) <= 1


def test_rounding_takes_no_similarity_below_minus_1() -> None:
    longer = np.array([1.0001, 0], np.float32)
    assert cosine_similarities(longer, np.array([[-1, 0]], np.float32)).tolist() == [-1]


@given(st.integers(1, 20), st.integers(0, 1000))
def test_the_nearest_come_first_and_are_five_at_most(count: int, seed: int) -> None:
    query, *matrix = vectors(count + 1, seed)
    decision = decide(query, encodings_of(np.asarray(matrix)), HALF)
    similarities = [neighbour.similarity for neighbour in decision.nearest]
    assert similarities == sorted(similarities, reverse=True)
    assert len(similarities) == min(count, NEAREST)
    assert decision.similarity == similarities[0] == pytest.approx(max(np.asarray(matrix) @ query), abs=1e-6)


@pytest.mark.parametrize(("threshold", "match"), [(0.59, True), (0.6, False), (0.61, False)])
def test_the_threshold_must_be_exceeded(threshold: float, match: bool) -> None:
    query = np.array([1, 0], np.float32)
    reference = np.array([[0.6, 0.8]], np.float32)
    assert (
        decide(query, encodings_of(reference), Policy(Rule.SIMILARITY, float(np.float32(threshold)))).match
        is match
    )


def test_of_equally_similar_images_the_first_come_first() -> None:
    query, other = np.eye(2, dtype=np.float32)
    matrix = np.stack([other, *[query] * 100, other])
    decision = decide(query, encodings_of(matrix), HALF)
    assert [neighbour.image for neighbour in decision.nearest] == [f"{index}.jpg" for index in range(1, 6)]
