"""A match joins its type within the bounds that the type's settings and its size set."""

from typing import Any

import pytest

from lookalike import appending
from lookalike.errors import EncodingsNotReadyError
from lookalike.keys import encodings_key, image_key
from lookalike.matching.settings import TypeSettings
from lookalike.storage.provenance import Provenance
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.photos.photographs import blended, photograph
from support.querying import ask
from support.rebuilds import TYPE, bring_up_to_date, encodings_of


def test_a_type_takes_no_more_recognised_images_than_its_settings_say(encoder: Encoder, built: Store) -> None:
    settings = TypeSettings(max_recognized=2)
    found = [ask(encoder, built, TYPE, photograph(1, shot), settings=settings) for shot in range(10, 14)]
    assert all(each.comparison.decision.match for each in found)
    assert [each.appended.image is not None for each in found] == [True, True, False, False]
    assert len(encodings_of(built).rows) == 5


def test_a_recognised_image_vouches_for_others_unless_the_settings_say_uploaded(
    encoder: Encoder, built: Store
) -> None:
    """A walk from subject 1 to subject 2: each step is like the one before, the last is like no upload."""
    steps = [blended(1, 2, share) for share in (0.1, 0.2, 0.3, 0.4, 0.5)]
    uploaded = TypeSettings(vouch="uploaded")

    def walk(settings: TypeSettings) -> list[bool]:
        found = [
            ask(encoder, built, TYPE, step, threshold=0.97, settings=settings).appended.image
            for step in steps
        ]
        return [image is not None for image in found]

    bounded = walk(uploaded)
    assert bounded[0]
    assert not bounded[-1]
    assert walk(TypeSettings()) == [not appended for appended in bounded]


def test_a_match_joins_no_type_whose_uploads_must_vouch_and_are_gone(encoder: Encoder, built: Store) -> None:
    kept = ask(encoder, built, TYPE, photograph(1, 8)).appended.image
    for shot in range(3):
        built.delete_image(image_key(TYPE, f"{shot}.png"))
    bring_up_to_date(encoder, built)
    settings = TypeSettings(vouch="uploaded")
    found = ask(encoder, built, TYPE, photograph(1, 9), settings=settings)
    assert found.comparison.decision.match
    assert found.appended.image is None
    assert [row.image for row in encodings_of(built).rows] == [kept]


@pytest.mark.parametrize(
    ("encoded", "rejected", "waiting", "joins"),
    [(4, 0, 0, True), (5, 0, 0, False), (3, 1, 0, True), (4, 1, 0, False), (3, 0, 1, True), (3, 0, 2, False)],
)
def test_a_type_takes_images_until_it_is_full(
    encoder: Encoder,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    encoded: int,
    rejected: int,
    waiting: int,
    joins: bool,
) -> None:
    monkeypatch.setattr(appending, "MAX_IMAGES", 5)
    monkeypatch.setattr(appending, "MOST_WAITING", 3)
    for index in range(encoded + rejected):
        data = photograph(1, index) if index < encoded else b"no image"
        store.put_image(image_key(TYPE, f"{index}.png"), data, "image/png")
    bring_up_to_date(encoder, store)
    for index in range(waiting):
        store.put_image(image_key(TYPE, f"waiting-{index}.png"), photograph(1), "image/png")
    found = ask(encoder, store, TYPE, photograph(1, 9))
    assert found.comparison.decision.match
    assert (found.appended.image is not None) is joins
    assert len(store.image_etags(TYPE)) == encoded + rejected + waiting + joins


def test_a_row_appended_to_encodings_that_vanished_is_only_the_first(encoder: Encoder, built: Store) -> None:
    """A type that answered from it alone would miss all its other images."""

    class InterruptedStore(Store):
        def add_recognized_image(self, key: str, *args: Any) -> tuple[str, Provenance]:
            self.work.delete(encodings_key(self.model_id, TYPE))
            return super().add_recognized_image(key, *args)

    interrupted = InterruptedStore(built.bucket, built.work, built.model_id, built.dimension)
    assert ask(encoder, interrupted, TYPE, photograph(1, 9)).appended.image
    with pytest.raises(EncodingsNotReadyError):
        ask(encoder, built, TYPE, photograph(1, 9))
    bring_up_to_date(encoder, built)
    assert len(encodings_of(built).rows) == 4
