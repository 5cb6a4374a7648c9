"""A match is recognised, saved and appended once; nothing else leaves a trace."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lookalike import appending
from lookalike.errors import EncodingsNotReadyError, NotFoundError, UnsupportedImageError
from lookalike.keys import content_digest, encodings_key, image_key
from lookalike.matching.encodings import Origin
from lookalike.matching.settings import Look
from lookalike.storage.provenance import Provenance, from_metadata
from lookalike.storage.store import Store
from lookalike.vision.boxes import Box
from lookalike.vision.encoder import Encoder
from lookalike.vision.views import windows
from support.photos.photographs import photograph, scene
from support.querying import ask
from support.rebuilds import TYPE, bring_up_to_date, encodings_of


def keys_in(store: Store) -> set[str]:
    return {
        entry["Key"] for entry in store.bucket.client.list_objects_v2(Bucket=store.bucket.name)["Contents"]
    }


def test_a_reference_image_is_recognised(encoder: Encoder, built: Store) -> None:
    found = ask(encoder, built, TYPE, photograph(1, 2))
    assert found.comparison.decision.match
    assert found.comparison.decision.similarity > 0.999
    assert found.comparison.decision.nearest[0].image == image_key(TYPE, "2.png")


def test_another_object_is_not_and_leaves_no_trace(encoder: Encoder, built: Store) -> None:
    before = keys_in(built)
    found = ask(encoder, built, TYPE, photograph(2))
    assert not found.comparison.decision.match
    assert found.appended.image is None
    assert keys_in(built) == before


def test_a_match_appends_one_image_and_one_row_that_the_next_query_sees(
    encoder: Encoder, built: Store
) -> None:
    query = photograph(1, 9)
    before = keys_in(built)
    found = ask(encoder, built, TYPE, query)
    assert keys_in(built) - before == {found.appended.image}
    assert found.appended.rows == 4
    again = ask(encoder, built, TYPE, query, append=False)
    assert again.comparison.decision.nearest[0].image == found.appended.image
    assert again.comparison.decision.similarity > 0.999


def test_the_same_bytes_are_appended_once_whatever_their_name(encoder: Encoder, built: Store) -> None:
    query = photograph(1, 9)
    ask(encoder, built, TYPE, query, filename="a.png")
    before = keys_in(built)
    again = ask(encoder, built, TYPE, query, filename="b.png")
    assert again.appended.image is None
    assert keys_in(built) == before
    assert len(encodings_of(built).rows) == 4


def test_the_same_bytes_under_two_names_at_once_are_appended_once(encoder: Encoder, built: Store) -> None:
    query = photograph(1, 9)
    faster = []

    class InterruptedStore(Store):
        def add_recognized_image(self, *args: Any) -> Any:
            faster.append(ask(encoder, built, TYPE, query, filename="a.png"))
            return super().add_recognized_image(*args)

    before = keys_in(built)
    interrupted = InterruptedStore(built.bucket, built.work, built.model_id, built.dimension)
    slower = ask(encoder, interrupted, TYPE, query, filename="b.png")
    assert slower.appended.image == faster[0].appended.image
    assert keys_in(built) - before == {slower.appended.image}
    assert [row.filename for row in encodings_of(built).rows[3:]] == ["a.png"]


def test_bytes_that_were_appended_under_an_older_name_are_not_appended_again(
    encoder: Encoder, built: Store
) -> None:
    """Names used to hold the query's file name beside the digest."""
    query = photograph(1, 9)
    older = image_key(TYPE, f"bench 1-{content_digest(query)}.png")
    built.add_recognized_image(older, query, "image/png", Provenance(Origin.RECOGNIZED))
    bring_up_to_date(encoder, built)
    before = keys_in(built)
    found = ask(encoder, built, TYPE, query)
    assert found.comparison.decision.nearest[0].image == older
    assert found.appended.image is None
    assert keys_in(built) == before


def test_append_can_be_declined(encoder: Encoder, built: Store) -> None:
    before = keys_in(built)
    found = ask(encoder, built, TYPE, photograph(1, 9), append=False)
    assert found.comparison.decision.match
    assert found.appended.image is None
    assert keys_in(built) == before


def test_an_appended_image_is_named_by_its_bytes_and_remembers_what_it_was_called(
    encoder: Encoder, built: Store
) -> None:
    query = photograph(1, 9)
    found = ask(encoder, built, TYPE, query, filename="Größe/ +1\n.jpg")
    assert found.appended.image == image_key(TYPE, f"{content_digest(query)}.png")
    stored = built.get_image(found.appended.image)
    assert stored.data == query
    assert from_metadata(stored.metadata).filename == "Größe/ +1\n.jpg"
    assert encodings_of(built).rows[-1].filename == "Größe/ +1\n.jpg"


def test_its_own_event_adds_nothing(encoder: Encoder, built: Store) -> None:
    ask(encoder, built, TYPE, photograph(1, 9))
    before = built.read_encodings(TYPE)[1]
    bring_up_to_date(encoder, built)
    assert built.read_encodings(TYPE)[1] == before


def test_deleting_an_appended_image_undoes_the_match(encoder: Encoder, built: Store) -> None:
    found = ask(encoder, built, TYPE, photograph(1, 9))
    assert found.appended.image
    built.delete_image(found.appended.image)
    bring_up_to_date(encoder, built)
    assert len(encodings_of(built).rows) == 3


