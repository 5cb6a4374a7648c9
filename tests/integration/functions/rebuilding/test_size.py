"""A type of many images is built piece by piece: saved as it goes, continued by messages, memory bounded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
from hypothesis import settings

from lookalike.describing import ImageState, describe_images, describe_images_of
from lookalike.keys import image_key
from lookalike.matching.encodings import Origin
from lookalike.storage.bucket import Page
from support.photos.photographs import photograph
from support.system import TYPE, System

IMAGES = 20_000 if settings.get_current_profile_name() == "soak" else 300
MOST_MEMORY_MB = 300


def test_many_images_are_built_by_functions_of_little_time(system: System) -> None:
    store = system.rebuild.store
    image = photograph(1)
    keys = [image_key(TYPE, f"{index:05}.png") for index in range(IMAGES)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: store.put_image(key, image, "image/png"), keys))
    system.tell(keys[0])
    before = psutil.Process().memory_info().rss
    seconds = system.rebuild.RESERVE_SECONDS + IMAGES / 2_000
    rows = [0]
    while system.waiting(system.queue_url):
        assert system.deliver(seconds) == 0
        rows.append(len(system.rows()))
        # In the end the gallery follows.
        assert rows[-1] > rows[-2] or rows[-1] == IMAGES
        assert psutil.Process().memory_info().rss - before < MOST_MEMORY_MB * 2**20
    assert len(rows) > 2, "one call has built them all: that was no test"
    assert system.rows() == keys
    pages: tuple[Callable[[str | None], Page[ImageState]], ...] = (
        lambda token: describe_images(store, TYPE, token, 1000),
        lambda token: describe_images_of(store, TYPE, Origin.UPLOADED, token, 1000),
    )
    for describe in pages:
        listed: list[str] = []
        token = None
        while len(listed) < IMAGES:
            page = describe(token)
            listed += [state.listed.key for state in page.items]
            token = page.next_token
        assert sorted(listed) == keys
        assert token is None


def test_types_that_one_leaves_no_time_for_get_messages_of_their_own(system: System) -> None:
    store = system.rebuild.store
    types = [f"type-{index}" for index in range(5)]
    for type_id in types:
        for shot in range(10):
            key = image_key(type_id, f"{shot}.png")
            store.put_image(key, photograph(1, shot), "image/png")
        system.tell(key)
    rounds = 0
    while system.waiting(system.queue_url):
        assert system.deliver(seconds=1) == 0
        rounds += 1
        assert rounds < 50
    for type_id in types:
        encodings, _ = store.read_encodings(type_id)
        assert encodings
        assert len(encodings.rows) == 10
