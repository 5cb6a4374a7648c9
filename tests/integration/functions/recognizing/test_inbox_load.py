"""Many photos at once: each is answered, and told apart by its id from what comes twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hypothesis import settings

from support.deployed import eventually
from support.inbox import Inbox
from support.photos.photographs import photograph
from support.system import System

PHOTOS = 1_000 if settings.get_current_profile_name() == "soak" else 200
AGAIN_EACH = 4
"""Of so many batches, the messages of one are delivered once more."""


def test_photos_are_answered_by_as_many_ids_however_often_messages_come(system: System) -> None:
    inbox = Inbox(system)
    system.upload("1.png", photograph(1))
    system.deliver_all()
    system.events()
    # Some match, some do not, and some are none.
    data = [photograph(1, shot) for shot in range(8)] + [photograph(2, 1), b"no image"]
    waiting = system.waiting(system.inbox_url)
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda n: inbox.put(f"{n}.png", data[n % len(data)]), range(PHOTOS)))
    eventually(lambda: system.waiting(system.inbox_url) == waiting + PHOTOS)
    batches = 0
    while system.waiting(system.inbox_url):
        batches += 1
        assert inbox.deliver(again=batches % AGAIN_EACH == 0) == 0
    answers = system.events()
    assert len(answers) > PHOTOS
    by_id = {event["detail"]["id"]: event for event in answers}
    assert sorted(event["detail"]["photo"] for event in by_id.values()) == sorted(keys)
    assert Counter(event["detail-type"] for event in by_id.values()) == {
        "Recognition Matched": PHOTOS * 8 // 10,
        "Recognition Missed": PHOTOS // 10,
        "Photo Refused": PHOTOS // 10,
    }
    # The eight photos that match have joined once each, beside the one that was there.
    assert len(system.rows()) == 1 + 8
