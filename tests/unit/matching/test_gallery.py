"""The gallery holds a prototype of each type, and trusts nothing that it reads."""

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from lookalike.matching.gallery import Gallery, prototype
from lookalike.storage import encodings_file
from lookalike.storage.gallery_file import dump, load
from lookalike.storage.tensor_files import CorruptFileError
from support.synthetic_encodings import MODEL, around, centres, encodings_of, unit

DIMENSION = 64
EMPTY = Gallery.empty(MODEL, DIMENSION)


def gallery_of(count: int, seed: int = 0) -> Gallery:
    names = {f"type-{index:04}": row for index, row in enumerate(centres(count, seed=seed))}
    return Gallery.empty(MODEL, DIMENSION).replace(names)


def test_a_prototype_points_where_its_encodings_do() -> None:
    (centre,) = centres(1)
    found = prototype(around(centre, 50, 0.5, seed=1))
    assert found @ centre > 0.99
    assert np.linalg.norm(found) == pytest.approx(1)


def test_encodings_that_cancel_out_still_have_a_prototype() -> None:
    (centre,) = centres(1)
    assert np.linalg.norm(prototype(np.stack([centre, -centre]))) == pytest.approx(1)


@given(st.integers(0, 30), st.integers(0, 100))
def test_what_is_written_is_read(count: int, seed: int) -> None:
    written = gallery_of(count, seed)
    read = load(dump(written), EMPTY)
    assert (read.model_id, read.type_ids) == (MODEL, written.type_ids)
    assert read.matrix.dtype == np.float32
    assert read.matrix == pytest.approx(written.matrix, abs=1e-3)
    assert np.linalg.norm(read.matrix, axis=1) == pytest.approx([1] * count, abs=1e-6)


def test_ten_thousand_types_take_little_more_than_ten_megabytes() -> None:
    names = tuple(f"type-{index:05}" for index in range(10_000))
    matrix = unit(np.random.default_rng(0).normal(size=(10_000, 512)))
    assert len(dump(Gallery(MODEL, names, matrix))) < 10.5e6


def test_types_come_change_and_go() -> None:
    first, second, third = centres(3)
    gallery = Gallery.empty(MODEL, DIMENSION).replace({"b": first, "a": second})
    assert gallery.type_ids == ("a", "b")
    gallery = gallery.replace({"a": third, "b": None, "gone": None})
    assert gallery.type_ids == ("a",)
    assert gallery.matrix[0] == pytest.approx(third)
    assert gallery.replace({"a": None}).matrix.shape == (0, DIMENSION)


def test_what_changes_next_to_nothing_is_not_worth_writing() -> None:
    gallery = gallery_of(3)
    moved = around(gallery.matrix[0], 1, 0.005, seed=1)[0]
    assert gallery.replace({gallery.type_ids[0]: moved, "gone": None}) is gallery


def test_a_change_that_is_seen_in_a_cosine_is_worth_writing() -> None:
    gallery = gallery_of(3)
    moved = around(gallery.matrix[0], 1, 0.05, seed=1)[0]
    assert gallery.replace({gallery.type_ids[0]: moved}).matrix[0] == pytest.approx(moved)


def test_types_that_do_not_change_keep_their_prototypes_and_the_gallery_its_model() -> None:
    gallery = gallery_of(3)
    changed = gallery.replace({"new": centres(4)[3]})
    assert changed.model_id == MODEL
    assert changed.type_ids == ("new", *gallery.type_ids)
    assert np.array_equal(changed.matrix[1:], gallery.matrix)


def test_a_type_is_none_of_its_others() -> None:
    gallery = gallery_of(3)
    assert gallery.others(gallery.type_ids[0]) == 2
    assert gallery.others("another") == 3


def test_of_equally_near_types_the_first_come_first() -> None:
    (centre,) = np.eye(1, DIMENSION, dtype=np.float32)
    gallery = Gallery.empty(MODEL, DIMENSION).replace({f"t{index:02}": centre for index in range(50)})
    assert [each.type_id for each in gallery.nearest(centre, 3)] == ["t00", "t01", "t02"]


def test_a_single_encoding_is_its_types_prototype() -> None:
    assert prototype(centres(1)) == pytest.approx(centres(1)[0])


def test_encodings_that_cancel_out_are_stood_for_by_the_first() -> None:
    (centre,) = centres(1)
    assert np.array_equal(prototype(np.stack([centre, -centre])), centre)


def test_the_nearest_types_come_first_without_the_one_asked_for() -> None:
    gallery = gallery_of(20)
    query = gallery.matrix[7]
    nearest = gallery.nearest(query, 3)
    assert nearest[0].type_id == gallery.type_ids[7]
    assert nearest[0].similarity == pytest.approx(1)
    assert [each.similarity for each in nearest] == sorted((gallery.matrix @ query).tolist(), reverse=True)[
        :3
    ]
    assert gallery.nearest(query, 2, without=gallery.type_ids[7]) == nearest[1:]
    assert len(gallery.nearest(query, 50, without=gallery.type_ids[7])) == 19


def tampered(**changes: object) -> bytes:
    metadata = {"format": "lookalike-gallery-1", "model_id": MODEL, "type_ids": '["a", "b"]'}
    matrix = changes.pop("matrix", centres(2, DIMENSION))
    return safetensors.numpy.save(
        {"prototypes": np.asarray(matrix, np.float16)}, metadata | {n: str(v) for n, v in changes.items()}
    )


def test_the_untampered_is_read() -> None:
    assert load(tampered(), EMPTY).type_ids == ("a", "b")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not safetensors",
        safetensors.numpy.save({"prototypes": np.zeros((2, DIMENSION), np.float16)}),
        encodings_file.dump(encodings_of(centres(2))),
        tampered(model_id="other"),
        tampered(format="lookalike-gallery-9"),
        tampered(type_ids='["a"]'),
        tampered(type_ids='["a", "a"]'),
        tampered(type_ids='["a", "../b"]'),
        tampered(type_ids='["b", "a"]'),
        tampered(matrix=1.02 * centres(2, DIMENSION)),
        tampered(matrix=0.98 * centres(2, DIMENSION)),
        tampered(type_ids="7"),
        tampered(matrix=np.zeros((2, DIMENSION))),
        tampered(matrix=np.full((2, DIMENSION), np.nan)),
        tampered(matrix=np.ones((2, 3)) / 3**0.5),
    ],
)
def test_what_is_no_gallery_of_this_model_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        load(data, EMPTY)
