"""A photo without a type is identified among hundreds of types, by reading a handful of objects."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import Event
from typing import Any

import numpy as np
import pytest

from lookalike.errors import EncodingsNotReadyError, NotFoundError
from lookalike.identification import CANDIDATES, Identification, identify
from lookalike.keys import image_key
from lookalike.looking import QueryPhoto
from lookalike.matching.encodings import EncodedImage, Encodings, Origin, Row
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy, StackDefaults, choose_policy
from lookalike.matching.settings import Rule, StoredSettings, TypeSettings
from lookalike.rebuilding.gallery_refresh import refresh_gallery
from lookalike.rebuilding.reconciling import rebuild
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder
from support.photos.photographs import photograph

TYPES = 300


def type_id(subject: int) -> str:
    return f"type-{subject:04}"


def write_type(encoder: Encoder, store: Store, subject: int, shots: int = 3) -> None:
    matrix = encoder.encode([photograph(subject, shot) for shot in range(shots)])
    images = [
        EncodedImage(Row(image_key(type_id(subject), f"{shot}.png"), "etag", Origin.UPLOADED, ""), row)
        for shot, row in enumerate(matrix)
    ]
    empty = Encodings.empty(encoder.model_id, type_id(subject), matrix.shape[1])
    store.update_encodings(type_id(subject), lambda _: empty.append(images))


@pytest.fixture(scope="module")
def many_types(encoder: Encoder, make_store: Any) -> Store:
    store: Store = make_store()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda subject: write_type(encoder, store, subject), range(TYPES)))
    refresh_gallery(store, [type_id(0)])
    return store


def find(encoder: Encoder, store: Store, photo: bytes, rule: Rule = Rule.SIMILARITY) -> Identification:
    """Identify a photo, by a stack's rule."""

    def policy_of(_: str, gallery: Gallery) -> Policy:
        return choose_policy(None, StoredSettings(), StackDefaults(rule, 0.92), lambda: gallery)

    return identify(encoder, store, QueryPhoto(photo), policy_of)


@pytest.mark.parametrize("rule", list(Rule))
def test_each_of_many_photos_is_found_among_hundreds_of_types(
    encoder: Encoder, many_types: Store, rule: Rule
) -> None:
    for subject in range(0, TYPES, 31):
        found = find(encoder, many_types, photograph(subject, 9), rule)
        assert found.match
        assert found.match.encodings.type_id == type_id(subject)
        assert found.match.policy.rule is rule
        assert len(found.candidates) == len(found.probabilities) == CANDIDATES
        assert list(found.probabilities) == sorted(found.probabilities, reverse=True)
        assert found.probabilities[0] > 0.5 > found.none
        assert found.types == TYPES


def test_a_photo_of_none_of_them_matches_none(encoder: Encoder, many_types: Store) -> None:
    for rule in Rule:
        found = find(encoder, many_types, photograph(TYPES + 1), rule)
        assert found.match is None
        assert found.none > max(found.probabilities)


def test_only_the_gallery_and_the_candidates_are_read(encoder: Encoder, many_types: Store) -> None:
    read: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        read.append(params["Key"])

    events = many_types.bucket.client.meta.events
    events.register("before-parameter-build.s3.GetObject", note)
    identify(encoder, many_types, QueryPhoto(photograph(5, 9)), lambda *_: Policy(Rule.SIMILARITY, 0.92))
    events.unregister("before-parameter-build.s3.GetObject", note)
    assert len(read) == 1 + CANDIDATES
    assert "_gallery" in read[0]


def test_the_gallery_is_read_while_the_photo_is_encoded(
    encoder: Encoder, many_types: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, encode = Event(), encoder.encode_pixels

    def note(params: dict[str, Any], **_: Any) -> None:
        if "_gallery" in params["Key"]:
            asked.set()

    def encode_once_asked(pixels: np.ndarray) -> np.ndarray:
        assert asked.wait(timeout=60)
        return encode(pixels)

    monkeypatch.setattr(encoder, "encode_pixels", encode_once_asked)
    events = many_types.bucket.client.meta.events
    events.register("before-parameter-build.s3.GetObject", note)
    assert find(encoder, many_types, photograph(5, 9)).match
    events.unregister("before-parameter-build.s3.GetObject", note)


def test_a_type_that_went_since_the_gallery_was_written_is_passed_over(
    encoder: Encoder, store: Store
) -> None:
    for subject in range(3):
        write_type(encoder, store, subject)
    refresh_gallery(store, [type_id(0)])
    store.update_encodings(type_id(1), lambda encodings: encodings.keep_only({}))
    found = find(encoder, store, photograph(1, 9))
    assert {each.encodings.type_id for each in found.candidates} == {type_id(0), type_id(2)}


def test_candidates_are_compared_in_the_context_of_the_request(encoder: Encoder, store: Store) -> None:
    """The time when calls must end is in it."""
    write_type(encoder, store, 1)
    refresh_gallery(store, [type_id(1)])
    request = ContextVar("request", default="another")
    seen = []

    def policy_of(*_: object) -> Policy:
        seen.append(request.get())
        return Policy(Rule.SIMILARITY, 0.92)

    request.set("this")
    identify(encoder, store, QueryPhoto(photograph(1, 9)), policy_of)
    assert seen == ["this"]


def test_without_types_there_is_nothing_to_find(encoder: Encoder, store: Store) -> None:
    with pytest.raises(NotFoundError, match="there are no types"):
        find(encoder, store, photograph(1))


def test_types_that_are_being_built_are_not_ready(encoder: Encoder, store: Store) -> None:
    store.put_image(image_key("nut", "1.png"), photograph(1), "image/png")
    with pytest.raises(EncodingsNotReadyError, match="try again"):
        find(encoder, store, photograph(1))


def test_types_of_which_none_can_be_encoded_are_not_waited_for(encoder: Encoder, store: Store) -> None:
    store.write_settings("gear", TypeSettings(threshold=0.8))
    store.put_image(image_key("nut", "1.png"), b"no photo", "image/png")
    rebuild(encoder, store, "nut", time.monotonic() + 60)
    with pytest.raises(NotFoundError, match="no types with images that can be encoded"):
        find(encoder, store, photograph(1))
