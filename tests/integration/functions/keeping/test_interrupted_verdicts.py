"""A verdict that fails half-way leaves its photo in one place at least, and is finished by the next try."""

from typing import Any

import pytest

from lookalike.verdicts import Verdict, judge
from support.photos.photographs import photograph
from support.system import System
from support.verdicts import QUERY, decide

STEPS = [
    ("GET", "/images/"),
    ("GET", "/counterexamples/"),
    ("PUT", "/counterexamples/"),
    ("DELETE", "/images/"),
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["503", "reset", "lost answer", "409"])
def test_a_step_that_fails_once_is_made_again(
    shared_system: System, new_type: str, appended: str, step: tuple[str, str], kind: Any
) -> None:
    shared_system.proxy.break_(*step, kind, times=1)
    broken = shared_system.proxy.broken
    status, answer = decide(shared_system, new_type, appended, "is_not")
    shared_system.proxy.mend()
    assert shared_system.proxy.broken == broken + 1
    if (kind, step[0]) == ("409", "GET"):
        assert status == 503
        status, answer = decide(shared_system, new_type, appended, "is_not")
    assert status == 200
    assert where(shared_system, appended) <= {answer["image"], appended}
    assert answer["image"] in where(shared_system, appended)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["500", "reset", "412"])
def test_a_verdict_that_is_cut_off_leaves_the_photo_and_is_finished_by_the_next_try(
    shared_system: System, new_type: str, appended: str, step: tuple[str, str], kind: Any
) -> None:
    shared_system.proxy.break_(*step, kind)
    status, _ = decide(shared_system, new_type, appended, "is_not")
    shared_system.proxy.mend()
    assert where(shared_system, appended)
    # A removal that S3 refuses because of what is there now is left alone.
    assert status == (200 if (kind, step[0]) == ("412", "DELETE") else 503)
    status, answer = decide(shared_system, new_type, appended, "is_not")
    assert status == 200
    assert where(shared_system, appended) == {answer["image"]}


def where(system: System, appended: str) -> set[str]:
    """Where the photo is, of its two places."""
    places = {appended, appended.replace("/images/", "/counterexamples/")}
    return {key for key in places if system.store.has_image(key)}


def test_a_photo_that_another_took_the_place_of_is_not_removed(
    shared_system: System, new_type: str, appended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shared_system.store
    remove = type(store).remove_photo

    def replaced_first(self: Any, photo: Any) -> None:
        store.put_image(appended, photograph(7), "image/png")
        remove(self, photo)

    monkeypatch.setattr(type(store), "remove_photo", replaced_first)
    judge(store, new_type, appended, Verdict.IS_NOT)
    assert store.get_image(appended).data == photograph(7)


def test_a_photo_that_came_under_the_name_meanwhile_is_kept(
    shared_system: System, new_type: str, appended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, taken = shared_system.store, appended.replace("/images/", "/counterexamples/")
    find = type(store).find_photo
    asked: list[str] = []

    def put_after_first_look(self: Any, key: str) -> Any:
        found = find(self, key)
        if key == taken and not asked:
            asked.append(key)
            store.put_image(taken, photograph(7), "image/png")
        return found

    monkeypatch.setattr(type(store), "find_photo", put_after_first_look)
    moved = judge(store, new_type, appended, Verdict.IS_NOT)
    assert store.get_image(taken).data == photograph(7)
    assert store.get_image(moved).data == QUERY
