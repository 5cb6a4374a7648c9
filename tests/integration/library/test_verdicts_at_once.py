"""Verdicts about one photo, while others move it or take it back, leave it."""

from typing import Any

import pytest

from lookalike.keys import Folder, image_key
from lookalike.storage import compare_and_swap
from lookalike.storage.compare_and_swap import ContentionError
from lookalike.storage.store import Store
from lookalike.verdicts import Verdict, judge, take_back
from support.photos.photographs import photograph

TYPE = "hex-nut"
IMAGE, COUNTEREXAMPLE = (image_key(TYPE, "1.png", folder) for folder in Folder)


@pytest.fixture
def etag(store: Store) -> str:
    """What is there as an image of the type."""
    return store.put_image(IMAGE, photograph(1), "image/png")


def where(store: Store) -> set[str]:
    return {key for key in (IMAGE, COUNTEREXAMPLE) if store.has_image(key)}


@pytest.mark.usefixtures("etag")
def test_an_opposite_verdict_waits_until_the_photo_has_moved(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would put the photo back just before it is removed there."""
    told: list[str] = []
    remove = Store.remove_photo

    def the_other_first(self: Store, photo: Any) -> None:
        if not told:
            told.append(COUNTEREXAMPLE)
            with pytest.raises(ContentionError):
                judge(store, TYPE, COUNTEREXAMPLE, Verdict.IS_ONE)
        remove(self, photo)

    monkeypatch.setattr(compare_and_swap, "BACKOFF_SECONDS", 0)
    monkeypatch.setattr(Store, "remove_photo", the_other_first)
    judge(store, TYPE, IMAGE, Verdict.IS_NOT)
    assert where(store) == {COUNTEREXAMPLE}
    judge(store, TYPE, COUNTEREXAMPLE, Verdict.IS_ONE)
    assert where(store) == {IMAGE}


@pytest.mark.parametrize("rejected", [True, False])
def test_what_was_appended_is_taken_back_if_it_is_rejected_still(
    store: Store, etag: str, rejected: bool
) -> None:
    if rejected:
        store.put_image(COUNTEREXAMPLE, photograph(1), "image/png")
    take_back(store, TYPE, "1.png", etag)
    assert where(store) == {COUNTEREXAMPLE if rejected else IMAGE}


def test_what_took_the_place_of_what_was_appended_stays(store: Store, etag: str) -> None:
    store.put_image(COUNTEREXAMPLE, photograph(1), "image/png")
    store.put_image(IMAGE, photograph(2), "image/png")
    take_back(store, TYPE, "1.png", etag)
    assert store.get_image(IMAGE).data == photograph(2)
