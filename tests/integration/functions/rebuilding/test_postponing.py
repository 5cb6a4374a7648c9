"""Work that waits for others, that failed, or that nobody asked for: it is done once, and floods nothing."""

from typing import Any

import pytest

from lookalike.aws import queue
from lookalike.aws.messages import Message, Sweep
from lookalike.aws.queue import MOST_TRIES, request_rebuild, request_refresh, request_sweep
from lookalike.keys import GALLERY, claim_key, encodings_key, image_key
from lookalike.rebuilding import sweeping
from lookalike.storage.claims import claimed
from support.photos.photographs import photograph
from support.system import ROUTE, TYPE, System


@pytest.fixture
def system(system: System) -> System:
    """A type with one photo, built; no message waits."""
    system.upload("0.png", photograph(1))
    system.deliver_all()
    system.proxy.requests.clear()
    return system


def put(system: System, name: str, data: bytes, type_id: str = TYPE) -> str:
    """Put an image whose event is lost."""
    key = image_key(type_id, name)
    system.store.put_image(key, data, "image/png")
    return key


def claim(system: System, name: str) -> Any:
    return claimed(system.store.work, claim_key(system.store.model_id, name), 60)


def writes(system: System, name: str) -> int:
    key = encodings_key(system.store.model_id, name)
    return len([path for method, path in system.proxy.requests if method == "PUT" and path.endswith(key)])


# ---------------------------------------------------------------------------------------------------------
# One at a time


def test_who_finds_a_type_claimed_comes_back_with_all_that_was_asked(system: System) -> None:
    key = system.upload("1.png", photograph(1, 1))
    request_rebuild(system.sqs, system.queue_url, TYPE)
    with claim(system, TYPE):
        assert system.deliver() == 0
        assert system.rows() == [image_key(TYPE, "0.png")]
        assert sorted(system.messages(), key=lambda message: message.images is None) == [
            Message(rebuild=TYPE, images=(key,), tries=1),
            Message(rebuild=TYPE, tries=1),
        ]
    system.deliver_all()
    assert key in system.rows()


def test_requests_that_wait_for_a_type_become_one(system: System) -> None:
    for _ in range(5):
        request_rebuild(system.sqs, system.queue_url, TYPE)
    with claim(system, TYPE):
        for tries in range(1, 4):
            assert system.deliver() == 0
            assert system.messages() == [Message(rebuild=TYPE, tries=tries)]


def test_what_waited_too_often_ends_among_the_dead_letters(system: System) -> None:
    request_rebuild(system.sqs, system.queue_url, TYPE, tries=MOST_TRIES)
    with claim(system, TYPE):
        assert [system.deliver() for _ in range(5)] == [1] * 5
        assert system.deliver() == 0
    assert system.waiting(system.dead_letters_url) == 1


def test_work_that_goes_on_is_not_counted_as_a_try(system: System) -> None:
    for index in range(1, 40):
        put(system, f"{index:02}.png", photograph(1, index))
    request_rebuild(system.sqs, system.queue_url, TYPE, tries=7)
    assert system.deliver(seconds=1) == 0
    assert Message(rebuild=TYPE) in system.messages()


# ---------------------------------------------------------------------------------------------------------
# Messages that fail


def test_a_message_that_failed_waits_for_seconds(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "FAILED_SECONDS", 100)
    system.upload("1.png", photograph(1, 1))
    system.proxy.break_("PUT", "encodings/", "503")
    assert system.deliver() == 1
    hidden = "ApproximateNumberOfMessagesNotVisible"
    state = system.sqs.get_queue_attributes(QueueUrl=system.queue_url, AttributeNames=[hidden])
    assert int(state["Attributes"][hidden]) == 1


def test_a_queue_that_hides_no_message_stops_no_other(system: System) -> None:
    key = system.upload("1.png", photograph(1, 1))
    system.sqs.send_message(QueueUrl=system.queue_url, MessageBody="hello")
    system.proxy.break_("POST", "ChangeMessageVisibilityBatch", "500")
    assert system.deliver() == 1
    assert key in system.rows()


def test_what_can_not_be_told_to_the_gallery_is_told_again(system: System) -> None:
    system.upload("1.png", photograph(1, 1), "bolt")
    system.proxy.break_("POST", "SendMessage", "500")
    assert system.deliver() == 1
    system.proxy.mend()
    system.deliver_all()
    gallery = system.store.read_gallery()
    assert gallery
    assert gallery.type_ids == ("bolt", TYPE)


# ---------------------------------------------------------------------------------------------------------
# The gallery


