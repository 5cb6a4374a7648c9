"""The rebuilding function: what it does with its time, its messages, its metrics and the event bus."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from lookalike.aws.queue import request_rebuild
from lookalike.keys import image_key
from lookalike.rebuilding.image_reading import MOST_UNREAD
from lookalike.vision.encoder import BATCH
from lookalike_tools.local.emulator import Emulator
from support.photos.photographs import photograph
from support.system import TYPE, System, running_system

TRIES = 3
"""How often S3 is asked for one object that it does not give."""


def put(system: System, name: str, data: bytes, type_id: str = TYPE) -> str:
    """Put an image of which no message tells."""
    key = image_key(type_id, name)
    system.rebuild.store.put_image(key, data, "image/png")
    return key


def ask(system: System, type_id: str = TYPE) -> None:
    request_rebuild(system.sqs, system.queue_url, type_id)


def reads(system: System) -> list[str]:
    """The images that were read, once for each time."""
    return sorted(path for method, path in system.proxy.requests if method == "GET" and "/images/" in path)


def is_write_of_encodings(method: str, path: str) -> bool:
    return method == "PUT" and "/encodings/" in path and "/_gallery" not in path


def rows_of(system: System, type_id: str) -> int:
    encodings, _ = system.store.read_encodings(type_id)
    return len(encodings.rows) if encodings else 0


def told_by(system: System) -> list[tuple[str, dict[str, Any]]]:
    """Kinds and details of the events since this was asked last."""
    return [(event["detail-type"], event["detail"]) for event in system.events()]


def metrics_in(output: str) -> dict[str, float]:
    """The sum of each metric that was written, by its name."""
    sums: dict[str, float] = {}
    for line in output.splitlines():
        with suppress(ValueError):
            record = json.loads(line)
            for described in record.get("_aws", {}).get("CloudWatchMetrics", []):
                assert described["Namespace"] == "Lookalike"
                for metric in described["Metrics"]:
                    sums[metric["Name"]] = sums.get(metric["Name"], 0) + sum(record[metric["Name"]])
    return sums


# ---------------------------------------------------------------------------------------------------------
# Time


def test_no_second_type_is_begun_after_the_deadline(system: System) -> None:
    types = ["bolt", "nut"]
    for type_id in types:
        put(system, "1.png", photograph(1), type_id)
        ask(system, type_id)
    assert system.deliver(seconds=1) == 0
    assert sorted(rows_of(system, type_id) for type_id in types) == [0, 1]
    assert [message.rebuild is not None for message in system.messages()].count(True) == 1
    assert system.deliver(seconds=1) == 0
    assert [rows_of(system, type_id) for type_id in types] == [1, 1]
    assert not any(message.rebuild for message in system.messages())


def test_the_last_seconds_are_kept_for_saving(system: System) -> None:
    for index in range(2 * BATCH):
        put(system, f"{index:02}.png", photograph(1, index))
    ask(system)
    assert system.deliver(seconds=15) == 0
    assert len(system.rows()) == BATCH
    assert [message.rebuild for message in system.messages() if not message.refresh] == [TYPE]
    assert system.deliver() == 0
    assert len(system.rows()) == 2 * BATCH
    assert all(message.refresh for message in system.messages())


def test_only_a_rebuild_leaves_the_cores_to_decoding_between_its_encodings(
    emulator: Emulator, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that spins is quicker for one image, and keeps the cores busy while it has none."""
    spins: list[str] = []
    open_session = onnxruntime.InferenceSession

    def note(path: str, options: onnxruntime.SessionOptions, **others: Any) -> onnxruntime.InferenceSession:
        spins.append(options.get_session_config_entry("session.intra_op.allow_spinning"))
        return open_session(path, options, **others)

    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    with running_system(emulator, model_dir, monkeypatch):
        assert spins[-2:] == ["1", "0"]


# ---------------------------------------------------------------------------------------------------------
# Reads and races


def test_a_lost_race_costs_no_image_a_second_read(system: System) -> None:
    keys = [put(system, f"{index}.png", photograph(1, index)) for index in range(3)]
    ask(system)
    system.proxy.break_("PUT", "encodings/", "412", times=2)
    assert system.deliver() == 0
    assert system.rows() == keys
    assert len(reads(system)) == len(set(reads(system))) == 3


def test_a_type_that_loses_each_race_comes_back_by_a_message_of_its_own(system: System) -> None:
    """The messages that told of it have done nothing wrong: none of their tries is used up."""
    key = put(system, "1.png", photograph(1))
    ask(system)
    ask(system)
    system.proxy.break_("PUT", "encodings/", "412")
    assert system.deliver() == 0
    assert system.rows() == []
    assert system.waiting(system.queue_url) == 1
    system.proxy.mend()
    assert system.deliver() == 0
    assert system.rows() == [key]


