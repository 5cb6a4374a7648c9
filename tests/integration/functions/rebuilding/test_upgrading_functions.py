"""What the recognising function does with the model that was replaced, where its image carries it."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from lookalike.rebuilding.gallery_refresh import refresh_gallery
from lookalike.rebuilding.reconciling import rebuild
from lookalike_tools.local.emulator import Emulator
from support.encodings.thumbnail_model import save_thumbnail_model
from support.photos.photographs import photograph
from support.system import TYPE, System, running_system

NEW, OLD = "thumbnail-2", "thumbnail-1"
IDENTIFY = "POST /recognize"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were opened so far."""
    paths: list[str] = []
    open_session = onnxruntime.InferenceSession

    def note(path: str, *arguments: Any, **options: Any) -> onnxruntime.InferenceSession:
        paths.append(Path(path).parent.name)
        return open_session(path, *arguments, **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    return paths


@pytest.fixture
def system(
    opened: list[str], emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[System]:
    """The functions with a model that replaces another; nothing is built."""
    monkeypatch.setenv("PREVIOUS_MODEL_DIR", str(save_thumbnail_model(tmp_path / OLD, OLD)))
    with running_system(emulator, save_thumbnail_model(tmp_path / NEW, NEW), monkeypatch) as system:
        opened.clear()
        yield system


def build_by_old(system: System, type_id: str = TYPE) -> None:
    """Put a photo of subject 1, and have it built by the model that was replaced."""
    system.upload("1.png", photograph(1), type_id)
    previous = system.started.previous
    assert previous
    rebuild(previous.open_encoder(), previous.store, type_id, math.inf)
    refresh_gallery(previous.store, [type_id])


def build_by_new(system: System, type_id: str = TYPE) -> None:
    rebuild(system.encoder, system.store, type_id, math.inf)
    refresh_gallery(system.store, [type_id])


def test_it_is_opened_for_a_type_that_is_not_built_and_only_once(system: System, opened: list[str]) -> None:
    system.upload("1.png", photograph(1), "built")
    build_by_new(system, "built")
    assert system.call("POST /types/{type_id}/recognize", photograph(1), type_id="built")[0] == 200
    assert opened == []
    build_by_old(system)
    assert [system.ask(photograph(1))[1]["model"] for _ in range(2)] == [OLD, OLD]
    assert opened == [OLD]


def test_a_match_is_saved_and_neither_models_encodings_change(system: System) -> None:
    build_by_old(system)
    status, answer = system.ask(photograph(1, 9))
    assert (status, answer["model"], answer["match"], answer["pending"]) == (200, OLD, True, True)
    assert system.store.has_image(answer["appended"])
    assert system.started.previous
    encodings, _ = system.started.previous.store.read_encodings(TYPE)
    assert encodings
    assert len(encodings.rows) == 1
    assert system.rows() == []


def test_the_type_is_queued_once_however_often_it_is_asked_for(system: System) -> None:
    build_by_old(system)
    system.sqs.purge_queue(QueueUrl=system.queue_url)
    for _ in range(5):
        assert system.ask(photograph(1), append="false")[0] == 200
    assert system.waiting(system.queue_url) == 1
    system.deliver_all()
    assert system.ask(photograph(1), append="false")[1]["model"] == NEW


def test_a_queue_that_is_down_stops_no_answer(system: System) -> None:
    build_by_old(system)
    system.proxy.break_("POST", "", "503")
    assert system.ask(photograph(1), append="false")[0] == 200


def test_a_type_that_neither_model_has_built_is_still_to_come(system: System) -> None:
    system.upload("1.png", photograph(1))
    assert system.ask(photograph(1))[0] == 503


def test_all_types_are_asked_by_one_model_that_knows_them_all(system: System) -> None:
    build_by_old(system, "first")
    build_by_old(system, "second")
    build_by_new(system, "first")
    assert system.call(IDENTIFY, photograph(1))[1]["model"] == OLD
    build_by_new(system, "second")
    assert system.call(IDENTIFY, photograph(1))[1]["model"] == NEW


def test_a_type_that_is_gone_keeps_nobody_with_the_old_model(system: System) -> None:
    build_by_old(system, "first")
    build_by_old(system, "second")
    build_by_new(system, "first")
    (image,) = system.store.image_etags("second")
    system.store.delete_image(image)
    assert system.call(IDENTIFY, photograph(1))[1]["model"] == NEW
