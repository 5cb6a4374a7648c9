"""A gallery is written down and read again, and nothing that lies in its place is trusted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from lookalike.matching.gallery import Gallery
from lookalike.storage import encodings_file
from lookalike.storage.gallery_file import dump, load
from lookalike.storage.tensor_files import CorruptFileError
from support.encodings.catalogues import MODEL, catalogue, gallery_of
from support.encodings.synthetic_encodings import centres, encodings_of


def test_a_gallery_survives_being_written_down() -> None:
    types = catalogue(seed=9, types=5, photos=4)
    full = gallery_of(types)
    again = load(dump(full), MODEL, 48)
    assert (again.model_id, again.type_ids) == (full.model_id, full.type_ids)
    assert replace(again.fit, metric=full.fit.metric) == full.fit
    metric = again.fit.metric
    assert {each.dtype for each in (again.means, metric.mean, metric.basis, metric.variances)} == {
        np.dtype(np.float32)
    }
    query = types["type-02"][0]
    assert again.rank(query, 5).none == pytest.approx(full.rank(query, 5).none, abs=0.01)


@given(damage=st.binary(min_size=1, max_size=40), where=st.floats(0, 1))
def test_damaged_bytes_are_refused_or_harmless(damage: bytes, where: float) -> None:
    data = dump(gallery_of(catalogue(seed=10, types=2, photos=2, dimension=8)))
    at = int(where * len(data))
    try:
        again = load(data[:at] + damage + data[at + len(damage) :], MODEL, 8)
    except CorruptFileError:
        return
    assert np.isfinite(again.rank(np.eye(8, dtype=np.float32)[0], 2).none)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type_ids": ("b", "a")},
        {"type_ids": ("a", "a")},
        {"type_ids": ("a", "../b")},
        {"type_ids": ("a",)},
        {"means": np.full((2, 8), np.nan, np.float32)},
        {"means": np.full((2, 8), 9, np.float32)},
        {"rows": np.array([0, 3], np.int32)},
        {"model_id": "another"},
    ],
)
def test_a_gallery_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    types = {"a": catalogue(11, 1, 2, 8)["type-00"], "b": catalogue(12, 1, 2, 8)["type-00"]}
    with pytest.raises(CorruptFileError):
        load(dump(replace(gallery_of(types), **wrong)), MODEL, 8)


@pytest.mark.parametrize(
    "wrong",
    [{"rest": -1.0}, {"between": float("nan")}, {"variances": np.zeros(3)}, {"basis": np.ones((3, 8))}],
)
def test_a_metric_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    full = gallery_of(catalogue(13, 3, 2, 8))
    metric = replace(full.fit.metric, basis=np.eye(8)[:3], variances=np.ones(3))
    broken = replace(full, fit=replace(full.fit, metric=replace(metric, **wrong)))
    with pytest.raises(CorruptFileError):
        load(dump(broken), MODEL, 8)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not safetensors",
        safetensors.numpy.save({"means": np.zeros((2, 8), np.float16)}),
        encodings_file.dump(encodings_of(centres(2))),
    ],
)
def test_what_is_no_gallery_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        load(data, MODEL, 8)


def test_a_gallery_of_another_dimension_is_refused() -> None:
    with pytest.raises(CorruptFileError, match=r"means is float16 \(2, 8\) instead of float16 \(2, 16\)"):
        load(dump(gallery_of(catalogue(14, 2, 2, 8))), MODEL, 16)


def test_ten_thousand_types_take_little_more_than_ten_megabytes() -> None:
    few = gallery_of(catalogue(15, 3, 3, 512))
    names = tuple(f"type-{index:05}" for index in range(10_000))
    means = np.resize(few.means, (10_000, 512))
    many = Gallery(MODEL, names, means, np.ones(10_000, np.int32), few.fit)
    assert len(dump(many)) < 10.6e6


def test_types_of_one_photo_have_means_of_length_1() -> None:
    rows = catalogue(16, 4, 1, 8)
    assert np.linalg.norm(load(dump(gallery_of(rows)), MODEL, 8).means, axis=1) == pytest.approx(
        [1] * 4, abs=1e-3
    )


def test_means_a_little_longer_than_encodings_are_refused() -> None:
    full = gallery_of(catalogue(17, 2, 2, 8))
    longer = full.means / np.linalg.norm(full.means, axis=1, keepdims=True) * np.float32(1.05)
    with pytest.raises(CorruptFileError, match="longer"):
        load(dump(replace(full, means=longer)), MODEL, 8)


def test_directions_along_the_axes_are_orthonormal() -> None:
    full = gallery_of(catalogue(18, 3, 2, 8))
    along = replace(full.fit.metric, basis=np.eye(8)[:3], variances=np.ones(3))
    again = load(dump(replace(full, fit=replace(full.fit, metric=along))), MODEL, 8)
    assert np.array_equal(again.fit.metric.basis, np.eye(8)[:3])


@pytest.mark.parametrize("name", ["photos", "types", "rows"])
def test_a_fit_may_count_nothing_and_no_less(name: str) -> None:
    full = gallery_of(catalogue(19, 2, 2, 8))
    counted: list[dict[str, Any]] = [{name: 0}, {name: -1}]
    none, less = (replace(full, fit=replace(full.fit, **each)) for each in counted)
    assert getattr(load(dump(none), MODEL, 8).fit, name) == 0
    with pytest.raises(CorruptFileError, match="negative"):
        load(dump(less), MODEL, 8)