def test_a_type_that_can_not_be_postponed_is_told_by_its_messages_again(system: System) -> None:
    key = put(system, "1.png", photograph(1))
    ask(system)
    system.proxy.break_("PUT", "encodings/", "412")
    system.proxy.break_("POST", "/", "reset")
    assert system.deliver() == 1
    system.proxy.mend()
    assert system.deliver() == 0
    assert system.rows() == [key]


def test_storage_that_gives_no_image_is_not_asked_for_all_and_brings_back_one_message(system: System) -> None:
    for index in range(3 * MOST_UNREAD):
        put(system, f"{index:02}.png", photograph(1, index))
    ask(system)
    system.proxy.break_("GET", "/images/", "500")
    assert system.deliver(seconds=50) == 1
    # Some are being read when enough have failed.
    assert len(set(reads(system))) < 3 * MOST_UNREAD
    assert len(reads(system)) <= TRIES * len(set(reads(system)))
    assert [message.rebuild for message in system.messages() if not message.refresh] == [TYPE]


def test_a_batch_rebuilds_a_type_once_however_many_of_its_messages_tell_of_it(system: System) -> None:
    for index in range(5):
        system.upload(f"{index}.png", photograph(1, index))
    system.proxy.requests.clear()
    assert system.deliver() == 0
    assert len(system.rows()) == 5
    assert len([request for request in system.proxy.requests if is_write_of_encodings(*request)]) == 1
    listings = [path for method, path in system.proxy.requests if method == "GET" and "list-type=2" in path]
    # Once before encoding, and once after writing: to see that nothing went meanwhile.
    assert len([path for path in listings if "images" in path]) == 2


def test_what_was_built_is_known_to_queries_against_all_types(system: System) -> None:
    for subject, type_id in enumerate(("bolt", "nut")):
        put(system, "1.png", photograph(subject), type_id)
        ask(system, type_id)
    system.deliver_all()
    gallery = system.store.read_gallery()
    assert gallery
    assert gallery.type_ids == ("bolt", "nut")


# ---------------------------------------------------------------------------------------------------------
# What it tells


def test_events_and_metrics_tell_what_came_what_went_and_what_was_rejected(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = [put(system, f"gone-{index}.png", photograph(1, index)) for index in range(2)]
    put(system, "kept.png", photograph(1, 2))
    ask(system)
    assert system.deliver() == 0
    told_by(system)
    capsys.readouterr()
    for key in gone:
        system.rebuild.store.delete_image(key)
    for index in range(3, 6):
        put(system, f"{index}.png", photograph(1, index))
    bad = put(system, "bad.png", b"no image")
    ask(system)
    assert system.deliver() == 0
    metrics = metrics_in(capsys.readouterr().out)
    assert {name: metrics[name] for name in ("RowsAdded", "RowsRemoved", "ImagesRejected")} == {
        "RowsAdded": 3,
        "RowsRemoved": 2,
        "ImagesRejected": 1,
    }
    told = told_by(system)
    assert [kind for kind, _ in told] == ["Image Rejected", "Encodings Rebuilt"]
    (_, rejection), (_, summary) = told
    model = system.rebuild.encoder.model_id
    assert "not an image" in rejection.pop("reason")
    assert rejection == {"type_id": TYPE, "image": bad, "model": model}
    assert summary == {
        "type_id": TYPE,
        "model": model,
        "encodings": 4,
        "added": 3,
        "removed": 2,
        "rejected": 1,
        "complete": True,
    }


def test_a_rebuild_that_goes_on_by_a_message_is_told_as_not_complete(system: System) -> None:
    for index in range(BATCH + 1):
        put(system, f"{index:02}.png", photograph(1, index))
    ask(system)
    for added, complete in ((BATCH, False), (1, True)):
        assert system.deliver(seconds=1) == 0
        ((_, detail),) = told_by(system)
        assert (detail["added"], detail["complete"]) == (added, complete)


def test_a_rebuild_that_changes_nothing_is_not_told(system: System) -> None:
    put(system, "1.png", photograph(1))
    ask(system)
    assert system.deliver() == 0
    assert [kind for kind, _ in told_by(system)] == ["Encodings Rebuilt"]
    ask(system)
    assert system.deliver() == 0
    assert told_by(system) == []


def test_each_of_many_rejected_images_is_told(system: System) -> None:
    """The bus takes ten events at once."""
    bad = [put(system, f"{index:02}.png", b"no image") for index in range(12)]
    ask(system)
    assert system.deliver() == 0
    told = told_by(system)
    assert sorted(detail["image"] for kind, detail in told if kind == "Image Rejected") == bad
    assert [kind for kind, _ in told].count("Encodings Rebuilt") == 1
