"""A type's encodings keep what they were given, and trust nothing they are handed."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Rejection, Row, now
from lookalike.storage.encodings_file import dump, load
from lookalike.storage.tensor_files import CorruptFileError

DIMENSION = 4
MODEL, TYPE = "model-1", "hex-nut"
TIME = "2026-01-01T00:00:00+00:00"
EMPTY = Encodings.empty(MODEL, TYPE, DIMENSION)

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
versions = st.dictionaries(names, st.sampled_from(["a", "b", "c"]), max_size=8)


def unit(vector: np.ndarray) -> np.ndarray:
    vector = vector.astype(np.float32) + np.float32(1e-3)
    return vector / np.linalg.norm(vector)


def encoded(image: str, etag: str = "a", origin: Origin = Origin.UPLOADED, seed: int = 0) -> EncodedImage:
    vector = unit(np.random.default_rng(seed).normal(size=DIMENSION))
    return EncodedImage(Row(image, etag, origin, TIME), vector)


def of(listed: dict[str, str], rejected: dict[str, str] | None = None) -> Encodings:
    return EMPTY.append(
        [encoded(image, etag, seed=index) for index, (image, etag) in enumerate(listed.items())],
        [Rejection(image, etag, "damaged", TIME) for image, etag in (rejected or {}).items()],
    )


@given(
    st.lists(
        st.builds(
            EncodedImage,
            st.builds(Row, names, names, st.sampled_from(Origin), names),
            npst.arrays(np.float32, DIMENSION, elements=st.floats(0, 1, width=32)).map(unit),
        ),
        max_size=6,
        unique_by=lambda entry: entry.row.image,
    ),
    st.lists(st.builds(Rejection, names, names, names, names), max_size=3),
)
def test_what_is_written_is_read_again(rows: list[EncodedImage], rejected: list[Rejection]) -> None:
    written = EMPTY.append(rows, rejected)
    read = load(dump(written), EMPTY)
    assert np.array_equal(read.matrix, written.matrix)
    assert (read.rows, read.rejected) == (written.rows, written.rejected)


@pytest.mark.parametrize("complete", [True, False])
def test_encodings_say_whether_they_are_complete_and_when_they_were_built(complete: bool) -> None:
    for built_at in (TIME, None):
        written = replace(of({"1.jpg": "a"}), complete=complete, built_at=built_at)
        read = load(dump(written), EMPTY)
        assert (read.complete, read.built_at) == (complete, built_at)


def test_encodings_are_written_in_single_precision() -> None:
    written = of({"1.jpg": "a"})
    doubled = replace(written, matrix=written.matrix.astype(np.float64))
    assert np.array_equal(load(dump(doubled), EMPTY).matrix, written.matrix)


def test_a_recognized_image_keeps_what_it_was_nearest_to() -> None:
    row = Row("2.jpg", "a", Origin.RECOGNIZED, TIME, similarity=0.97, nearest="1.jpg")
    written = of({"1.jpg": "a"}).append([EncodedImage(row, encoded("2.jpg").encoding)])
    assert load(dump(written), EMPTY).rows[1] == row


def test_the_file_is_plain_safetensors_that_names_its_rows() -> None:
    data = dump(of({"types/hex-nut/images/1.jpg": "a"}))
    (matrix,) = safetensors.numpy.load(data).values()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    assert matrix.shape == (1, DIMENSION)
    assert matrix.dtype == np.float32
    assert json.loads(header["rows"]) == [
        {"image": "types/hex-nut/images/1.jpg", "etag": "a", "origin": "uploaded", "time": TIME}
    ]


@given(versions, versions)
def test_what_is_kept_and_what_is_missing_make_up_the_listing(
    known: dict[str, str], listed: dict[str, str]
) -> None:
    kept = of(known).keep_only(listed)
    missing = kept.missing_from(listed)
    assert set(kept.etags()) | set(missing) == set(listed)
    assert not set(kept.etags()) & set(missing)
    assert kept.append([encoded(key, listed[key]) for key in missing]).is_current(listed)


@given(versions, versions)
def test_rows_keep_their_encoding_whatever_else_changes(
    known: dict[str, str], listed: dict[str, str]
) -> None:
    before = of(known)
    after = before.keep_only(listed).append([encoded("new", "z", seed=99)])
    vectors = {row: vector.tobytes() for row, vector in zip(before.rows, before.matrix, strict=True)}
    for row, vector in zip(after.rows, after.matrix, strict=True):
        assert row.image == "new" or vectors[row] == vector.tobytes()


def test_an_image_has_one_row_however_often_it_is_appended() -> None:
    twice = of({"1.jpg": "a"}).append([encoded("1.jpg", "b", seed=7)])
    assert [row.etag for row in twice.rows] == ["b"]
    assert twice.matrix.shape == (1, DIMENSION)


def test_a_good_image_that_becomes_damaged_loses_its_row() -> None:
    damaged = of({"1.jpg": "a", "2.jpg": "a"}).append([], [Rejection("1.jpg", "b", "damaged", TIME)])
    assert [row.image for row in damaged.rows] == ["2.jpg"]
    assert [entry.etag for entry in damaged.rejected] == ["b"]
    assert damaged.matrix.shape == (1, DIMENSION)


def test_a_rejection_goes_with_its_image() -> None:
    rejected = {"kept.jpg": "a", "changed.jpg": "a", "gone.jpg": "a"}
    kept = of({}, rejected).keep_only({"kept.jpg": "a", "changed.jpg": "b"})
    assert [entry.image for entry in kept.rejected] == ["kept.jpg"]


def test_missing_images_come_in_order_of_their_keys() -> None:
    assert of({"b.jpg": "a"}).missing_from({"c.jpg": "a", "b.jpg": "new", "a.jpg": "a"}) == [
        "a.jpg",
        "b.jpg",
        "c.jpg",
    ]


def test_images_of_one_origin_keep_their_encodings() -> None:
    rows = [
        encoded("1.jpg", seed=1),
        encoded("2.jpg", origin=Origin.RECOGNIZED, seed=2),
        encoded("3.jpg", seed=3),
    ]
    mixed = EMPTY.append(rows)
    uploaded = mixed.of_origin(Origin.UPLOADED)
    assert [row.image for row in uploaded.rows] == ["1.jpg", "3.jpg"]
    assert np.array_equal(uploaded.matrix, mixed.matrix[[0, 2]])
    assert (uploaded.model_id, uploaded.type_id) == (MODEL, TYPE)


def test_a_rejected_image_that_becomes_good_leaves_the_rejected() -> None:
    mended = of({}, rejected={"1.jpg": "a"}).append([encoded("1.jpg", "b")])
    assert not mended.rejected
    assert [row.image for row in mended.rows] == ["1.jpg"]


def written_with(metadata: dict[str, str] | None = None, matrix: np.ndarray | None = None) -> bytes:
    good = of({"1.jpg": "a"})
    header = {
        "format": "lookalike-encodings-1",
        "model_id": MODEL,
        "type_id": TYPE,
        "built_at": TIME,
        "rows": json.dumps([{"image": "1.jpg", "etag": "a", "origin": "uploaded", "time": TIME}]),
        "rejected": "[]",
    }
    return safetensors.numpy.save(
        {"encodings": good.matrix if matrix is None else matrix}, header | (metadata or {})
    )


def test_the_pattern_of_the_corrupt_files_is_itself_sound() -> None:
    assert load(written_with(), EMPTY).rows


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not safetensors",
        b"\xff" * 64,
        dump(of({"1.jpg": "a"}))[:-3],
        written_with({"model_id": "another"}),
        written_with({"type_id": "another"}),
        written_with({"format": "lookalike-encodings-9"}),
        written_with({"rows": "[]"}),
        written_with({"rows": "no JSON"}),
        written_with({"rows": '[{"image": "1.jpg"}]'}),
        written_with(matrix=np.ones((1, DIMENSION), np.float32)),
        written_with(matrix=np.full((1, DIMENSION), np.nan, np.float32)),
        written_with(matrix=np.full((1, DIMENSION), 0.5, np.float64)),
        written_with(matrix=np.full((1, DIMENSION + 1), (DIMENSION + 1) ** -0.5, np.float32)),
        safetensors.numpy.save({"encodings": np.zeros((0, DIMENSION), np.float32)}),
        safetensors.numpy.save({"other": np.zeros((0, DIMENSION), np.float32)}, {"rows": "[]"}),
    ],
)
def test_what_can_not_be_trusted_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        load(data, EMPTY)


@pytest.mark.parametrize(("length", "trusted"), [(1 + 5e-4, True), (1 + 2e-3, False), (1 - 2e-3, False)])
def test_rounding_of_a_length_is_allowed_and_no_more(length: float, trusted: bool) -> None:
    data = written_with(matrix=of({"1.jpg": "a"}).matrix * np.float32(length))
    if trusted:
        assert load(data, EMPTY).rows
    else:
        with pytest.raises(CorruptFileError):
            load(data, EMPTY)


def test_encodings_that_do_not_say_are_complete() -> None:
    assert load(written_with(), EMPTY).complete


@pytest.mark.parametrize(
    "data", [b"", b"\x02\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0[]", b"\x02\0\0\0\0\0\0\0{"]
)
def test_a_header_without_metadata_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFileError, match=r"no safetensors|without metadata"):
        load(data, EMPTY)


def test_times_are_utc_in_seconds() -> None:
    assert now().endswith("+00:00")
    assert len(now()) == len(TIME)


def test_encodings_begin_without_a_row_as_what_they_are_of() -> None:
    empty = Encodings.empty("model", "hex-nut", 8)
    assert (empty.model_id, empty.type_id, empty.rows) == ("model", "hex-nut", ())
    assert empty.matrix.shape == (0, 8)
    assert empty.matrix.dtype == np.float32
