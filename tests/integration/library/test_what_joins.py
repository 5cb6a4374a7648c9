"""A match joins its type within the bounds that the type's settings and its size set."""

import numpy as np
import pytest

from lookalike.keys import image_key
from lookalike.looking import Seen
from lookalike.matching.encodings import Encodings, Origin, Row
from lookalike.matching.policy import Policy
from lookalike.matching.settings import Rule, TypeSettings
from lookalike.recognition import QueryPhoto, append_match, compare
from lookalike.storage.store import MAX_IMAGES, Store
from lookalike.vision.boxes import Box
from lookalike.vision.encoder import Encoder
from support.photographs import blended, photograph
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


@pytest.mark.parametrize(("missing", "joins"), [(1, True), (0, False)])
def test_a_type_takes_images_until_it_is_full(
    encoder: Encoder, store: Store, missing: int, joins: bool
) -> None:
    (encoding,) = encoder.encode([photograph(1)])
    rows = tuple(
        Row(image_key(TYPE, f"{index}.png"), "etag", Origin.UPLOADED, "")
        for index in range(MAX_IMAGES - missing)
    )
    matrix = np.broadcast_to(encoding, (len(rows), len(encoding)))
    encodings = Encodings(encoder.model_id, TYPE, matrix, rows)
    query = photograph(1, 9)
    (encoded,) = encoder.encode([query])
    match = compare(Seen(encoded[np.newaxis], [Box(0, 0, 1, 1)]), encodings, Policy(Rule.SIMILARITY, 0.92))
    assert match.decision.match
    appended = append_match(store, QueryPhoto(query), match)
    assert (appended.image is not None) is joins
    assert bool(store.image_etags(TYPE)) is joins