def test_refreshes_that_wait_become_one(system: System) -> None:
    types = [f"type-{index}" for index in range(4)]
    for subject, type_id in enumerate(types, 2):
        system.upload("1.png", photograph(subject), type_id)
    assert system.deliver() == 0
    for type_id in types:
        request_refresh(system.sqs, system.queue_url, [type_id])
    system.proxy.requests.clear()
    assert system.deliver() == 0
    # All types, and then what is learnt from so many more.
    assert writes(system, GALLERY) == 2
    gallery = system.store.read_gallery()
    assert gallery
    assert gallery.type_ids == (TYPE, *types)


def test_a_gallery_that_others_write_is_refreshed_later(system: System) -> None:
    system.upload("1.png", photograph(2), "bolt")
    assert system.deliver() == 0
    with claim(system, GALLERY):
        # The photos of the same batch have nothing to do with it.
        key = system.upload("2.png", photograph(1, 2))
        assert system.deliver() == 0
        assert key in system.rows()
        refreshes = [message for message in system.messages() if message.refresh]
        assert Message(refresh=("bolt",), tries=1) in refreshes
    system.deliver_all()
    gallery = system.store.read_gallery()
    assert gallery
    assert gallery.type_ids == ("bolt", TYPE)


def test_a_gallery_that_can_not_be_written_fails_no_photo(system: System) -> None:
    key = system.upload("2.png", photograph(1, 2))
    request_refresh(system.sqs, system.queue_url, ["gone"])
    system.proxy.break_("GET", GALLERY, "503")
    assert system.deliver() == 1
    assert key in system.rows()


# ---------------------------------------------------------------------------------------------------------
# Queries


def test_a_flood_of_queries_asks_once_for_a_type_to_be_built(system: System) -> None:
    put(system, "1.png", photograph(1), "bolt")
    for _ in range(10):
        assert system.call(ROUTE, photograph(1, 9), type_id="bolt")[0] == 503
    assert system.messages() == [Message(rebuild="bolt", images=())]
    system.deliver_all()
    assert system.call(ROUTE, photograph(1, 9), type_id="bolt")[0] == 200


def test_a_request_to_build_what_is_built_lists_nothing(system: System) -> None:
    request_rebuild(system.sqs, system.queue_url, TYPE, images=[])
    assert system.deliver() == 0
    assert not [path for _, path in system.proxy.requests if "list-type=2" in path]


def test_a_look_that_can_not_be_asked_for_costs_no_answer(system: System) -> None:
    _, first = system.ask(photograph(1, 9))
    system.store.delete_image(first["appended"])
    system.proxy.break_("POST", "SendMessage", "500")
    status, again = system.ask(photograph(1, 9))
    assert (status, again["match"], again["appended"]) == (200, True, None)


# ---------------------------------------------------------------------------------------------------------
# Sweeps


@pytest.fixture
def one_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SLICES", 1)


@pytest.mark.usefixtures("one_slice")
def test_a_sweep_finds_what_lost_events_left_behind(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.rebuild, "SWEEP_SECONDS", 0)
    came = put(system, "1.png", photograph(1, 1))
    never_built = put(system, "1.png", photograph(2), "bolt")
    system.store.delete_image(image_key(TYPE, "0.png"))
    put(system, "1.png", photograph(3), "gone")
    request_rebuild(system.sqs, system.queue_url, "gone")
    system.deliver_all()
    system.store.delete_image(image_key("gone", "1.png"))
    request_sweep(system.sqs, system.queue_url, Sweep())
    system.deliver_all()
    assert system.rows() == [came]
    assert system.rows("bolt") == [never_built]
    assert system.rows("gone") == []


def test_each_type_is_in_one_slice(system: System) -> None:
    types = [f"type-{index}" for index in range(30)]
    for type_id in types:
        put(system, "1.png", b"", type_id)
    slices = [sweeping.types_in_slice(system.store, number) for number in range(sweeping.SLICES)]
    assert sorted(type_id for part in slices for type_id in part) == sorted([*types, TYPE])
    assert max(map(len, slices)) < 15
    assert sweeping.slice_of_today() in range(sweeping.SLICES)


@pytest.mark.usefixtures("one_slice")
def test_a_sweep_without_time_goes_on_by_a_message(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.rebuild, "SWEEP_SECONDS", 0)
    monkeypatch.setattr(system.rebuild, "REBUILDS_A_STEP", 2)
    for type_id in ("a", "b", "c"):
        put(system, "1.png", b"", type_id)
    request_sweep(system.sqs, system.queue_url, Sweep())
    assert system.deliver(seconds=1) == 0
    messages = system.messages()
    assert Message(sweep=Sweep(slice=0, after="b")) in messages
    assert {message.rebuild for message in messages if message.rebuild} == {"a", "b"}
