"""The demo picks photos that show what it says: a hard one, a mistake, an object off to the side."""

import numpy as np
import pytest

from lookalike.vision.encoder import Encoder
from lookalike_tools.photos.demo import Photo, TypePhotos, choose_lesson, choose_mistake
from support.photos.photographs import blended, photograph

SUBJECTS = {"bolt": 1, "gear": 2, "nut": 3}


def type_photos(type_id: str, queries: list[bytes], candidates: list[bytes]) -> TypePhotos:
    subject = SUBJECTS[type_id]
    kinds = {
        "reference": [photograph(subject, shot) for shot in range(3)],
        "query": queries,
        "candidate": candidates,
    }
    named = {
        kind: [Photo(type_id, f"{kind}-{number}.png", data) for number, data in enumerate(photos)]
        for kind, photos in kinds.items()
    }
    return TypePhotos(type_id, named["reference"], named["query"], named["candidate"])


@pytest.fixture
def types() -> list[TypePhotos]:
    """A query of the gears has a third of a nut in it."""
    return [
        type_photos(
            type_id,
            [photograph(subject, 9), blended(subject, SUBJECTS["nut"], 0.35 if type_id == "gear" else 0.1)],
            [],
        )
        for type_id, subject in SUBJECTS.items()
    ]


def test_the_mistake_is_the_photo_most_like_another_type(encoder: Encoder, types: list[TypePhotos]) -> None:
    mistake = choose_mistake(encoder, types, 0.92)
    assert mistake
    assert (mistake.photo.title, mistake.taken_for) == ("gear/query-1.png", "nut")
    assert mistake.counterexample in types[1].references


def test_it_is_taken_for_the_other_type_and_nearer_to_its_counterexample(
    encoder: Encoder, types: list[TypePhotos]
) -> None:
    mistake = choose_mistake(encoder, types, 0.92)
    assert mistake
    (photo, against), nuts = (
        encoder.encode([mistake.photo.data, mistake.counterexample.data]),
        encoder.encode([each.data for each in types[2].references]),
    )
    assert mistake.threshold < float((nuts @ photo).max()) < float(np.dot(against, photo))


def test_a_photo_more_like_another_type_than_its_own_is_no_example(encoder: Encoder) -> None:
    gears = type_photos("gear", [photograph(SUBJECTS["nut"], 9)], [])
    assert choose_mistake(encoder, [gears, type_photos("nut", [], [])], 0.92) is None


def test_the_hard_photo_is_recognised_once_its_helper_is_appended(encoder: Encoder) -> None:
    steps = [blended(1, 4, share) for share in (0.2, 0.35, 0.5)]
    bolts = type_photos("bolt", [], steps)
    lesson = choose_lesson(encoder, [bolts], 0.9)
    assert lesson
    hard, helper = encoder.encode([lesson.hard.data, lesson.helper.data])
    references = encoder.encode([each.data for each in bolts.references])
    assert float((references @ hard).max()) < lesson.threshold < float((references @ helper).max())
    assert float(np.dot(hard, helper)) > lesson.threshold
