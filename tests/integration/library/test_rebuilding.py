"""A type's encodings are what its images say, whatever happened on the way."""

import sys
import time
from datetime import datetime

import pytest

from lookalike.errors import EncodingsNotReadyError
from lookalike.matching.encodings import Origin
from lookalike.rebuilding.reconciling import rebuild
from lookalike.recognition import load_encodings
from lookalike.storage.store import Store
from lookalike.vision.encoder import BATCH, Encoder
from support.photos.photographs import photograph
from support.rebuilds import TYPE, bring_up_to_date, encoded_images, upload, upload_and_build, version


def test_each_image_gets_a_row(encoder: Encoder, store: Store) -> None:
    uploaded = [upload(store, f"{index}.png", photograph(1, index)) for index in range(BATCH + 3)]
    rebuilt = bring_up_to_date(encoder, store)
    assert encoded_images(store) == sorted(uploaded)
    assert (rebuilt.added, rebuilt.rows, rebuilt.complete) == (BATCH + 3, BATCH + 3, True)


def test_rows_are_what_the_encoder_says_of_their_image(encoder: Encoder, store: Store) -> None:
    shots = {upload(store, f"{index}.png", photograph(index)): photograph(index) for index in range(3)}
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    for row, vector in zip(encodings.rows, encodings.matrix, strict=True):
        assert vector == pytest.approx(encoder.encode([shots[row.image]])[0])


def test_nothing_is_written_when_nothing_has_changed(encoder: Encoder, store: Store) -> None:
    upload(store, "1.png", photograph(1))
    upload(store, "bad.png", b"no image")
    bring_up_to_date(encoder, store)
    before = version(store)
    assert not bring_up_to_date(encoder, store).changed
    assert version(store) == before


def test_a_type_without_images_gets_no_encodings(encoder: Encoder, store: Store) -> None:
    assert not bring_up_to_date(encoder, store).changed
    assert store.read_encodings(TYPE) == (None, None)


def test_the_row_of_a_deleted_image_goes(encoder: Encoder, store: Store) -> None:
    kept, deleted = (upload(store, f"{index}.png", photograph(index)) for index in range(2))
    bring_up_to_date(encoder, store)
    store.delete_image(deleted)
    assert bring_up_to_date(encoder, store).removed == 1
    assert encoded_images(store) == [kept]


def test_the_last_images_row_goes_too(encoder: Encoder, store: Store) -> None:
    key = upload(store, "1.png", photograph(1))
    bring_up_to_date(encoder, store)
    store.delete_image(key)
    bring_up_to_date(encoder, store)
    assert encoded_images(store) == []


def test_an_overwritten_image_is_encoded_again(encoder: Encoder, store: Store) -> None:
    upload(store, "1.png", photograph(1))
    bring_up_to_date(encoder, store)
    upload(store, "1.png", photograph(2))
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert encodings.matrix[0] == pytest.approx(encoder.encode([photograph(2)])[0])
    assert len(encodings.rows) == 1


def test_a_bad_image_stops_no_other_and_is_listed_with_its_reason(encoder: Encoder, store: Store) -> None:
    good = [upload(store, f"{index}.png", photograph(index)) for index in range(2)]
    text = upload(store, "a-text.png", b"no image")
    cut = upload(store, "cut.png", photograph(3)[:-200])
    rebuilt = bring_up_to_date(encoder, store)
    assert encoded_images(store) == good
    reasons = {entry.image: entry.reason for entry in rebuilt.rejected}
    assert "not an image" in reasons[text]
    assert "damaged or incomplete" in reasons[cut]


def test_a_rejected_image_is_tried_again_when_it_changes(encoder: Encoder, store: Store) -> None:
    key = upload(store, "1.png", b"no image")
    bring_up_to_date(encoder, store)
    upload(store, "1.png", photograph(1))
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert encoded_images(store) == [key]
    assert not encodings.rejected


def test_a_rejected_image_that_is_deleted_is_rejected_no_more(encoder: Encoder, store: Store) -> None:
    upload(store, "1.png", photograph(1))
    store.delete_image(upload_and_build(encoder, store, "bad.png", b"no image"))
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert not encodings.rejected


@pytest.mark.parametrize(
    "name", ["with space.png", "Größe+1.png", "ナット #5.png", "100%.png", "a/b/c.png", "q\"uote's.png"]
)
def test_images_of_any_name_are_encoded(encoder: Encoder, store: Store, name: str) -> None:
    key = upload(store, name, photograph(1))
    bring_up_to_date(encoder, store)
    assert encoded_images(store) == [key]