def test_an_image_removed_before_its_row_is_appended_asks_for_a_rebuild(
    encoder: Encoder, built: Store
) -> None:
    """Its removal's event came before the row, and found nothing to remove."""

    class InterruptedStore(Store):
        def add_recognized_image(self, key: str, *args: Any) -> tuple[str, Provenance]:
            added = super().add_recognized_image(key, *args)
            self.delete_image(key)
            bring_up_to_date(encoder, built)
            return added

    interrupted = InterruptedStore(built.bucket, built.work, built.model_id, built.dimension)
    found = ask(encoder, interrupted, TYPE, photograph(1, 9))
    assert found.appended.image is None
    removed = found.appended.doubtful
    assert removed in {row.image for row in encodings_of(built).rows}
    # Should that request be lost, the next query with these bytes makes it.
    assert ask(encoder, built, TYPE, photograph(1, 9)).appended.doubtful == removed
    bring_up_to_date(encoder, built)
    assert len(encodings_of(built).rows) == 3


def test_a_recognised_image_keeps_what_it_was_nearest_to(encoder: Encoder, built: Store) -> None:
    found = ask(encoder, built, TYPE, photograph(1, 9))
    nearest = found.comparison.decision.nearest[0]
    row = encodings_of(built).rows[-1]
    assert row.similarity == pytest.approx(nearest.similarity, abs=1e-6)
    assert row.nearest == nearest.image
    built.work.client.delete_object(Bucket=built.work.name, Key=encodings_key(encoder.model_id, TYPE))
    bring_up_to_date(encoder, built)
    again = next(other for other in encodings_of(built).rows if other.image == row.image)
    assert (again.similarity, again.nearest) == (row.similarity, row.nearest)


def test_a_row_that_could_not_be_appended_is_made_by_the_images_event(
    encoder: Encoder, built: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "APPEND_ATTEMPTS", 0)
    found = ask(encoder, built, TYPE, photograph(1, 9))
    assert found.appended.pending
    assert found.appended.image in keys_in(built)
    bring_up_to_date(encoder, built)
    assert encodings_of(built).rows[-1].image == found.appended.image
    assert encodings_of(built).rows[-1].origin is Origin.RECOGNIZED


def test_origins_outlive_the_encodings(encoder: Encoder, built: Store) -> None:
    ask(encoder, built, TYPE, photograph(1, 9))
    before = {(row.image, row.origin) for row in encodings_of(built).rows}
    built.work.client.delete_object(Bucket=built.work.name, Key=encodings_key(encoder.model_id, TYPE))
    bring_up_to_date(encoder, built)
    assert {(row.image, row.origin) for row in encodings_of(built).rows} == before


def test_many_matches_at_once_lose_nothing(encoder: Encoder, built: Store) -> None:
    shots = [photograph(1, shot) for shot in range(10, 110)]
    with ThreadPoolExecutor(len(shots)) as threads:
        found = list(threads.map(lambda shot: ask(encoder, built, TYPE, shot), shots))
    appended = {each.appended.image for each in found}
    assert max(each.appended.attempts for each in found) <= appending.APPEND_ATTEMPTS
    at_once = {row.image for row in encodings_of(built).rows}
    assert len(appended) == len(shots)
    assert {each.appended.image for each in found if not each.appended.pending} <= at_once
    bring_up_to_date(encoder, built)
    rows = [row.image for row in encodings_of(built).rows]
    assert len(rows) == len(set(rows)) == len(shots) + 3
    assert appended < set(rows)


def test_an_unknown_type_is_not_found(encoder: Encoder, store: Store) -> None:
    with pytest.raises(NotFoundError, match="there is no type 'hex-nut'"):
        ask(encoder, store, TYPE, photograph(1))


def test_a_type_that_is_being_built_is_not_ready(encoder: Encoder, store: Store) -> None:
    store.put_image(image_key(TYPE, "1.png"), photograph(1), "image/png")
    with pytest.raises(EncodingsNotReadyError, match="try again"):
        ask(encoder, store, TYPE, photograph(1))


def test_a_type_whose_images_are_all_rejected_says_so(encoder: Encoder, store: Store) -> None:
    store.put_image(image_key(TYPE, "1.png"), b"no image", "image/png")
    bring_up_to_date(encoder, store)
    with pytest.raises(NotFoundError, match="no image that can be encoded"):
        ask(encoder, store, TYPE, photograph(1))


def test_what_is_no_image_leaves_no_trace(encoder: Encoder, built: Store) -> None:
    before = keys_in(built)
    with pytest.raises(UnsupportedImageError):
        ask(encoder, built, TYPE, b"no image", threshold=0)
    assert keys_in(built) == before


@pytest.mark.parametrize("box", ["0,0,0.5,0.5", "nowhere"])
def test_the_row_of_a_photo_that_another_query_saved_with_another_window_is_left_to_its_event(
    encoder: Encoder, built: Store, box: str
) -> None:
    size = (320, 240)
    query = scene((1, windows(*size, 8)[-1]), size=size)

    class SlowerStore(Store):
        def add_recognized_image(self, key: str, data: bytes, *args: Any) -> Any:
            self.bucket.put(key, data, "image/png", {"origin": "recognized", "box": box})
            return super().add_recognized_image(key, data, *args)

    slower = SlowerStore(built.bucket, built.work, built.model_id, built.dimension)
    found = ask(encoder, slower, TYPE, query, look=Look.ANYWHERE)
    assert found.comparison.decision.match
    assert len(encodings_of(built).rows) == 3
    assert found.appended.pending is (box != "nowhere")
    bring_up_to_date(encoder, built)
    now_known = encodings_of(built)
    assert [row.box for row in now_known.rows[3:]] == ([] if box == "nowhere" else [Box(0, 0, 0.5, 0.5)])
    assert len(now_known.rejected) == (box == "nowhere")
