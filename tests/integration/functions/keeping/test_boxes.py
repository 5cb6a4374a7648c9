"""A reference photo says where its object is: that part is encoded, and follows when the box changes."""

from typing import Any

import numpy as np
import pytest

from lookalike.aws.queue import request_rebuild
from lookalike.keys import image_key
from lookalike.vision.boxes import parse_box, square_around
from support.photos.photographs import photograph, scene
from support.system import System

SIZE = (320, 240)
PUT = "PUT /types/{type_id}/images/{name}"
LIST = "GET /types/{type_id}/images"
LEFT, RIGHT = "0.05,0.1,0.3,0.4", "0.6,0.5,0.9,0.95"
PHOTO = scene(
    (1, square_around(parse_box(LEFT), *SIZE)), (2, square_around(parse_box(RIGHT), *SIZE)), size=SIZE
)


def put(system: System, type_id: str, box: str | None, data: bytes = PHOTO, tell: bool = True) -> str:
    """Put an image straight into the bucket, as people's own tools do."""
    key = image_key(type_id, "1.png")
    system.store.bucket.put(key, data, "image/png", {"box": box} if box is not None else None)
    if tell:
        system.tell(key)
    return key


def image(system: System, type_id: str) -> dict[str, Any]:
    """The type's image, as the API tells of it."""
    _, answer = system.call(LIST, type_id=type_id)
    (entry,) = answer["images"]
    found: dict[str, Any] = entry
    return found


def shows(system: System, type_id: str, subject: int) -> bool:
    """Whether the type's only row encodes a subject."""
    encodings, _ = system.store.read_encodings(type_id)
    assert encodings
    (subjects,) = system.encoder.encode([photograph(subject, 9)])
    return float(np.dot(encodings.matrix[0], subjects)) > 0.95


def test_the_square_around_the_box_is_what_is_encoded(shared_system: System, new_type: str) -> None:
    status, answer = shared_system.call(PUT, PHOTO, type_id=new_type, name="1.png", params={"box": LEFT})
    assert status == 201
    shared_system.tell(answer["image"])
    shared_system.deliver_all()
    assert shows(shared_system, new_type, 1)
    assert image(shared_system, new_type)["box"] == list(parse_box(LEFT))


def test_without_a_box_the_middle_is_encoded(shared_system: System, new_type: str) -> None:
    put(shared_system, new_type, None, photograph(3))
    shared_system.deliver_all()
    assert shows(shared_system, new_type, 3)
    assert image(shared_system, new_type)["box"] is None


@pytest.mark.parametrize(
    ("box", "told"),
    [
        ("", "not four numbers"),
        ("1,2,3", "not four numbers"),
        ("a,b,c,d", "not four numbers"),
        ("0.5,0.1,0.2,0.9", "is empty"),
        ("10,10,200,200", "look like pixels"),
        ("0,0,nan,1", "not four numbers"),
        ("-0.1,0,1,1", "leaves the photo"),
    ],
)
def test_a_wrong_box_is_refused_and_rejected_with_the_reason(
    shared_system: System, new_type: str, box: str, told: str
) -> None:
    status, answer = shared_system.call(PUT, PHOTO, type_id=new_type, name="1.png", params={"box": box})
    assert (status, told in answer["message"]) == (400, True)
    assert not shared_system.store.has_type(new_type)
    shared_system.events()
    put(shared_system, new_type, box)
    shared_system.deliver_all()
    entry = image(shared_system, new_type)
    assert (entry["state"], told in entry["reason"]) == ("rejected", True)
    (event,) = [each for each in shared_system.events() if each["detail-type"] == "Image Rejected"]
    assert told in event["detail"]["reason"]


def test_a_box_that_changes_while_the_bytes_do_not_makes_another_row(
    shared_system: System, new_type: str
) -> None:
    for box, subject in ((LEFT, 1), (RIGHT, 2), (LEFT, 1)):
        put(shared_system, new_type, box)
        shared_system.deliver_all()
        assert shows(shared_system, new_type, subject)
        assert image(shared_system, new_type)["box"] == list(parse_box(box))


def test_a_wrong_box_that_is_put_right_makes_a_row(shared_system: System, new_type: str) -> None:
    put(shared_system, new_type, "1,1,0,0")
    shared_system.deliver_all()
    assert not shared_system.rows(new_type)
    put(shared_system, new_type, RIGHT)
    shared_system.deliver_all()
    assert shows(shared_system, new_type, 2)


def test_a_box_that_is_taken_away_leaves_the_middle(shared_system: System, new_type: str) -> None:
    put(shared_system, new_type, LEFT)
    shared_system.deliver_all()
    put(shared_system, new_type, None)
    shared_system.deliver_all()
    assert not shows(shared_system, new_type, 1)
    assert image(shared_system, new_type)["box"] is None


def test_a_change_of_which_no_message_tells_is_noticed_by_its_time(
    shared_system: System, new_type: str
) -> None:
    key = put(shared_system, new_type, LEFT)
    shared_system.deliver_all()
    store = shared_system.store
    first = store.get_image(key).modified
    while store.get_image(key).modified == first:
        put(shared_system, new_type, RIGHT, tell=False)
    request_rebuild(shared_system.sqs, shared_system.queue_url, new_type)
    shared_system.deliver_all()
    assert shows(shared_system, new_type, 2)


def test_a_message_that_comes_again_changes_nothing(shared_system: System, new_type: str) -> None:
    key = put(shared_system, new_type, LEFT)
    shared_system.deliver_all()
    version = shared_system.store.read_encodings(new_type)[1]
    shared_system.tell(key)
    shared_system.deliver_all()
    assert shared_system.store.read_encodings(new_type)[1] == version


def test_a_box_as_thin_as_a_hair_is_encoded(shared_system: System, new_type: str) -> None:
    put(shared_system, new_type, "0.5,0.5,0.500001,0.500001")
    shared_system.deliver_all()
    assert image(shared_system, new_type)["state"] == "encoded"
