"""What a type's photos resemble."""

import numpy as np
import pytest

from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike_tools.console.neighbours import Others, looks_like, nearer_elsewhere, nearest_in_type


def encodings(*vectors: tuple[float, ...], origins: str = "") -> Encodings:
    """Of a type `nut`; `origins` has a letter for each row that is not uploaded but recognised: `r`."""
    matrix = np.array(vectors, np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    marks = origins.ljust(len(vectors), "u")
    rows = [
        Row(f"{i}", "e", Origin.RECOGNIZED if mark == "r" else Origin.UPLOADED, "")
        for i, mark in enumerate(marks)
    ]
    return Encodings("model", "nut", matrix, tuple(rows))


def others(**means: tuple[float, ...]) -> Others:
    return Others.of(list(means), np.array(list(means.values()), np.float32))


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
