"""A message to the queue tells which types to rebuild, or is refused."""

import json
from unittest.mock import Mock
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.aws.queue import MOST_NAMED, images_to_look_at, request_rebuild, types_to_rebuild
from lookalike.keys import image_key


def notification(*image_keys: str) -> str:
    """As S3 writes it: keys URL-encoded, a space as a plus."""
    records = [{"s3": {"object": {"key": quote_plus(key, safe="/")}}} for key in image_keys]
    return json.dumps({"Records": records})


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/."), min_size=1, max_size=30)
)
def test_an_image_of_any_name_tells_its_type(name: str) -> None:
    assert types_to_rebuild(notification(image_key("hex-nut", name))) == ["hex-nut"]


def test_a_type_is_named_once_for_all_its_images() -> None:
    body = notification("types/b/images/1.jpg", "types/a/images/1.jpg", "types/b/images/2.jpg")
    assert types_to_rebuild(body) == ["a", "b"]


def test_a_request_names_its_type() -> None:
    assert types_to_rebuild('{"rebuild": "hex-nut"}') == ["hex-nut"]


def test_a_request_is_sent_as_it_is_read() -> None:
    sent = Mock(spec_set=["send_message"])
    request_rebuild(sent, "the queue", "hex-nut")
    (message,) = [call.kwargs for call in sent.send_message.call_args_list]
    assert message["QueueUrl"] == "the queue"
    assert types_to_rebuild(message["MessageBody"]) == ["hex-nut"]


def test_a_notification_names_the_images_to_look_at() -> None:
    told = ["types/b/images/ä +.jpg", "types/a/images/1.jpg"]
    assert images_to_look_at(notification(*told, "types/a/settings.json", "queries/1.jpg")) == {*told}


def test_a_request_names_images_where_it_is_given_some() -> None:
    sent = Mock(spec_set=["send_message"])
    named = {image_key("hex-nut", "ü" * 400 + str(number)) for number in range(2 * MOST_NAMED)}
    for images in (named, set[str]()):
        request_rebuild(sent, "the queue", "hex-nut", images)
    some, none = (call.kwargs["MessageBody"] for call in sent.send_message.call_args_list)
    assert types_to_rebuild(some) == types_to_rebuild(none) == ["hex-nut"]
    assert len(some.encode()) < 256_000
    assert len(images_to_look_at(some)) == MOST_NAMED and images_to_look_at(some) < named
    assert images_to_look_at(none) == set()


@pytest.mark.parametrize("body", ["", "[]", "7", '{"Records": 7}', '{"images": 7}', '{"images": [7]}'])
def test_what_names_no_image_names_none(body: str) -> None:
    assert images_to_look_at(body) == set()


@pytest.mark.parametrize(
    "body",
    [
        '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}',
        notification("types/hex nut/images/1.jpg"),
        notification("types/hex-nut/images/"),
        notification("queries/1.jpg"),
    ],
)
def test_what_concerns_no_type_asks_for_nothing(body: str) -> None:
    assert types_to_rebuild(body) == []


@pytest.mark.parametrize(
    "body",
    ["", "hello", "[]", "7", "{}", '{"Records": [{"s3": {}}]}', '{"rebuild": 7}', '{"rebuild": "../x"}'],
)
def test_other_messages_are_refused(body: str) -> None:
    with pytest.raises(ValueError, match="neither a rebuild request nor"):
        types_to_rebuild(body)
