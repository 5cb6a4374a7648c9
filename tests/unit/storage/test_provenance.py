"""Where an image comes from is read from its metadata, and nothing that people put there is trusted."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import InvalidBoxError
from lookalike.keys import MAX_KEY_BYTES
from lookalike.matching.encodings import Origin
from lookalike.storage.provenance import (
    MAX_CALLER,
    Provenance,
    from_metadata,
    known_by_people,
    moved_from,
    object_box,
    to_metadata,
    verdict_to_metadata,
)
from lookalike.vision.boxes import Box, object_in_square

NEAREST = "types/hex-nut/images/schöne Mutter.jpg"

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
similarities = st.integers(-1_000_000, 1_000_000).map(lambda millionths: millionths / 1_000_000)


def encoded(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


boxes = st.sampled_from([None, Box(0, 0, 1, 1), Box(0.123456, 0.000001, 0.7, 0.999999)])


@given(
    st.builds(Provenance, st.just(Origin.RECOGNIZED), similarities, keys, st.one_of(st.none(), keys), boxes)
)
def test_what_is_written_is_read_again(provenance: Provenance) -> None:
    assert from_metadata(to_metadata(provenance)) == provenance


def test_an_upload_says_only_that_it_is_one() -> None:
    assert to_metadata(Provenance()) == {"origin": "uploaded"}
    assert from_metadata({"origin": "uploaded"}) == Provenance(Origin.UPLOADED, None, None)


def test_an_upload_may_have_a_box() -> None:
    boxed = Provenance(box=Box(0.1, 0.2, 0.3, 1))
    assert to_metadata(boxed) == {"origin": "uploaded", "box": "0.1,0.2,0.3,1"}
    assert from_metadata({"box": " 0.1,0.2, 0.3,1.0"}) == boxed


@pytest.mark.parametrize("origin", ["uploaded", "recognized"])
def test_a_wrong_box_is_no_upload_without_one(origin: str) -> None:
    with pytest.raises(InvalidBoxError, match="not four numbers"):
        from_metadata({"origin": origin, "box": "everywhere"})


def test_a_similarity_has_six_decimals() -> None:
    assert to_metadata(Provenance(Origin.RECOGNIZED, 0.98765432, NEAREST))["similarity"] == "0.987654"


def test_a_similarity_of_zero_is_one() -> None:
    assert to_metadata(Provenance(Origin.RECOGNIZED, 0.0))["similarity"] == "0.000000"


def test_the_longest_key_and_file_name_fit_what_s3_takes() -> None:
    box = Box(0.111111, 0.222222, 0.333333, 0.444444)
    longest = "ü" * (MAX_KEY_BYTES // 2), "ü" * 1000
    metadata = to_metadata(Provenance(Origin.RECOGNIZED, -0.123456, *longest, box))
    text = "".join(name + value for name, value in metadata.items())
    assert text.isascii()
    assert len(text) <= 2048


@pytest.mark.parametrize(
    "metadata", [{}, {"origin": "rubbish"}, {"origin": "RECOGNIZED"}, {"other": "recognized"}]
)
def test_metadata_that_says_nothing_of_it_counts_as_an_upload(metadata: dict[str, str]) -> None:
    assert from_metadata(metadata) == Provenance(Origin.UPLOADED, None, None)


def test_an_upload_is_near_to_nothing_whatever_its_metadata_claims() -> None:
    claimed = {"origin": "uploaded", "similarity": "0.99", "nearest": encoded(NEAREST)}
    assert from_metadata(claimed) == Provenance(Origin.UPLOADED, None, None)


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"similarity": "high"},
        {"nearest": "A"},
        {"filename": "A"},
    ],
)
def test_a_recognized_image_stays_one_when_the_rest_is_broken(rest: dict[str, str]) -> None:
    assert from_metadata({"origin": "recognized"} | rest) == Provenance(Origin.RECOGNIZED, None, None)


@pytest.mark.parametrize("similarity", ["nan", "inf", "-inf"])
def test_a_similarity_that_is_no_number_is_not_known(similarity: str) -> None:
    metadata = {"origin": "recognized", "similarity": similarity, "nearest": encoded(NEAREST)}
    assert from_metadata(metadata) == Provenance(Origin.RECOGNIZED, None, NEAREST)


def test_a_long_file_name_is_cut_at_a_whole_character() -> None:
    kept = from_metadata(to_metadata(Provenance(Origin.RECOGNIZED, filename="ü" * 1000))).filename
    assert kept == "ü" * 127


def test_a_file_name_that_is_no_utf_8_is_kept_as_far_as_it_is() -> None:
    kept = from_metadata(to_metadata(Provenance(Origin.RECOGNIZED, filename="a\ud800.png"))).filename
    assert kept == "a?.png"


def test_a_row_tells_all_that_is_known_of_its_image() -> None:
    box = Box(0.1, 0.2, 0.3, 0.4)
    row = Provenance(Origin.RECOGNIZED, 0.98, NEAREST, "mutter.jpg", box).row("the key", "the etag", "now")
    assert (row.image, row.etag, row.origin, row.time) == ("the key", "the etag", Origin.RECOGNIZED, "now")
    assert (row.similarity, row.nearest, row.filename, row.box) == (0.98, NEAREST, "mutter.jpg", box)


def test_an_image_among_the_counterexamples_is_one_whatever_its_metadata_say() -> None:
    row = Provenance(Origin.RECOGNIZED).row("types/hex-nut/counterexamples/1.jpg", "the etag", "now")
    assert row.origin is Origin.COUNTEREXAMPLE


def test_an_upload_may_have_the_name_of_its_file() -> None:
    named = Provenance(filename="mutter.jpg")
    assert from_metadata(to_metadata(named)) == named


def test_a_photo_that_a_person_decided_about_keeps_the_digest_of_its_bytes() -> None:
    decided = Provenance(digest="0123456789abcdef")
    assert from_metadata(to_metadata(decided)) == decided
    assert (
        decided.row("types/nut/counterexamples/1.jpg", "etag", "2030-01-01T00:00:00Z").digest
        == decided.digest
    )


def test_a_verdict_is_kept_with_who_made_it_when_and_of_what() -> None:
    at, before = "2030-01-01T00:00:00+00:00", "missed/hex-nut/"
    metadata = verdict_to_metadata("is_one", "jörg", at, before)
    assert metadata == {
        "verdict": "is_one",
        "verdict-at": at,
        "moved-from": before,
        "verdict-by": "j?rg",
    }
    assert (moved_from(metadata), moved_from({})) == (before, None)
    assert "verdict-by" not in verdict_to_metadata("is_not", None, at, before)
    assert len(verdict_to_metadata("is_not", "x" * 999, at, before)["verdict-by"]) == MAX_CALLER


@pytest.mark.parametrize("origin", Origin)
def test_what_people_know_stays_when_they_draw_a_box(origin: Origin) -> None:
    own = {"order": "A17", "verdict": "is_one"}
    told = to_metadata(Provenance(origin, 0.97, NEAREST, "3.png", Box(0, 0, 0.5, 0.5), "digest"))
    expected = {name: told[name] for name in ("filename", "digest")}
    if origin is not Origin.RECOGNIZED:
        expected |= {name: told[name] for name in ("origin", "similarity", "nearest")}
    assert known_by_people(told | own) == expected | own


def test_of_a_recognised_image_the_object_is_within_the_window() -> None:
    window = Box(0.25, 0.25, 0.75, 0.75)
    assert object_box(Provenance(Origin.RECOGNIZED, box=window)) == object_in_square(window)
    assert object_box(Provenance(Origin.UPLOADED, box=window)) == window
    assert object_box(Provenance(Origin.RECOGNIZED)) is None
