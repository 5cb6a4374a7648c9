"""A message to the queue tells what to do with which types, or is refused."""

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.aws.messages import Message, Sweep, Wanted, read_message, wanted_of_types
from lookalike.keys import image_key


def notification(*image_keys: str) -> str:
    """As S3 writes it: keys URL-encoded, a space as a plus."""
    records = [{"s3": {"object": {"key": quote_plus(key, safe="/")}}} for key in image_keys]
    return json.dumps({"Records": records})


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/."), min_size=1, max_size=30)
)
def test_an_image_of_any_name_tells_its_type(name: str) -> None:
    key = image_key("hex-nut", name)
    assert list(read_message(notification(key)).types()) == [("hex-nut", key)]


def test_a_notification_names_the_images_to_look_at_and_no_others() -> None:
    body = notification("types/b/images/ä +.jpg", "types/a/images/1.jpg", "types/b/images/2.jpg")
    assert wanted_of_types([read_message(body)]) == {
        "a": Wanted({"types/a/images/1.jpg"}),
        "b": Wanted({"types/b/images/ä +.jpg", "types/b/images/2.jpg"}),
    }


def test_a_request_without_images_wants_all_of_them() -> None:
    assert wanted_of_types([read_message('{"rebuild": "hex-nut"}')]) == {"hex-nut": Wanted(everything=True)}


def test_a_request_of_no_images_wants_a_type_that_was_never_built_to_be() -> None:
    assert wanted_of_types([read_message('{"rebuild": "hex-nut", "images": []}')]) == {"hex-nut": Wanted()}


def test_many_messages_of_a_type_want_each_thing_once() -> None:
    key = image_key("hex-nut", "1.png")
    messages = [
        read_message(notification(key)),
        read_message(notification(key)),
        Message(rebuild="hex-nut", images=(key, image_key("hex-nut", "2.png")), tries=3),
        Message(rebuild="hex-nut", tries=1),
    ]
    assert wanted_of_types(messages) == {
        "hex-nut": Wanted({key, image_key("hex-nut", "2.png")}, everything=True, tries=3)
    }


def test_a_sweep_may_go_on_where_it_was() -> None:
    assert read_message('{"sweep": {}}').sweep == Sweep()
    assert read_message('{"sweep": {"slice": 3, "after": "bolt"}}').sweep == Sweep(slice=3, after="bolt")


@pytest.mark.parametrize(
    "body",
    [
        '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}',
        notification("types/hex nut/images/1.jpg"),
        notification("types/hex-nut/images/"),
        notification("types/hex-nut/settings.json"),
        notification("queries/1.jpg"),
    ],
)
def test_what_concerns_no_image_asks_for_nothing(body: str) -> None:
    assert wanted_of_types([read_message(body)]) == {}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "[]",
        "7",
        "{}",
        '{"tries": 1}',
        '{"Records": [{"s3": {}}]}',
        '{"Records": 7}',
        '{"rebuild": 7}',
        '{"rebuild": "../x"}',
        '{"rebuild": "x", "images": 7}',
        '{"refresh": ["../x"]}',
        '{"sweep": 7}',
        '{"rebuild": "x", "more": 1}',
    ],
)
def test_other_messages_are_refused(body: str) -> None:
    with pytest.raises(ValueError, match="neither a request nor"):
        read_message(body)