def test_models_do_not_meet(encoder: Encoder, other_encoder: Encoder, store: Store) -> None:
    upload(store, "1.png", photograph(1))
    bring_up_to_date(encoder, store)
    other_store = Store(store.bucket, store.work, other_encoder.model_id, other_encoder.dimension)
    assert other_store.read_encodings(TYPE) == (None, None)
    before = version(store)
    bring_up_to_date(other_encoder, other_store)
    assert encoded_images(other_store) == encoded_images(store)
    assert version(store) == before


def test_work_that_outlives_its_time_is_saved_and_continued(encoder: Encoder, store: Store) -> None:
    uploaded = [upload(store, f"{index:02}.png", photograph(1, index)) for index in range(2 * BATCH + 1)]
    runs = [bring_up_to_date(encoder, store, seconds=-1) for _ in range(3)]
    assert [run.added for run in runs] == [BATCH, BATCH, 1]
    assert [run.complete for run in runs] == [False, False, True]
    assert encoded_images(store) == sorted(uploaded)


def test_a_type_answers_once_all_its_images_were_looked_at(encoder: Encoder, store: Store) -> None:
    for index in range(BATCH + 1):
        upload(store, f"{index:02}.png", photograph(1, index))
    for expected in (None, BATCH + 1):
        bring_up_to_date(encoder, store, seconds=-1)
        # The writer keeps what it wrote in memory: others see what is in the bucket.
        for reader in (store, Store(store.bucket, store.work, store.model_id, store.dimension)):
            if expected is None:
                with pytest.raises(EncodingsNotReadyError):
                    load_encodings(reader, TYPE)
            else:
                assert len(load_encodings(reader, TYPE).rows) == expected


def test_a_type_is_complete_once_its_last_image_without_a_row_is_deleted(
    encoder: Encoder, store: Store
) -> None:
    """It answers from then on, also while a new image waits."""
    uploaded = [upload(store, f"{index:02}.png", photograph(1, index)) for index in range(BATCH + 1)]
    bring_up_to_date(encoder, store, seconds=-1)
    (unencoded,) = set(uploaded) - set(encoded_images(store))
    store.delete_image(unencoded)
    bring_up_to_date(encoder, store)
    upload(store, "new.png", photograph(1, 99))
    assert len(load_encodings(store, TYPE).rows) == BATCH


def test_a_type_goes_on_answering_while_images_are_added(encoder: Encoder, store: Store) -> None:
    first = upload(store, "00.png", photograph(1))
    bring_up_to_date(encoder, store)
    for index in range(1, 2 * BATCH):
        upload(store, f"{index:02}.png", photograph(1, index))
    bring_up_to_date(encoder, store, seconds=-1)
    assert first in [row.image for row in load_encodings(store, TYPE).rows]


def test_a_row_says_when_its_image_came(encoder: Encoder, store: Store) -> None:
    upload(store, "1.png", photograph(1))
    (listed,) = store.all_images(TYPE)
    # S3 keeps seconds: a row that is made a second later must still say the image's.
    time.sleep(max(0, listed.modified.timestamp() + 1 - time.time()))
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert [datetime.fromisoformat(row.time) for row in encodings.rows] == [
        store.get_image(listed.key).modified
    ]


def test_a_rebuild_saved_in_steps_tells_what_all_of_them_changed(
    encoder: Encoder, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = upload_and_build(encoder, store, "gone.png", photograph(1))
    store.delete_image(gone)
    bad = upload(store, "00-bad.png", b"no image")
    for index in range(2 * BATCH):
        upload(store, f"{index:02}.png", photograph(1, index))
    monkeypatch.setattr(sys.modules[rebuild.__module__], "SAVE_SECONDS", 0)
    rebuilt = bring_up_to_date(encoder, store)
    assert (rebuilt.added, rebuilt.removed, rebuilt.rows) == (2 * BATCH, 1, 2 * BATCH)
    assert [entry.image for entry in rebuilt.rejected] == [bad]
    assert rebuilt.complete


def test_uploaded_images_have_their_origin(encoder: Encoder, store: Store) -> None:
    upload(store, "1.png", photograph(1))
    bring_up_to_date(encoder, store)
    encodings, _ = store.read_encodings(TYPE)
    assert encodings
    assert [row.origin for row in encodings.rows] == [Origin.UPLOADED]
